#include "probe/session.h"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "probe/dialog_driver.h"

namespace pawl::probe {

namespace {

constexpr std::chrono::milliseconds kGoodbye{1000};

std::vector<std::string> copied(const std::vector<std::string_view>& lines) {
  return {lines.begin(), lines.end()};
}

}  // namespace

struct Session::State {
  explicit State(std::unique_ptr<DialogDriver> dialog_driver) : driver(std::move(dialog_driver)) {}

  std::unique_ptr<DialogDriver> driver;
  std::optional<Error> error;
  std::optional<Error> proof_failed;
  std::vector<std::string> in_clear;
  std::vector<std::string> in_tls;
  bool alpn_refused = false;

  net::Task<> establish();
  net::Task<> secure();
  bool proof_is_demanded() const;
};

bool Session::State::proof_is_demanded() const {
  const SessionOptions& options = driver->options();
  return options.client.mode == starttls::Mode::required || options.profile.authenticated();
}

net::Task<> Session::State::secure() {
  const SessionOptions& options = driver->options();
  CO_TRY(auto engine, tls::make_client_engine(options.tls, options.profile));
  auto done = co_await driver->start_tls(std::move(engine));
  tls::Engine* shaken = driver->channel().engine();
  if (!done) {
    alpn_refused = shaken != nullptr && shaken->alert() == tls::kAlertNoApplicationProtocol;
    co_return done;
  }
  auto judged = tls::judge(options.profile, shaken->description());
  if (judged) co_return judged;
  proof_failed = judged.error();
  // Nothing more is said to a peer that did not prove what it must.
  co_return proof_is_demanded() ? judged : Result<>();
}

net::Task<> Session::State::establish() {
  if (driver->options().client.implicit_tls && driver->timings().connected) {
    CO_TRY_VOID(co_await secure());
  }
  while (true) {
    CO_TRY(const starttls::ClientEvent event, co_await driver->next_event());
    switch (event) {
      case starttls::ClientEvent::upgrade:
        in_clear = copied(driver->dialog().capabilities());
        CO_TRY_VOID(co_await secure());
        driver->dialog().tls_established();
        break;
      case starttls::ClientEvent::ready:
        (driver->dialog().secure() ? in_tls : in_clear) = copied(driver->dialog().capabilities());
        driver->timings().ready = driver->elapsed();
        co_return Result<>();
      case starttls::ClientEvent::failed:
        co_return fail(driver->dialog().error());
      default:
        co_return fail(Code::internal, fmt::format("the dialog said \"{}\" before it was ready",
                                                   starttls::name(event)));
    }
  }
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;

net::Task<std::unique_ptr<Session>> Session::open(SessionOptions options) {
  const std::string_view alpn = starttls::row(options.protocol).alpn;
  if (!alpn.empty()) options.profile.alpn = {std::string(alpn)};
  // IMAP tags that nobody on the path can guess.
  std::random_device random;
  options.client.tag_seed = std::uint64_t{random()} << 32U | random();
  while (true) {
    CO_TRY(auto driver, co_await DialogDriver::connect(options));
    auto state = std::make_unique<State>(std::move(driver));
    auto established = co_await state->establish();
    // rfc7301#3.2: the server speaks none of these; asked once more without, as mail servers'
    // ALPN lists are young and often wrong.
    if (!established && state->alpn_refused && !options.profile.alpn.empty()) {
      options.profile.alpn.clear();
      continue;
    }
    if (!established) {
      state->error = std::move(established).error();
      if (state->in_clear.empty() && !state->driver->dialog().secure()) {
        state->in_clear = copied(state->driver->dialog().capabilities());
      }
      if (state->driver->timings().connected) state->driver->channel().close();
    }
    co_return std::unique_ptr<Session>(new Session(std::move(state)));
  }
}

const std::optional<Error>& Session::error() const {
  return state_->error;
}
const starttls::ClientDialog& Session::dialog() const {
  return std::as_const(*state_->driver).dialog();
}
const starttls::Transcript& Session::transcript() const {
  return state_->driver->transcript();
}
const Timings& Session::timings() const {
  return state_->driver->timings();
}
const tls::Description* Session::description() const {
  if (!state_->driver->timings().connected) return nullptr;
  tls::Engine* engine = state_->driver->channel().engine();
  return engine != nullptr ? &engine->description() : nullptr;
}
const std::optional<Error>& Session::proof_failed() const {
  return state_->proof_failed;
}
const std::string& Session::banner() const {
  return state_->driver->banner();
}
const std::vector<std::string>& Session::capabilities_in_clear() const {
  return state_->in_clear;
}
const std::vector<std::string>& Session::capabilities_in_tls() const {
  return state_->in_tls;
}

net::Task<> Session::log_in(std::string user, const Secret& password) {
  if (state_->error) co_return fail(*state_->error);
  state_->driver->dialog().log_in(user, password);
  CO_TRY(const starttls::ClientEvent event, co_await state_->driver->next_event());
  if (event == starttls::ClientEvent::logged_in) co_return Result<>();
  state_->error = state_->driver->dialog().error();
  co_return fail(*state_->error);
}

net::Task<std::string> Session::send(std::string command) {
  if (state_->error) co_return fail(*state_->error);
  state_->driver->dialog().send(command);
  CO_TRY(const starttls::ClientEvent event, co_await state_->driver->next_event());
  if (event == starttls::ClientEvent::reply) {
    co_return std::string(state_->driver->dialog().reply());
  }
  state_->error = state_->driver->dialog().error();
  co_return fail(*state_->error);
}

net::Task<> Session::close() {
  if (!state_->error) {
    state_->driver->dialog().log_out();
    [[maybe_unused]] auto goodbye = co_await state_->driver->next_event();
  }
  if (!state_->driver->timings().connected) co_return Result<>();
  co_return co_await state_->driver->channel().shutdown(std::chrono::steady_clock::now() +
                                                        kGoodbye);
}

}  // namespace pawl::probe
