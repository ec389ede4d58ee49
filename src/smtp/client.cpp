#include "smtp/client.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/text.h"

namespace pawl::smtp {

namespace {

std::string_view in_words(Client::Wait wait) {
  constexpr std::array<std::string_view, 5> kWords = {
      "between commands", "before its greeting", "before it answered a command",
      "before it answered DATA", "after the end of the content"};
  return kWords[static_cast<std::size_t>(wait)];
}

}  // namespace

std::string_view name(ClientEvent event) {
  constexpr std::array<std::string_view, 6> kNames = {"upgrade", "ready",  "want_content",
                                                      "outcome", "failed", "closed"};
  return kNames[static_cast<std::size_t>(event)];
}

Client::Client(ClientOptions options) : options_(std::move(options)), secure_(options_.secure) {
  expected_.push_back({Expect::greeting});
}

void Client::feed(std::string_view bytes) {
  if (error_ || bytes.empty()) return;
  if (upgrading_) {
    return fail_session(Error(Code::starttls_injection, printable(bytes)));
  }
  if (upgraded_ && !hello_taken_) {
    // Nobody has asked anything inside TLS yet (DESIGN section 3, Opossum).
    return fail_session(Error(Code::unexpected_greeting, printable(bytes)));
  }
  reader_.feed(bytes);
  read_replies();
}

void Client::end_of_input() {
  if (error_) return;
  if (!expected_.empty() && expected_.front().what == Expect::quit) {
    expected_.clear();
    events_.push_back(ClientEvent::closed);
    return;
  }
  fail_session(Error(Code::connection_lost, std::string(in_words(waiting_for()))));
}

void Client::abort(Error error) {
  fail_session(std::move(error));
}

std::string Client::take() {
  std::string taken = std::move(out_);
  sent();
  return taken;
}

void Client::sent() {
  hello_taken_ = true;
  out_.clear();
}

std::optional<ClientEvent> Client::next_event() {
  if (events_.empty()) return std::nullopt;
  ClientEvent event = events_.front();
  events_.pop_front();
  return event;
}

Client::Wait Client::waiting_for() const {
  if (expected_.empty()) return Wait::nothing;
  switch (expected_.front().what) {
    case Expect::greeting:
      return Wait::greeting;
    case Expect::data:
      return Wait::data_start;
    case Expect::content_end:
      return Wait::content_end;
    default:
      return Wait::reply;
  }
}

// The one place that decides what may leave (DESIGN section 2, promise 1).
std::optional<Error> Client::refusal(Carries what) const {
  if (secure_ || what == Carries::nothing) return std::nullopt;
  if (what == Carries::credential && !options_.clear_login) {
    return Error(Code::starttls_not_offered, "a password is sent inside TLS only");
  }
  if (!options_.tls_required) return std::nullopt;
  if (starttls_refused_) return starttls_refused_;
  std::string offered = join(capabilities_.keywords, ", ");
  return Error(Code::starttls_not_offered, capabilities_.extended
                                               ? "offered were: " + printable(offered)
                                               : "the host knows HELO only: " + last_reply_);
}

bool Client::put(Carries what, std::string_view line) {
  if (auto refused = refusal(what)) {
    fail_session(*std::move(refused));
    return false;
  }
  // An address with a line break in it would be a command of its own.
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    fail_session(Error(Code::internal, "a line break inside a command: " + printable(line)));
    return false;
  }
  out_ += line;
  out_ += "\r\n";
  return true;
}

void Client::command(Carries what, std::string_view line, Expect expect, std::size_t recipient) {
  if (put(what, line)) expected_.push_back({expect, recipient});
}

void Client::fail_session(Error error) {
  if (error_) return;
  out_.clear();
  if (phase_ != Phase::session && phase_ != Phase::idle) {
    result_.in_doubt =
        phase_ == Phase::content_end && std::ranges::count(standing_, Standing::accepted) > 0;
    decide_rest(error);
    phase_ = Phase::idle;
    events_.push_back(ClientEvent::outcome);
  }
  expected_.clear();
  error_ = std::move(error);
  events_.push_back(ClientEvent::failed);
}

void Client::read_replies() {
  while (!error_ && !upgrading_) {
    auto reply = reader_.next();
    if (!reply) return fail_session(std::move(reply).error());
    if (!*reply) return;
    (*reply)->text_into(last_reply_);
    on_reply(**reply);
  }
}

void Client::on_reply(const Reply& reply) {
  if (expected_.empty()) {
    if (phase_ == Phase::content) return on_early_reply(reply);
    if (reply.code != 421) {
      return fail_session(
          Error(Code::smtp_protocol, "a reply that nobody asked for: " + last_reply_));
    }
  }
  // rfc5321#3.8: 421 may answer any command, and the connection ends with it.
  if (reply.code == 421 && (expected_.empty() || expected_.front().what != Expect::quit)) {
    for (std::size_t i = 0; phase_ != Phase::idle && i < standing_.size(); ++i) decide(i, reply);
    return fail_session(Error(Code::smtp_temporary, last_reply_));
  }
  Expected expected = expected_.front();
  if (expected.what != Expect::content_end) expected_.pop_front();
  switch (expected.what) {
    case Expect::greeting:
      return on_greeting(reply);
    case Expect::hello:
      return on_hello(reply);
    case Expect::helo:
      return on_helo(reply);
    case Expect::starttls:
      return on_starttls(reply);
    case Expect::auth:
      return on_auth(reply);
    case Expect::reset:
      if (reply.code != 250)
        return fail_session(Error(Code::smtp_protocol, "RSET: " + last_reply_));
      return advance();
    case Expect::mail:
      return on_mail(reply);
    case Expect::recipient:
      return on_recipient(reply, expected.recipient);
    case Expect::data:
      return on_data(reply);
    case Expect::content_end:
      return on_content_end(reply);
    case Expect::quit:
      events_.push_back(ClientEvent::closed);
  }
}

