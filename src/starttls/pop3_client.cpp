// The client side of POP3 (rfc1939, CAPA of rfc2449), as far as a session needs it that becomes TLS
// (rfc2595#4) and logs in (AUTH PLAIN of rfc5034, or USER and PASS). The time stamp of the greeting
// is not looked at: APOP is not spoken.
#include <array>

#include "base/text.h"
#include "smtp/sasl.h"
#include "starttls/dialogs.h"
#include "starttls/upgrading_client.h"

namespace pawl::starttls {

namespace {

// rfc5034#4: with its initial response AUTH is a line of 255 bytes at most.
constexpr std::size_t kAuthLine = 255;

enum class Kind : std::uint8_t { ok, refusal, challenge, other };

Kind kind_of(std::string_view line) {
  // rfc1939#3: in upper case, and nothing else is a reply.
  if (line == "+OK" || line.starts_with("+OK ")) return Kind::ok;
  if (line == "-ERR" || line.starts_with("-ERR ")) return Kind::refusal;
  if (line == "+" || line.starts_with("+ ")) return Kind::challenge;
  return Kind::other;
}

// The commands whose +OK is followed by lines and a dot; LIST, UIDL and AUTH without an argument.
bool has_list(std::string_view command) {
  std::string_view line = trim(command.substr(0, command.find_first_of("\r\n")));
  std::string_view verb = line.substr(0, line.find(' '));
  auto is = [verb](std::string_view name) { return equal_ignoring_case(verb, name); };
  if (is("CAPA") || is("RETR") || is("TOP")) return true;
  return verb.size() == line.size() && (is("LIST") || is("UIDL") || is("AUTH"));
}

class Pop3Client final : public UpgradingClient {
 public:
  Pop3Client(const ProtocolRow& protocol, ClientOptions options)
      : UpgradingClient(protocol, std::move(options)) {}

 private:
  Result<std::size_t> unit_length(std::string_view input) const override {
    return line_end(input, 0);
  }
  void on_unit(std::string_view unit) override;
  void ask_capabilities() override { put(Carries::negotiation, {"CAPA\r\n"}); }
  void ask_upgrade() override { put(Carries::negotiation, {"STLS\r\n"}); }
  void start_login(std::string_view user, const Secret& password) override;
  void start_command(std::string_view command) override;
  void start_goodbye() override { put(Carries::negotiation, {"QUIT\r\n"}); }
  void forget() override {
    in_list_ = false;
    tells_ = false;
  }

  void on_capability_line(std::string_view unit, std::string_view line, Kind kind);
  void on_login_line(std::string_view unit, Kind kind);
  void on_command_line(std::string_view unit, std::string_view line, Kind kind);
  bool offers_plain() const;

  bool in_list_ = false;               // behind the +OK of a list, before its dot
  bool wants_list_ = false;            // the command of send() is answered with one
  bool tells_ = false;                 // CAPA is known
  std::vector<Secret> rest_of_login_;  // last first
};

void Pop3Client::on_unit(std::string_view unit) {
  std::string_view line = unit.substr(0, unit.size() - 2);
  Kind kind = kind_of(line);
  if (stage() == Stage::greeting) {
    if (kind == Kind::ok) return greeted();
    if (kind == Kind::refusal) return fail_session(Error(Code::connection_lost, quoted(unit)));
    return wrong_shape(unit);
  }
  if (unasked()) return wrong_shape(unit);
  switch (stage()) {
    case Stage::capabilities:
      return on_capability_line(unit, line, kind);
    case Stage::upgrade:
      if (kind == Kind::ok) return upgrade_answered(Answer::granted);
      return upgrade_answered(kind == Kind::refusal ? Answer::refused : Answer::unknown);
    case Stage::login:
      return on_login_line(unit, kind);
    case Stage::command:
      return on_command_line(unit, line, kind);
    case Stage::goodbye:
      return goodbye_answered();
    default:
      return wrong_shape(unit);
  }
}

void Pop3Client::on_capability_line(std::string_view unit, std::string_view line, Kind kind) {
  if (!in_list_) {
    if (kind == Kind::refusal) return capabilities_known(false);
    if (kind != Kind::ok) return wrong_shape(unit);
    in_list_ = true;
    return;
  }
  // A status in the list means that what was taken for the reply to CAPA was something else: the
  // greeting of another port's session, spliced in, or an answer that somebody had ready.
  if (kind != Kind::other) return wrong_shape(unit);
  if (line != ".") return add_capability(line);
  in_list_ = false;
  tells_ = true;
  capabilities_known(true);
}

bool Pop3Client::offers_plain() const {
  for (std::string_view capability : capabilities()) {
    auto words = split(capability, ' ');
    if (!equal_ignoring_case(words.front(), "SASL")) continue;
    for (std::string_view word : words) {
      if (equal_ignoring_case(word, "PLAIN")) return true;
    }
  }
  return false;
}

void Pop3Client::start_login(std::string_view user, const Secret& password) {
  if (offers_plain()) {
    Secret message = smtp::sasl_plain(user, password);
    constexpr std::string_view kCommand = "AUTH PLAIN ";
    if (kCommand.size() + message.reveal().size() + 2 <= kAuthLine) {
      put(Carries::user_data, {kCommand, message.reveal(), "\r\n"});
      return;
    }
    put(Carries::user_data, {"AUTH PLAIN\r\n"});
    rest_of_login_.emplace_back(std::string(message.reveal()) + "\r\n");
    return;
  }
  // A server that knows CAPA and USER says so (rfc2449#6.3); one without CAPA is asked.
  if (tells_ && !offers("USER")) {
    return fail_session(Error(Code::auth_failed, "the server offers neither USER nor AUTH PLAIN"));
  }
  put(Carries::user_data, {"USER ", user, "\r\n"});
  rest_of_login_.emplace_back("PASS " + std::string(password.reveal()) + "\r\n");
}

void Pop3Client::on_login_line(std::string_view unit, Kind kind) {
  bool more = !rest_of_login_.empty();
  if (more && kind == (offers_plain() ? Kind::challenge : Kind::ok)) {
    Secret rest = std::move(rest_of_login_.back());
    rest_of_login_.pop_back();
    put(Carries::user_data, {rest.reveal()});
    return end_reply();
  }
  rest_of_login_.clear();
  if (kind == Kind::other) return wrong_shape(unit);
  login_answered(kind == Kind::ok && !more);
}

void Pop3Client::start_command(std::string_view command) {
  wants_list_ = has_list(command);
  put(Carries::user_data, {command});
}

void Pop3Client::on_command_line(std::string_view unit, std::string_view line, Kind kind) {
  if (in_list_) {
    if (line != ".") return;
    in_list_ = false;
    return command_answered();
  }
  if (kind == Kind::other) return wrong_shape(unit);
  in_list_ = kind == Kind::ok && wants_list_;
  if (!in_list_) command_answered();
}

}  // namespace

std::unique_ptr<ClientDialog> make_pop3_client(const ProtocolRow& protocol, ClientOptions options) {
  return std::make_unique<Pop3Client>(protocol, std::move(options));
}

}  // namespace pawl::starttls
