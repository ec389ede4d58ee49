#include "starttls/upgrading_client.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "starttls/string_argument.h"

namespace pawl::starttls {

namespace {

// Room for a session without long replies, so that most never allocate again.
constexpr std::size_t kInputRoom = 4096;
constexpr std::size_t kOutputRoom = 512;
constexpr std::size_t kCapabilities = 32;
constexpr std::size_t kEvents = 4;

}  // namespace

UpgradingClient::UpgradingClient(const ProtocolRow& protocol, ClientOptions options)
    : protocol_(protocol), options_(std::move(options)), secure_(options_.implicit_tls) {
  in_.reserve(kInputRoom);
  out_.reserve(kOutputRoom);
  capabilities_.reserve(kCapabilities);
  events_.reserve(kEvents);
}

void UpgradingClient::feed(std::string_view bytes) {
  if (stage_ == Stage::over || bytes.empty()) return;
  // Nobody has asked anything inside TLS yet: the session was spliced onto another one (Opossum).
  if (stage_ == Stage::upgrading || must_be_silent_) {
    return fail_session(Error(Code::unexpected_greeting, quoted(bytes)));
  }
  if (reply_begin_ > 0) {
    in_.erase(0, reply_begin_);
    dropped_ += reply_begin_;
    at_ -= reply_begin_;
    reply_begin_ = 0;
  }
  last_begin_ = last_end_ = 0;
  in_ += bytes;
  read_units();
}

void UpgradingClient::read_units() {
  while (stage_ != Stage::over && stage_ != Stage::upgrading && at_ < in_.size()) {
    std::string_view rest = std::string_view(in_).substr(at_);
    auto length = unit_length(rest);
    if (!length) return fail_session(std::move(length).error());
    std::size_t so_far = (*length == 0 ? in_.size() : at_ + *length) - reply_begin_;
    bool early = stage_ < Stage::idle;
    std::size_t limit = early ? limits::kDialogEarlyReply : limits::kDialogReply;
    if (so_far > limit) {
      return fail_session(Error(Code::too_large, "one reply of the server has more than " +
                                                     std::to_string(limit) + " bytes"));
    }
    if (*length == 0) return;
    unit_start_ = dropped_ + at_;
    at_ += *length;
    on_unit(rest.substr(0, *length));
  }
}

void UpgradingClient::end_of_input() {
  if (stage_ == Stage::over) return;
  if (stage_ == Stage::goodbye) return goodbye_answered();
  constexpr std::array<std::string_view, 8> kWhen = {"before its greeting",
                                                     "before it said what it can do",
                                                     "before it answered the upgrade command",
                                                     "before the handshake",
                                                     "between commands",
                                                     "before it answered the login",
                                                     "before it answered a command",
                                                     ""};
  fail_session(Error(Code::connection_lost, std::string(kWhen[static_cast<std::size_t>(stage_)])));
}

void UpgradingClient::sent() {
  asked_at_ = dropped_ + in_.size();
  must_be_silent_ = false;
  wipe_output();
}

void UpgradingClient::wipe_output() {
  if (out_is_secret_) {
    volatile char* bytes = out_.data();
    for (std::size_t i = 0; i < out_.size(); ++i) bytes[i] = 0;
    out_is_secret_ = false;
  }
  out_.clear();
}

std::optional<ClientEvent> UpgradingClient::next_event() {
  if (next_event_ == events_.size()) return std::nullopt;
  ClientEvent event = events_[next_event_++];
  if (next_event_ == events_.size()) {
    events_.clear();
    next_event_ = 0;
  }
  return event;
}

// The gate: with TLS required nothing but the negotiation leaves in clear, whatever was said.
bool UpgradingClient::put(Carries what, std::initializer_list<std::string_view> pieces) {
  if (stage_ == Stage::over) return false;
  if (what == Carries::user_data && !secure_ && options_.mode == Mode::required) {
    fail_session(Error(Code::starttls_not_offered, "nothing is sent in clear"));
    return false;
  }
  out_is_secret_ = out_is_secret_ || stage_ == Stage::login;
  for (std::string_view piece : pieces) out_ += piece;
  return true;
}

void UpgradingClient::fail_session(Error error) {
  if (stage_ == Stage::over) return;
  stage_ = Stage::over;
  wipe_output();
  error_ = std::move(error);
  events_.push_back(ClientEvent::failed);
}

void UpgradingClient::wrong_shape(std::string_view unit) {
  fail_session(
      Error(first_in_tls_ ? Code::unexpected_greeting : Code::dialog_protocol, quoted(unit)));
}

void UpgradingClient::end_reply() {
  last_begin_ = reply_begin_;
  last_end_ = at_;
  reply_begin_ = at_;
}

std::string_view UpgradingClient::reply() const {
  return std::string_view(in_).substr(last_begin_, last_end_ - last_begin_);
}

void UpgradingClient::clear_capabilities() {
  capability_text_.clear();
  capabilities_.clear();
}

void UpgradingClient::add_capability(std::string_view capability) {
  std::size_t room = capability_text_.capacity();
  capability_text_ += capability;
  std::string_view text = capability_text_;
  capabilities_.push_back(text.substr(text.size() - capability.size()));
  if (capability_text_.capacity() == room) return;
  std::size_t at = 0;
  for (std::string_view& each : capabilities_) {
    each = text.substr(at, each.size());
    at += each.size();
  }
}

bool UpgradingClient::offers(std::string_view keyword) const {
  return std::ranges::any_of(
      capabilities_, [&](std::string_view each) { return equal_ignoring_case(each, keyword); });
}

void UpgradingClient::greeted() {
  end_reply();
  stage_ = Stage::capabilities;
  clear_capabilities();
  ask_capabilities();
}

void UpgradingClient::capabilities_known(bool answered) {
  end_reply();
  first_in_tls_ = false;
  if (!secure_) upgrade_offered_ = offers_upgrade();
  if (secure_ || options_.mode == Mode::never) return become_ready();
  if (upgrade_offered_ || options_.ask_unoffered) {
    stage_ = Stage::upgrade;
    return ask_upgrade();
  }
  std::string seen = "the server does not tell what it can do: " + quoted(reply());
  if (answered) {
    seen = "offered in clear:";
    for (std::string_view each : capabilities_) seen += " " + printable(each);
  }
  go_on_in_clear(Error(Code::starttls_not_offered, std::move(seen)));
}

void UpgradingClient::upgrade_answered(Answer answer) {
  end_reply();
  switch (answer) {
    case Answer::granted:
      // What stands behind would be read as if it had been said inside TLS (CVE-2021-22947).
      if (at_ != in_.size()) {
        return fail_session(Error(Code::starttls_injection,
                                  "behind " + quoted(reply()) + ": " + printable(in_.substr(at_))));
      }
      stage_ = Stage::upgrading;
      events_.push_back(ClientEvent::upgrade);
      return;
    case Answer::refused:
      return go_on_in_clear(
          Error(upgrade_offered_ ? Code::starttls_refused : Code::starttls_not_offered,
                std::string(protocol_.upgrade_command) + ": " + quoted(reply())));
    case Answer::unknown:
      return fail_session(Error(Code::dialog_protocol,
                                std::string(protocol_.upgrade_command) + ": " + quoted(reply())));
  }
}

void UpgradingClient::go_on_in_clear(Error why) {
  if (options_.mode == Mode::required) return fail_session(std::move(why));
  downgrade_ = std::move(why);
  become_ready();
}

void UpgradingClient::tls_established() {
  if (stage_ != Stage::upgrading) return;
  secure_ = true;
  dropped_ += in_.size();
  in_.clear();
  at_ = reply_begin_ = last_begin_ = last_end_ = 0;
  asked_at_ = dropped_;
  wipe_output();
  clear_capabilities();
  forget();
  stage_ = Stage::capabilities;
  first_in_tls_ = true;
  if (protocol_.first_after_upgrade == FirstAfterUpgrade::capability_list) return;
  must_be_silent_ = true;
  ask_capabilities();
}

void UpgradingClient::become_ready() {
  stage_ = Stage::idle;
  events_.push_back(ClientEvent::ready);
}

void UpgradingClient::log_in(std::string_view user, const Secret& password) {
  if (stage_ != Stage::idle) {
    return fail_session(Error(Code::internal, "a login was begun out of turn"));
  }
  if (auto usable = check_login(user, password); !usable) {
    return fail_session(std::move(usable).error());
  }
  stage_ = Stage::login;
  start_login(user, password);
}

void UpgradingClient::login_answered(bool accepted) {
  end_reply();
  if (!accepted) return fail_session(Error(Code::auth_failed, quoted(reply())));
  stage_ = Stage::idle;
  events_.push_back(ClientEvent::logged_in);
}

void UpgradingClient::send(std::string_view command) {
  if (stage_ != Stage::idle) {
    return fail_session(Error(Code::internal, "a command was begun out of turn"));
  }
  stage_ = Stage::command;
  start_command(command);
}

void UpgradingClient::command_answered() {
  end_reply();
  stage_ = Stage::idle;
  events_.push_back(ClientEvent::reply);
}

void UpgradingClient::log_out() {
  if (stage_ != Stage::idle) return;
  stage_ = Stage::goodbye;
  start_goodbye();
}

void UpgradingClient::goodbye_answered() {
  end_reply();
  stage_ = Stage::over;
  events_.push_back(ClientEvent::closed);
}

std::string UpgradingClient::quoted(std::string_view unit) const {
  std::string_view text = trim(unit.substr(0, unit.find_first_of("\r\n")));
  std::string lower = to_lower(text);
  if (std::size_t alert = lower.find("[alert]"); alert != std::string::npos && !secure_) {
    text = text.substr(0, alert + std::string_view("[alert]").size());
  }
  return "\"" + printable(text) + (secure_ ? "\"" : "\" (said in clear)");
}

Result<std::size_t> UpgradingClient::line_end(std::string_view input, std::size_t from) {
  std::size_t end = input.find('\n', from);
  if (std::min(end, input.size()) - from > limits::kDialogLine) {
    return fail(Code::too_large, "one line of the server has more than " +
                                     std::to_string(limits::kDialogLine) + " bytes");
  }
  if (end == std::string_view::npos) return 0;
  if (end == from || input[end - 1] != '\r') {
    return fail(Code::dialog_protocol,
                "a line ends with a bare LF: " + printable(input.substr(from, end - from)));
  }
  return end + 1;
}

Result<std::size_t> UpgradingClient::literals_end(std::string_view input) {
  std::size_t from = 0;
  while (true) {
    TRY(std::size_t end, line_end(input, from));
    if (end == 0) return 0;
    std::string_view line = input.substr(from, end - 2 - from);
    auto mark = literal_mark(line);
    if (!mark) return end;
    if (mark->size > limits::kDialogReply) {
      return fail(Code::too_large, "a literal of " + std::to_string(mark->size) + " bytes");
    }
    from = end + mark->size;
    if (from >= input.size()) return 0;
  }
}

}  // namespace pawl::starttls
