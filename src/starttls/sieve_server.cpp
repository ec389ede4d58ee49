// ManageSieve until somebody has logged in: the non-authenticated state of rfc5804#1.1, STARTTLS
// (rfc5804#2.2), AUTHENTICATE (rfc5804#2.1).
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "starttls/dialogs.h"
#include "starttls/string_argument.h"
#include "starttls/upgrading_server.h"

namespace pawl::starttls {

namespace {

class SieveServer final : public UpgradingServer {
 public:
  using UpgradingServer::UpgradingServer;

 private:
  Kind kind_of(std::string_view line) override {
    std::string_view verb = line.substr(0, line.find(' '));
    verb_.assign(verb.size() > 12 ? "" : verb);
    if (is("AUTHENTICATE")) return Kind::login;
    if (!is("STARTTLS")) return Kind::other;
    return line.size() == verb_.size() ? Kind::upgrade : Kind::upgrade_with_argument;
  }

  void run(std::string_view command) override {
    command.remove_prefix(verb_.size());
    if (is("CAPABILITY")) {
      put_capabilities();
      return put("OK\r\n");
    }
    if (is("NOOP")) return answer_noop(command);
    if (is("LOGOUT")) return close(Answer::goodbye);
    if (!is("AUTHENTICATE")) return error(Answer::unknown_command);
    auto mechanism = take_argument(command);
    auto initial = take_argument(command);
    if (!mechanism || !command.empty()) return error(Answer::login_malformed);
    begin_sasl(mechanism->reveal(),
               initial ? std::optional(initial->reveal()) : std::optional<std::string_view>());
  }

  // rfc5804#2.13: what the client sends is sent back, so that he knows where he is.
  void answer_noop(std::string_view arguments) {
    if (arguments.empty()) return put("OK\r\n");
    auto tag = take_argument(arguments);
    bool plain = tag && std::ranges::all_of(tag->reveal(), [](char c) {
                   return c >= ' ' && c <= '~' && c != '"' && c != '\\';
                 });
    if (!plain || !arguments.empty()) return error(Answer::unknown_command);
    put("OK (TAG \"");
    put(tag->reveal());
    put("\")\r\n");
  }

  void put_capabilities() {
    put("\"IMPLEMENTATION\" \"Pawl\"\r\n\"SIEVE\" \"fileinto\"\r\n");
    put(login_offered() ? "\"SASL\" \"PLAIN LOGIN\"\r\n" : "\"SASL\" \"\"\r\n");
    if (upgrade_offered()) put("\"STARTTLS\"\r\n");
    put("\"VERSION\" \"1.0\"\r\n");
  }

  void say(Answer answer) override {
    // rfc5804#2.2: unasked, and the only protocol here where the server speaks first inside TLS.
    if (answer == Answer::greeting || answer == Answer::greeting_inside_tls) put_capabilities();
    put(text(answer));
  }

  static std::string_view text(Answer answer) {
    switch (answer) {
      case Answer::greeting:
        return "OK \"ready\"\r\n";
      case Answer::greeting_inside_tls:
        return "OK \"TLS is active\"\r\n";
      case Answer::upgrade_begins:
        return "OK \"begin TLS\"\r\n";
      case Answer::upgrade_with_argument:
        return "NO \"STARTTLS stands alone\"\r\n";
      case Answer::upgrade_twice:
        return "NO \"TLS is active already\"\r\n";
      case Answer::upgrade_not_offered:
        return "NO \"STARTTLS is not offered\"\r\n";
      case Answer::login_in_clear:
        return "NO (ENCRYPT-NEEDED) \"logins need TLS; say STARTTLS first\"\r\n";
      case Answer::login_not_offered:
        return "NO \"logins are not taken here\"\r\n";
      case Answer::login_malformed:
        return "NO \"this is not a login\"\r\n";
      case Answer::login_cancelled:
        return "NO \"the login was cancelled\"\r\n";
      case Answer::mechanism_unknown:
        return "NO \"the mechanisms are PLAIN and LOGIN\"\r\n";
      case Answer::logged_in:
        return "OK \"logged in\"\r\n";
      case Answer::login_wrong:
        return "NO \"wrong user name or password\"\r\n";
      case Answer::unknown_command:
        return "NO \"no such command here\"\r\n";
      case Answer::goodbye:
        return "OK \"goodbye\"\r\n";
      case Answer::too_long:
        return "BYE \"the command is too long\"\r\n";
      case Answer::bare_line_end:
        return "BYE \"a line ends with CR LF and holds no NUL\"\r\n";
      case Answer::too_many_errors:
        return "BYE \"too many errors\"\r\n";
      case Answer::timed_out:
        return "BYE \"waited too long\"\r\n";
    }
    return "";
  }

  void say_challenge(std::string_view base64) override {
    put("\"");
    put(base64);
    put("\"\r\n");
  }

  // A string; base64 needs no escapes in it.
  std::optional<std::string_view> sasl_line(std::string_view command) override {
    if (command.size() >= 2 && command.starts_with('"') && command.ends_with('"')) {
      return command.substr(1, command.size() - 2);
    }
    std::size_t end = command.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view literal = command.substr(end + 2);
    auto mark = literal_mark(command.substr(0, end));
    return mark && mark->size == literal.size() ? std::optional(literal) : std::nullopt;
  }

  // Those of a client come without waiting: {5+} (rfc5804#4).
  bool has_literals() const override { return true; }

  bool is(std::string_view verb) const { return equal_ignoring_case(verb_, verb); }

  std::string verb_;  // of the command that is read; empty: none of ours
};

}  // namespace

std::unique_ptr<ServerDialog> make_sieve_server(const ProtocolRow&, ServerOptions options) {
  return std::make_unique<SieveServer>(std::move(options));
}

}  // namespace pawl::starttls
