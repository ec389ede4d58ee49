#include "net/channel.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "net/loop.h"

namespace pawl::net {

namespace {

// Reads that did not have to wait before the other tasks get their turn.
constexpr int kBurst = 64;
constexpr std::size_t kWriteChunk = std::size_t{64} * 1024;

// Ciphertext on its way from a socket to an engine, used between two suspensions only: an idle
// connection needs no buffer of its own.
std::span<char> scratch() {
  static thread_local std::array<char, std::size_t{64} * 1024> buffer;
  return buffer;
}

}  // namespace

struct Channel::State {
  std::unique_ptr<Stream> stream;
  std::unique_ptr<tls::Engine> engine;
  std::string unread;           // what came and was not read yet, as the caller would see it
  std::optional<Error> broken;  // the handshake failed: nothing is read or written any more
  bool used_in_clear = false;
  int burst = 0;

  std::string remote() const { return stream->remote().text(); }
  std::size_t hand_out(std::span<char> into);
  Result<> alive() const;
  Result<> look();
  Result<> take_in(std::string_view ciphertext);
  Error handshake_failure(const Error& error) const;
  static Task<> wait(State& state, MonoTime deadline);
  static Task<> fill(State& state, MonoTime deadline);
  static Task<std::string> read_all(State& state, MonoTime deadline);
  static Task<std::size_t> read(State& state, std::span<char> into, MonoTime deadline);
  static Task<> write(State& state, std::string_view bytes, MonoTime deadline);
  static Task<> handshake(State& state, MonoTime deadline);
  static Task<> flush(State& state, MonoTime deadline);
};

std::size_t Channel::State::hand_out(std::span<char> into) {
  const std::size_t count = std::min(into.size(), unread.size());
  std::copy_n(unread.begin(), count, into.begin());
  if (count == unread.size()) {
    unread = std::string();
  } else {
    unread.erase(0, count);
  }
  return count;
}

// May application data still go through the TLS session?
Result<> Channel::State::alive() const {
  if (broken) return fail(*broken);
  switch (engine->state()) {
    case tls::Engine::State::open:
      return {};
    case tls::Engine::State::failed:
      return fail(engine->error().code, remote() + ": " + engine->error().detail);
    case tls::Engine::State::handshaking:
      return fail(Code::internal, remote() + ": the TLS handshake has not ended");
    case tls::Engine::State::closed:
      break;
  }
  return fail(Code::connection_lost, remote() + ": the TLS session has ended");
}

// Takes in what the socket holds now, if anything.
Result<> Channel::State::look() {
  const std::span<char> buffer = scratch();
  auto count = stream->try_read(buffer);
  if (!count) {
    if (!engine || count.error().code != Code::connection_lost) {
      return fail(std::move(count).error());
    }
    return fail(Code::connection_lost,
                count.error().detail + " without the end of the TLS session (close_notify)");
  }
  if (*count == 0) return {};
  const std::string_view bytes(buffer.data(), *count);
  if (engine) return take_in(bytes);
  unread += bytes;
  return {};
}

Result<> Channel::State::take_in(std::string_view ciphertext) {
  engine->feed(ciphertext);
  unread += engine->read();
  return engine->state() == tls::Engine::State::failed && unread.empty() ? alive() : Result<>();
}

Task<> Channel::State::wait(State& state, MonoTime deadline) {
  state.burst = 0;
  return state.stream->wait_readable(deadline);
}

// Until something is unread.
Task<> Channel::State::fill(State& state, MonoTime deadline) {
  if (++state.burst > kBurst) {
    state.burst = 0;
    CO_TRY_VOID(co_await yield());
  }
  while (state.unread.empty()) {
    if (state.engine) CO_TRY_VOID(state.alive());
    CO_TRY_VOID(state.look());
    if (!state.unread.empty() || (state.engine && !state.alive())) continue;
    CO_TRY_VOID(co_await wait(state, deadline));
  }
  co_return Result<>();
}

Task<std::size_t> Channel::State::read(State& state, std::span<char> into, MonoTime deadline) {
  CO_TRY_VOID(co_await fill(state, deadline));
  co_return state.hand_out(into);
}

Task<std::string> Channel::State::read_all(State& state, MonoTime deadline) {
  CO_TRY_VOID(co_await fill(state, deadline));
  co_return std::exchange(state.unread, {});
}

// Only the writer writes: what a read makes the engine say (an answer to a key update, an alert)
// goes with the next write, or with shutdown().
Task<> Channel::State::write(State& state, std::string_view bytes, MonoTime deadline) {
  while (!bytes.empty()) {
    CO_TRY_VOID(state.alive());
    state.engine->write(bytes.substr(0, kWriteChunk));
    bytes.remove_prefix(std::min(bytes.size(), kWriteChunk));
    CO_TRY_VOID(co_await flush(state, deadline));
  }
  co_return Result<>();
}

Task<> Channel::State::flush(State& state, MonoTime deadline) {
  const std::string ciphertext = state.engine->take();
  if (!ciphertext.empty()) CO_TRY_VOID(co_await state.stream->write_all(ciphertext, deadline));
  co_return Result<>();
}

Error Channel::State::handshake_failure(const Error& error) const {
  const bool own = error.code == Code::starttls_injection || error.code == Code::tls_version;
  return Error(own ? error.code : Code::tls_handshake, error.detail);
}

Task<> Channel::State::handshake(State& state, MonoTime deadline) {
  const Code not_tls = state.used_in_clear ? Code::starttls_injection : Code::tls_handshake;
  auto injected = [&](std::string_view what) {
    return fail(not_tls, state.remote() + ": " + std::string(what));
  };
  // rfc3207#4: nothing may follow the answer to STARTTLS. Whatever did came from someone who
  // could not have written it inside TLS (CVE-2011-0411 and its many successors).
  if (!state.unread.empty()) co_return injected("unread bytes from before the handshake");
  const std::string hello = state.engine->take();
  if (!hello.empty()) {
    // A client speaks first in TLS: there can be nothing to read yet.
    auto early = state.stream->try_read(scratch());
    if (!early) co_return fail(std::move(early).error());
    if (*early > 0) co_return injected("bytes in clear before the handshake");
    CO_TRY_VOID(co_await state.stream->write_all(hello, deadline));
  }
  bool first = true;
  while (state.engine->state() == tls::Engine::State::handshaking) {
    CO_TRY_VOID(co_await wait(state, deadline));
    const std::span<char> buffer = scratch();
    CO_TRY(const std::size_t count, state.stream->try_read(buffer));
    if (count == 0) continue;
    // A TLS record of a handshake begins with its type: handshake(22), or alert(21).
    if (std::exchange(first, false) && buffer[0] != 22 && buffer[0] != 21) {
      co_return injected("clear text where the TLS handshake should be");
    }
    state.engine->feed({buffer.data(), count});
    CO_TRY_VOID(co_await flush(state, deadline));
  }
  state.unread += state.engine->read();
  if (state.engine->state() == tls::Engine::State::failed) co_return state.alive();
  co_return Result<>();
}

Channel::Channel(std::unique_ptr<Stream> stream) : state_(std::make_unique<State>()) {
  state_->stream = std::move(stream);
}
Channel::~Channel() = default;
Channel::Channel(Channel&&) noexcept = default;

Task<std::size_t> Channel::read_some(std::span<char> into, MonoTime deadline) {
  if (state_->engine) return State::read(*state_, into, deadline);
  state_->used_in_clear = true;
  if (state_->unread.empty()) return state_->stream->read_some(into, deadline);
  return [](State& state, std::span<char> to) -> Task<std::size_t> {
    co_return state.hand_out(to);
  }(*state_, into);
}

Task<std::string> Channel::read_available(MonoTime deadline) {
  if (!state_->engine) state_->used_in_clear = true;
  return State::read_all(*state_, deadline);
}

Task<> Channel::write_all(std::string_view bytes, MonoTime deadline) {
  if (state_->engine) return State::write(*state_, bytes, deadline);
  state_->used_in_clear = true;
  return state_->stream->write_all(bytes, deadline);
}

Task<> Channel::start_tls(std::unique_ptr<tls::Engine> engine, MonoTime deadline) {
  if (state_->engine) co_return fail(Code::internal, "TLS was started twice on one connection");
  state_->engine = std::move(engine);  // from here on nothing is read or written in clear
  auto done = co_await State::handshake(*state_, deadline);
  if (done) co_return Result<>();
  state_->unread.clear();
  state_->broken = state_->handshake_failure(done.error());
  co_return fail(*state_->broken);
}

bool Channel::is_tls() const {
  return state_->engine != nullptr;
}
tls::Engine* Channel::engine() {
  return state_->engine.get();
}

Task<bool> Channel::has_unread_input(std::chrono::milliseconds patience) {
  const MonoTime until = std::chrono::steady_clock::now() + patience;
  while (true) {
    if (!state_->unread.empty()) co_return true;
    if (state_->engine) CO_TRY_VOID(state_->alive());
    CO_TRY_VOID(state_->look());
    if (!state_->unread.empty()) co_return true;
    if (patience.count() <= 0) co_return false;
    auto more = co_await State::wait(*state_, until);
    if (!more && more.error().code == Code::timeout) co_return false;
    if (!more) co_return fail(std::move(more).error());
  }
}

Task<> Channel::shutdown(MonoTime deadline) {
  Result<> sent;
  if (state_->engine) {
    state_->engine->close();
    sent = co_await State::flush(*state_, deadline);
  }
  state_->stream->close();
  co_return sent;
}

void Channel::close() {
  state_->stream->close();
}
Endpoint Channel::local() const {
  return state_->stream->local();
}
Endpoint Channel::remote() const {
  return state_->stream->remote();
}

}  // namespace pawl::net
