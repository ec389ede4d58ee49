// IMAP until somebody has logged in: the not-authenticated state of rfc9051#3.1, STARTTLS
// (rfc9051#6.2.1), LOGINDISABLED (rfc9051#6.2.3), SASL-IR (rfc4959#3).
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "starttls/dialogs.h"
#include "starttls/string_argument.h"
#include "starttls/upgrading_server.h"

namespace pawl::starttls {

namespace {

// A tag is ours to repeat: short, and nothing that could be read as anything else.
bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  return std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("+(){%*\"\\]").find(c) == std::string_view::npos;
  });
}

class ImapServer final : public UpgradingServer {
 public:
  using UpgradingServer::UpgradingServer;

 private:
  Kind kind_of(std::string_view line) override {
    std::size_t space = line.find(' ');
    std::string_view tag = line.substr(0, space);
    std::string_view rest = space == std::string_view::npos ? "" : line.substr(space + 1);
    std::string_view verb = rest.substr(0, rest.find(' '));
    bool good = is_tag(tag) && !verb.empty() && std::ranges::all_of(verb, [](char c) {
                  return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
                });
    // What has no tag and no command is answered without one: it may be a password that was sent
    // though nobody asked for it.
    tag_.assign(good ? tag : "");
    command_ = Command::unknown;
    if (!good) return Kind::other;
    for (const auto& [name, command] : kCommands) {
      if (equal_ignoring_case(verb, name)) command_ = command;
    }
    if (command_ == Command::login || command_ == Command::authenticate) return Kind::login;
    if (command_ != Command::starttls) return Kind::other;
    return verb.size() == rest.size() ? Kind::upgrade : Kind::upgrade_with_argument;
  }

  void run(std::string_view command) override {
    command.remove_prefix(std::min(command.size(), command.find(' ') + 1));  // the tag
    std::size_t space = command.find(' ');
    command = space == std::string_view::npos ? "" : command.substr(space);
    switch (command_) {
      case Command::capability:
        put("* CAPABILITY ");
        put_capabilities();
        put("\r\n");
        return reply("OK these are they\r\n");
      case Command::noop:
        return reply("OK nothing done\r\n");
      case Command::id:
        put("* ID NIL\r\n");
        return reply("OK done\r\n");
      case Command::logout:
        return close(Answer::goodbye);
      case Command::login: {
        auto user = take_argument(command);
        auto password = take_argument(command);
        if (!user || !password || !command.empty()) return error(Answer::login_malformed);
        return take_login(user->reveal(), password->reveal());
      }
      case Command::authenticate: {
        auto mechanism = take_argument(command);
        if (!mechanism) return error(Answer::login_malformed);
        std::optional<std::string_view> initial;
        if (!command.empty()) initial = trim(command);
        return begin_sasl(mechanism->reveal(), initial);
      }
      case Command::starttls:
      case Command::unknown:
        return error(Answer::unknown_command);
    }
  }

  void put_capabilities() {
    put("IMAP4rev1 SASL-IR LITERAL-");
    if (upgrade_offered()) put(" STARTTLS");
    put(login_offered() ? " AUTH=PLAIN AUTH=LOGIN" : " LOGINDISABLED");
  }

  void say(Answer answer) override {
    if (answer == Answer::greeting) {
      put("* OK [CAPABILITY ");
      put_capabilities();
      put("] ");
      put(options().hostname);
      put(" IMAP\r\n");
    } else if (answer == Answer::goodbye) {
      put("* BYE goodbye\r\n");
      reply("OK done\r\n");
    } else {
      std::string_view words = text(answer);
      if (words.empty()) return;
      words.starts_with('*') ? put(words) : reply(words);
    }
  }

  static std::string_view text(Answer answer) {
    switch (answer) {
      case Answer::greeting:
      case Answer::greeting_inside_tls:
      case Answer::goodbye:
        return "";
      case Answer::upgrade_begins:
        return "OK begin TLS\r\n";
      case Answer::upgrade_with_argument:
        return "BAD STARTTLS stands alone\r\n";
      case Answer::upgrade_twice:
        return "BAD TLS is active already\r\n";
      case Answer::upgrade_not_offered:
        return "BAD STARTTLS is not offered\r\n";
      case Answer::login_in_clear:
        return "NO [PRIVACYREQUIRED] logins need TLS; say STARTTLS first\r\n";
      case Answer::login_not_offered:
        return "NO logins are not taken here\r\n";
      case Answer::login_malformed:
        return "BAD this is not a login\r\n";
      case Answer::login_cancelled:
        return "BAD the login was cancelled\r\n";  // rfc9051#6.2.2
      case Answer::mechanism_unknown:
        return "NO the mechanisms are PLAIN and LOGIN\r\n";
      case Answer::logged_in:
        return "OK logged in\r\n";
      case Answer::login_wrong:
        return "NO [AUTHENTICATIONFAILED] wrong user name or password\r\n";
      case Answer::unknown_command:
        return "BAD no such command here\r\n";
      case Answer::too_long:
        return "* BYE the command is too long\r\n";
      case Answer::bare_line_end:
        return "* BYE a line ends with CR LF and holds no NUL\r\n";
      case Answer::too_many_errors:
        return "* BYE too many errors\r\n";
      case Answer::timed_out:
        return "* BYE waited too long\r\n";
    }
    return "";
  }

  void reply(std::string_view words) {
    put(tag_.empty() ? "*" : std::string_view(tag_));
    put(" ");
    put(words);
  }

  void say_challenge(std::string_view base64) override {
    put("+ ");
    put(base64);
    put("\r\n");
  }

  // The answer to a challenge is a bare line (rfc9051#6.2.2).
  bool has_literals() const override { return !in_sasl(); }
  std::string_view invitation() const override { return "+ go on\r\n"; }
  void forget() override { command_ = Command::unknown; }

  enum class Command : unsigned char {
    unknown,
    capability,
    noop,
    id,
    logout,
    starttls,
    login,
    authenticate,
  };
  static constexpr std::pair<std::string_view, Command> kCommands[] = {
      {"CAPABILITY", Command::capability},
      {"NOOP", Command::noop},
      {"ID", Command::id},
      {"LOGOUT", Command::logout},
      {"STARTTLS", Command::starttls},
      {"LOGIN", Command::login},
      {"AUTHENTICATE", Command::authenticate},
  };

  std::string tag_;  // of the command that is read or awaits its answer
  Command command_ = Command::unknown;
};

}  // namespace

std::unique_ptr<ServerDialog> make_imap_server(const ProtocolRow&, ServerOptions options) {
  return std::make_unique<ImapServer>(std::move(options));
}

}  // namespace pawl::starttls
