#include "probe/hello_asker.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "probe/dialog_driver.h"

namespace pawl::probe {

namespace {

using namespace std::chrono_literals;

// A host that counts connections forgets those that are over after a moment, not at once.
constexpr int kAttempts = 5;
constexpr std::chrono::milliseconds kFirstPause = 250ms;
// Before the question that must not be disturbed: until the connections before it are forgotten.
constexpr std::chrono::milliseconds kQuiet = 50ms;
// Between connections, once one at a time was too many.
constexpr std::chrono::milliseconds kFirstGap = 10ms;

MonoTime now() {
  return std::chrono::steady_clock::now();
}

bool may_pass(const Error& error, bool answered) {
  switch (error.code) {
    case Code::connection_lost:
    case Code::connection_reset:
    case Code::starttls_refused:
    case Code::unexpected_greeting:
    case Code::dialog_protocol:
    case Code::timeout:
      return true;
    case Code::connect_refused:  // or nobody is there
    case Code::tls_handshake:    // words where TLS was asked for; or no TLS there
      return answered;
    default:
      return false;
  }
}

void at_most(std::chrono::milliseconds& timeout, MonoTime until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now());
  timeout = std::clamp(left, 1ms, timeout);
}

bool is_silence(const tls::Flight& flight) {
  return !flight.version && !flight.alert;
}

}  // namespace

HelloAsker::HelloAsker(SessionOptions session, const EnumerationOptions& options)
    : session_(std::move(session)),
      began_(now()),
      until_(began_ + options.time_limit),
      wanted_(std::max(options.side_by_side, 1)) {
  session_.client.mode = starttls::Mode::required;
}

std::chrono::milliseconds HelloAsker::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now() - began_);
}

net::Task<> HelloAsker::enter() {
  while (running_ >= allowed_) {
    waiting_.push_back(std::make_shared<net::Signal>());
    const std::shared_ptr<net::Signal> turn = waiting_.back();
    CO_TRY_VOID(co_await turn->wait());
  }
  ++running_;
  co_return Result<>();
}

void HelloAsker::leave() {
  --running_;
  wake();
}

void HelloAsker::allow(int connections) {
  allowed_ = std::max(connections, 1);
  wake();
}

// Who is woken in vain waits again.
void HelloAsker::wake() {
  for (int free = allowed_ - running_; free > 0 && !waiting_.empty(); --free) {
    waiting_.front()->notify();
    waiting_.pop_front();
  }
}

net::Task<> HelloAsker::wait_again(std::chrono::milliseconds pause) {
  leave();
  auto slept = co_await net::sleep_until(std::min(now() + pause, until_));
  auto entered = co_await enter();
  co_return slept ? entered : slept;
}

net::Task<tls::Flight> HelloAsker::converse(const std::string& hello, bool* reached) {
  SessionOptions session = session_;
  session.client.tag_seed = std::random_device{}();
  for (auto* timeout :
       {&session.timeouts.connect, &session.timeouts.reply, &session.timeouts.handshake}) {
    at_most(*timeout, until_);
  }
  const std::chrono::milliseconds patience = session.timeouts.handshake;
  ++connections_;
  CO_TRY(auto driver, co_await DialogDriver::connect_to_upgrade(std::move(session)));
  net::Channel& channel = driver->channel();
  const MonoTime until = now() + patience;
  *reached = true;
  CO_TRY_VOID(co_await channel.write_all(hello, until));
  tls::ServerFlight flight;
  while (flight.state() == tls::ServerFlight::State::reading) {
    auto bytes = co_await channel.read_available(until);
    if (bytes) {
      flight.feed(*bytes);
      continue;
    }
    const Code code = bytes.error().code;
    if (code != Code::connection_lost && code != Code::connection_reset) {
      co_return fail(code, session_.host + " does not answer a ClientHello");
    }
    flight.end_of_input();
    break;
  }
  channel.close();
  if (flight.state() == tls::ServerFlight::State::failed) {
    // With TLS from the first byte a host that has had enough says so in clear.
    *reached = !session_.client.implicit_tls || flight.flight().version.has_value();
    co_return fail(flight.error());
  }
  co_return flight.flight();
}

void HelloAsker::stop(Error error) {
  stopped_ = true;
  if (!error_) error_ = std::move(error);
}

net::Task<tls::Flight> HelloAsker::ask_in_turn(const std::string& hello) {
  std::chrono::milliseconds pause = kFirstPause;
  bool silent_before = false;
  for (int attempt = 1;; ++attempt, pause *= 2) {
    if (stopped_) co_return fail(*error_);
    if (now() >= until_) {
      stop(Error(Code::timeout, fmt::format("the time for {} was over after {} connections",
                                            session_.host, connections_)));
      co_return fail(*error_);
    }
    if (gap_ > 0ms) CO_TRY_VOID(co_await net::sleep_for(gap_));
    bool reached = false;
    auto flight = co_await converse(hello, &reached);
    if (flight && is_silence(*flight)) {
      // Behind a granted STARTTLS that is a refusal. Where TLS comes first it may be the load:
      // asked once more and alone, which tells how this host refuses from now on.
      if (silent_before || !session_.client.implicit_tls) refuses_silently_ = true;
      if (refuses_silently_) {
        allow(wanted_);
        co_return flight;
      }
      silent_before = true;
      allow(1);
      CO_TRY_VOID(co_await wait_again(kFirstPause));
      CO_TRY_VOID(co_await net::sleep_for(kQuiet));
      continue;
    }
    if (flight) {
      if (silent_before) {  // it was the load
        wanted_ /= 2;
        gap_ = std::max(gap_, kFirstGap);
      }
      if (silent_before || !answered_) allow(wanted_);
      answered_ = true;
      co_return flight;
    }
    if (reached) {
      if (!error_) error_ = flight.error();
      co_return flight;
    }
    if (attempt >= kAttempts || !may_pass(flight.error(), answered_)) {
      stop(flight.error());
      co_return flight;
    }
    // Too many connections, or too many at a time: fewer, later.
    if (allowed_ == 1) gap_ = std::clamp(gap_ * 2, kFirstGap, kFirstPause);
    wanted_ = std::min(allowed_, running_) / 2;
    allow(wanted_);
    CO_TRY_VOID(co_await wait_again(pause));
  }
}

net::Task<tls::Flight> HelloAsker::ask(tls::Hello hello) {
  std::random_device random;
  for (char& byte : hello.random) byte = static_cast<char>(random());
  hello.sni = session_.profile.sni;
  const std::string bytes = tls::client_hello(hello);
  CO_TRY_VOID(co_await enter());
  auto flight = co_await ask_in_turn(bytes);
  leave();
  co_return flight;
}

}  // namespace pawl::probe
