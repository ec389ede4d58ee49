// POP3 until somebody has logged in: rfc1939#7, CAPA (rfc2449#5), STLS (rfc2595#4), AUTH
// (rfc5034#4).
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "starttls/dialogs.h"
#include "starttls/upgrading_server.h"

namespace pawl::starttls {

namespace {

class Pop3Server final : public UpgradingServer {
 public:
  using UpgradingServer::UpgradingServer;

 private:
  Kind kind_of(std::string_view line) override {
    verb_ = line.substr(0, line.find(' '));
    argument_ = line.substr(std::min(verb_.size() + 1, line.size()));
    if (is("USER") || is("PASS") || is("APOP") || is("AUTH")) return Kind::login;
    if (!is("STLS")) return Kind::other;
    return line.size() == verb_.size() ? Kind::upgrade : Kind::upgrade_with_argument;
  }

  void run(std::string_view) override {
    // rfc1939#7: PASS stands behind USER, with nothing between them.
    std::string user = std::exchange(user_given_, {});
    if (is("CAPA")) return list_capabilities();
    if (is("QUIT")) return close(Answer::goodbye);
    if (is("USER")) {
      user_given_.assign(argument_);
      return put("+OK now the password\r\n");
    }
    if (is("PASS")) return take_login(user, argument_);
    if (is("AUTH") && !argument_.empty()) {
      std::size_t space = argument_.find(' ');
      std::optional<std::string_view> initial;
      if (space != std::string_view::npos) initial = trim(argument_.substr(space));
      return begin_sasl(argument_.substr(0, space), initial);
    }
    error(Answer::unknown_command);
  }

  void list_capabilities() {
    put("+OK\r\n");
    if (upgrade_offered()) put("STLS\r\n");
    if (login_offered()) put("USER\r\nSASL PLAIN LOGIN\r\n");
    put("TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n.\r\n");
  }

  void say(Answer answer) override {
    put(text(answer));
    if (answer == Answer::greeting) {
      put(options().hostname);
      put(" POP3\r\n");
    }
  }

  static std::string_view text(Answer answer) {
    switch (answer) {
      case Answer::greeting:
        return "+OK ";
      case Answer::greeting_inside_tls:
      case Answer::timed_out:  // rfc1939#3: without an answer
        return "";
      case Answer::upgrade_begins:
        return "+OK begin TLS\r\n";
      case Answer::upgrade_with_argument:
        return "-ERR STLS stands alone\r\n";
      case Answer::upgrade_twice:
        return "-ERR TLS is active already\r\n";
      case Answer::upgrade_not_offered:
        return "-ERR STLS is not offered\r\n";
      case Answer::login_in_clear:
        return "-ERR [AUTH] logins need TLS; say STLS first\r\n";
      case Answer::login_not_offered:
        return "-ERR [AUTH] logins are not taken here\r\n";
      case Answer::login_malformed:
        return "-ERR this is not a login\r\n";
      case Answer::login_cancelled:
        return "-ERR the login was cancelled\r\n";
      case Answer::mechanism_unknown:
        return "-ERR the mechanisms are PLAIN and LOGIN\r\n";
      case Answer::logged_in:
        return "+OK logged in\r\n";
      case Answer::login_wrong:
        return "-ERR [AUTH] wrong user name or password\r\n";
      case Answer::unknown_command:
        return "-ERR no such command\r\n";
      case Answer::goodbye:
        return "+OK goodbye\r\n";
      case Answer::too_long:
        return "-ERR the line is too long\r\n";
      case Answer::bare_line_end:
        return "-ERR a line ends with CR LF and holds no NUL\r\n";
      case Answer::too_many_errors:
        return "-ERR too many errors\r\n";
    }
    return "";
  }

  void say_challenge(std::string_view base64) override {
    put("+ ");
    put(base64);
    put("\r\n");
  }

  void forget() override { user_given_.clear(); }

  bool is(std::string_view verb) const { return equal_ignoring_case(verb_, verb); }

  // Of the line that is read: views, valid until run() returns.
  std::string_view verb_;
  std::string_view argument_;
  std::string user_given_;
};

}  // namespace

std::unique_ptr<ServerDialog> make_pop3_server(const ProtocolRow&, ServerOptions options) {
  return std::make_unique<Pop3Server>(std::move(options));
}

}  // namespace pawl::starttls