void Client::say_hello() {
  command(Carries::nothing,
          (options_.protocol == Protocol::lmtp ? "LHLO " : "EHLO ") + options_.helo, Expect::hello);
  hello_taken_ = false;
}

void Client::on_greeting(const Reply& reply) {
  if (reply.code == 220) return say_hello();
  // A host that wants no mail now, or ever: its neighbours may, so the code is never permanent.
  bool refused = reply.temporary() || reply.permanent();
  fail_session(Error(refused ? Code::smtp_temporary : Code::smtp_protocol, last_reply_));
}

void Client::on_hello(const Reply& reply) {
  if (reply.code == 250) {
    read_capabilities(reply, capabilities_);
    return after_hello();
  }
  bool refused = reply.temporary() || reply.permanent();
  if (upgraded_) {
    // A greeting here means that we were handed to another port's TLS session.
    return fail_session(
        Error(refused ? Code::smtp_temporary : Code::unexpected_greeting, last_reply_));
  }
  if (!reply.permanent() || options_.protocol == Protocol::lmtp) {
    return fail_session(Error(refused ? Code::smtp_temporary : Code::smtp_protocol, last_reply_));
  }
  // rfc5321#3.2: an old server gets HELO, but HELO has no STARTTLS.
  if (auto refusing = refusal(Carries::envelope)) return fail_session(*std::move(refusing));
  command(Carries::nothing, "HELO " + options_.helo, Expect::helo);
}

void Client::on_helo(const Reply& reply) {
  capabilities_ = Capabilities();
  if (reply.code == 250) return after_hello();
  bool refused = reply.temporary() || reply.permanent();
  fail_session(Error(refused ? Code::smtp_temporary : Code::smtp_protocol, last_reply_));
}

void Client::after_hello() {
  bool wanted = options_.tls_required || !options_.tls_forbidden;
  bool offered = capabilities_.starttls || options_.ask_unoffered;
  if (!secure_ && wanted && offered && !starttls_refused_) {
    // An answer to a command that has not gone is a guess of somebody on the path.
    bool guessed = !reader_.empty();
    if (guessed) {
      return fail_session(Error(Code::smtp_protocol, "bytes behind: " + last_reply_));
    }
    return command(Carries::nothing, "STARTTLS", Expect::starttls);
  }
  if (auto refused = refusal(Carries::envelope)) return fail_session(*std::move(refused));
  if (options_.credentials) return authenticate();
  become_ready();
}

void Client::on_starttls(const Reply& reply) {
  if (!out_.empty()) {
    return fail_session(Error(Code::smtp_protocol, "STARTTLS was not sent yet: " + last_reply_));
  }
  if (reply.code == 220) {
    // rfc3207#4.2 and CVE-2011-0411: bytes behind the 220 would be read as if said inside TLS.
    if (!reader_.empty()) {
      return fail_session(Error(Code::starttls_injection, "behind \"" + last_reply_ + "\""));
    }
    upgrading_ = true;
    events_.push_back(ClientEvent::upgrade);
    return;
  }
  // Whatever the code: a 5xx here may be the attacker's, so it is a policy failure under a promise.
  starttls_refused_.emplace(Code::starttls_refused, last_reply_);
  if (!reply.temporary() && !reply.permanent()) return fail_session(*starttls_refused_);
  after_hello();
}

void Client::tls_established() {
  if (!upgrading_) return;
  upgrading_ = false;
  upgraded_ = true;
  secure_ = true;
  capabilities_ = Capabilities();
  last_reply_.clear();
  reader_.clear();
  say_hello();
}

void Client::log_in(std::shared_ptr<const Credentials> credentials) {
  if (error_ || phase_ != Phase::idle) return;
  options_.credentials = std::move(credentials);
  authenticate();
}

void Client::authenticate() {
  std::string user(options_.credentials->user);
  std::string password(options_.credentials->password.reveal());
  if (capabilities_.offers_auth("PLAIN")) {
    std::string response = to_base64(std::string(1, '\0') + user + '\0' + password);
    // rfc4954#4: a host may ask for the response although it was given with the command.
    auth_steps_ = {response};
    return command(Carries::credential, "AUTH PLAIN " + response, Expect::auth);
  }
  if (capabilities_.offers_auth("LOGIN")) {
    auth_steps_ = {to_base64(password), to_base64(user)};
    return command(Carries::credential, "AUTH LOGIN", Expect::auth);
  }
  fail_session(
      Error(Code::auth_failed, "the host offers neither AUTH PLAIN nor AUTH LOGIN, only: " +
                                   printable(join(capabilities_.auth, " "))));
}

void Client::on_auth(const Reply& reply) {
  if (reply.code == 235) {
    auth_steps_.clear();
    return become_ready();
  }
  if (reply.code == 334 && !auth_steps_.empty()) {
    std::string step = std::move(auth_steps_.back());
    auth_steps_.pop_back();
    return command(Carries::credential, step, Expect::auth);
  }
  if (reply.temporary()) return fail_session(Error(Code::smtp_temporary, last_reply_));
  fail_session(Error(Code::auth_failed, last_reply_));
}

void Client::become_ready() {
  phase_ = Phase::idle;
  events_.push_back(ClientEvent::ready);
}

void Client::quit() {
  if (error_ || phase_ != Phase::idle) return;
  command(Carries::nothing, "QUIT", Expect::quit);
}

}  // namespace pawl::smtp
