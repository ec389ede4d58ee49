// The client side of IMAP (rfc9051, rfc3501), as far as a session needs it that becomes TLS
// (rfc9051#6.2.1) and logs in (rfc9051#6.2.2, rfc4959).
//
// Before TLS nothing counts but the greeting, the answer to CAPABILITY and tagged responses to
// commands that have gone: other untagged data is thrown away.
#include <array>

#include "base/text.h"
#include "smtp/sasl.h"
#include "starttls/dialogs.h"
#include "starttls/upgrading_client.h"

namespace pawl::starttls {

namespace {

std::string_view without_line_end(std::string_view unit) {
  return unit.substr(0, unit.size() - 2);
}

// Takes the first word and the space behind it off `text`.
std::string_view take_word(std::string_view& text) {
  std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

bool is_status(std::string_view word) {
  constexpr std::array<std::string_view, 5> kWords = {"OK", "NO", "BAD", "BYE", "PREAUTH"};
  for (std::string_view each : kWords) {
    if (equal_ignoring_case(word, each)) return true;
  }
  return false;
}

std::string in_quotes(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

class ImapClient final : public UpgradingClient {
 public:
  ImapClient(const ProtocolRow& protocol, ClientOptions options)
      : UpgradingClient(protocol, std::move(options)) {}

 private:
  Result<std::size_t> unit_length(std::string_view input) const override;
  void on_unit(std::string_view unit) override;
  void ask_capabilities() override;
  void ask_upgrade() override;
  void start_login(std::string_view user, const Secret& password) override;
  void start_command(std::string_view command) override;
  void start_goodbye() override;
  void forget() override { preauthenticated_ = false; }

  void on_greeting(std::string_view unit, std::string_view status);
  void on_untagged(std::string_view unit);
  void on_continuation(std::string_view unit);
  void on_tagged(std::string_view unit);
  bool put_command(Carries what, std::initializer_list<std::string_view> pieces);
  bool refers_elsewhere(std::string_view text);
  void read_capabilities(std::string_view list);
  void log_in_with_strings(std::string_view user, const Secret& password);

  std::string tag_;  // of the command that has gone; empty: none is answered yet
  std::uint64_t tags_ = 0;
  bool listed_ = false;                // CAPABILITY was answered with a list
  bool preauthenticated_ = false;      // in a session in clear that shall stay so, or inside TLS
  bool continuing_ = false;            // the server waits for the rest of a command of send()
  std::vector<Secret> rest_of_login_;  // last first
};

Result<std::size_t> ImapClient::unit_length(std::string_view input) const {
  TRY(std::size_t end, line_end(input, 0));
  std::string_view rest = input.substr(0, end);
  // Only untagged data has literals; in the words of a status "{9}" is but text.
  if (end == 0 || take_word(rest) != "*" || is_status(take_word(rest))) return end;
  return literals_end(input);
}

void ImapClient::on_unit(std::string_view unit) {
  if (stage() == Stage::greeting || unit.starts_with("* ")) return on_untagged(unit);
  if (unit.starts_with('+')) return on_continuation(unit);
  on_tagged(unit);
}

void ImapClient::on_untagged(std::string_view unit) {
  std::string_view text = without_line_end(unit);
  std::string_view star = take_word(text);
  std::string_view word = take_word(text);
  if (stage() == Stage::greeting) return on_greeting(unit, star == "*" ? word : star);
  if (equal_ignoring_case(word, "BYE") && stage() != Stage::goodbye) {
    return fail_session(Error(Code::connection_lost, quoted(unit)));
  }
  if (is_status(word) && refers_elsewhere(text)) return wrong_shape(unit);
  bool list = equal_ignoring_case(word, "CAPABILITY");
  // rfc9051#6.2.1: no greeting comes after the upgrade, and nobody has asked anything else yet.
  if (first_in_tls() && !list) return wrong_shape(unit);
  bool asked = stage() == Stage::capabilities && !unasked();
  if (list && (asked || (secure() && stage() == Stage::login))) {
    read_capabilities(text);
    understood_in_tls();
  }
  if (stage() == Stage::idle) end_reply();
}

void ImapClient::on_greeting(std::string_view unit, std::string_view status) {
  if (equal_ignoring_case(status, "BYE")) {
    return fail_session(Error(Code::connection_lost, quoted(unit)));
  }
  if (refers_elsewhere(unit)) return wrong_shape(unit);
  if (equal_ignoring_case(status, "PREAUTH")) {
    // There is no upgrade any more in this state (rfc9051#7.1.4), and whose mailbox is it?
    if (!secure() && options().mode != Mode::never) {
      return fail_session(Error(Code::preauthenticated, quoted(unit)));
    }
    preauthenticated_ = true;
  } else if (!equal_ignoring_case(status, "OK") || !unit.starts_with("* ")) {
    return wrong_shape(unit);
  }
  greeted();
}

// rfc2221#4: a referral that anybody may have written.
bool ImapClient::refers_elsewhere(std::string_view text) {
  bool fatal = !secure() && options().mode == Mode::required;
  return fatal && to_lower(text).find("[referral") != std::string::npos;
}

void ImapClient::read_capabilities(std::string_view list) {
  clear_capabilities();
  listed_ = true;
  while (!list.empty()) {
    std::string_view word = take_word(list);
    if (!word.empty()) add_capability(word);
  }
}

void ImapClient::on_continuation(std::string_view unit) {
  if (tag_.empty() || unasked()) return wrong_shape(unit);
  if (stage() == Stage::login && !rest_of_login_.empty()) {
    Secret next = std::move(rest_of_login_.back());
    rest_of_login_.pop_back();
    put(Carries::user_data, {next.reveal()});
    return end_reply();
  }
  if (stage() == Stage::login) return login_answered(false);
  if (stage() != Stage::command) return wrong_shape(unit);
  continuing_ = true;
  command_answered();
}

void ImapClient::on_tagged(std::string_view unit) {
  std::string_view text = without_line_end(unit);
  // Responses to what was not sent yet are guesses of somebody (CVE-2026-42246).
  if (tag_.empty() || take_word(text) != tag_ || unasked()) return wrong_shape(unit);
  tag_.clear();
  std::string_view status = take_word(text);
  bool ok = equal_ignoring_case(status, "OK");
  bool refused = equal_ignoring_case(status, "NO") || equal_ignoring_case(status, "BAD");
  if ((!ok && !refused) || refers_elsewhere(text)) return wrong_shape(unit);
  switch (stage()) {
    case Stage::capabilities:
      if (first_in_tls()) return wrong_shape(unit);
      return capabilities_known(ok && listed_);
    case Stage::upgrade:
      return upgrade_answered(ok ? Answer::granted : Answer::refused);
    case Stage::login:
      rest_of_login_.clear();
      // rfc9051#7.1: what a user may do often stands in the response itself.
      if (ok && starts_with_ignoring_case(text, "[CAPABILITY ")) {
        text = text.substr(0, text.find(']'));
        take_word(text);
        read_capabilities(text);
      }
      return login_answered(ok);
    case Stage::command:
      return command_answered();
    case Stage::goodbye:
      return goodbye_answered();
    default:
      return wrong_shape(unit);
  }
}

// rfc9051#2.2.1 wants tags that differ; ours cannot be guessed either, so that nobody has an answer
// ready. The steps of splitmix64, twelve letters of each.
bool ImapClient::put_command(Carries what, std::initializer_list<std::string_view> pieces) {
  std::uint64_t mixed = options().tag_seed + ++tags_ * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  mixed ^= mixed >> 31U;
  tag_.clear();
  for (int i = 0; i < 12; ++i, mixed >>= 5U) {
    tag_ += "abcdefghijklmnopqrstuvwxyz234567"[mixed & 31U];
  }
  return put(what, {tag_, " "}) && put(what, pieces);
}

void ImapClient::ask_capabilities() {
  listed_ = false;
  put_command(Carries::negotiation, {"CAPABILITY\r\n"});
}

void ImapClient::ask_upgrade() {
  put_command(Carries::negotiation, {"STARTTLS\r\n"});
}

void ImapClient::start_login(std::string_view user, const Secret& password) {
  if (preauthenticated_) return login_answered(true);
  if (offers("AUTH=PLAIN")) {
    Secret message = smtp::sasl_plain(user, password);
    // rfc4959#3: the message may come with the command where that is offered.
    if (offers("SASL-IR")) {
      put_command(Carries::user_data, {"AUTHENTICATE PLAIN ", message.reveal(), "\r\n"});
      return;
    }
    put_command(Carries::user_data, {"AUTHENTICATE PLAIN\r\n"});
    rest_of_login_.emplace_back(std::string(message.reveal()) + "\r\n");
    return;
  }
  // rfc9051#6.2.3
  if (offers("LOGINDISABLED")) {
    return fail_session(
        Error(Code::auth_failed, "the server takes neither LOGIN (LOGINDISABLED) nor AUTH=PLAIN"));
  }
  log_in_with_strings(user, password);
}

void ImapClient::log_in_with_strings(std::string_view user, const Secret& password) {
  // The command falls into parts where a literal waits for the server's "+" (rfc9051#4.3).
  std::vector<Secret> parts;
  std::string text = "LOGIN";
  for (std::string_view part : {user, password.reveal()}) {
    text += ' ';
    if (is_ascii(part)) {
      text += in_quotes(part);
      continue;
    }
    parts.emplace_back(text + "{" + std::to_string(part.size()) + "}\r\n");
    text = part;
  }
  parts.emplace_back(text + "\r\n");
  put_command(Carries::user_data, {parts.front().reveal()});
  for (std::size_t i = parts.size() - 1; i > 0; --i) {
    rest_of_login_.push_back(std::move(parts[i]));
  }
}

void ImapClient::start_command(std::string_view command) {
  if (continuing_) {
    continuing_ = false;
    put(Carries::user_data, {command});
    return;
  }
  put_command(Carries::user_data, {command});
}

void ImapClient::start_goodbye() {
  put_command(Carries::negotiation, {"LOGOUT\r\n"});
}

}  // namespace

std::unique_ptr<ClientDialog> make_imap_client(const ProtocolRow& protocol, ClientOptions options) {
  return std::make_unique<ImapClient>(protocol, std::move(options));
}

}  // namespace pawl::starttls
