// A driver without a network for server dialogs, and what clients say in each protocol: for tests
// and the fuzzer. One user, joe, with the password kPassword.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "starttls/server.h"

namespace pawl::starttls::test {

inline constexpr std::string_view kUser = "joe";
inline constexpr std::string_view kPassword = "open-Sesame";

class ServerPlay {
 public:
  explicit ServerPlay(Protocol protocol, ServerOptions options = {.hostname = "mail.example.org"})
      : server_(row(protocol).make_server(row(protocol), std::move(options))) {
    run();
  }

  // What the server answers; nothing reaches it after the end.
  std::string say(std::string_view bytes) {
    if (alive() && !tls_due) {
      server_->feed(bytes);
      run();
    }
    return take();
  }
  std::string handshake() {
    tls_due = false;
    server_->tls_started();
    run();
    return take();
  }
  std::string time_out() {
    server_->time_out();
    run();
    return take();
  }
  std::string take() { return std::exchange(out_, {}); }
  bool alive() const { return last != ServerEvent::injection && last != ServerEvent::closed; }
  bool owned() const { return last == ServerEvent::established; }
  ServerDialog& dialog() { return *server_; }

  ServerEvent last = ServerEvent::need_input;
  bool tls_due = false;
  std::vector<std::string> tried;  // "joe" for each login that was asked about
  bool tried_in_clear = false;

 private:
  void run() {
    while (true) {
      last = server_->next();
      if (last == ServerEvent::authenticate) {
        tried.emplace_back(server_->user());
        tried_in_clear = tried_in_clear || !server_->secure();
        bool right = server_->user() == kUser && server_->password().reveal() == kPassword;
        right ? server_->accept() : server_->refuse();
        continue;
      }
      out_ += server_->output();
      server_->sent();
      tls_due = last == ServerEvent::start_tls;
      return;
    }
  }

  std::unique_ptr<ServerDialog> server_;
  std::string out_;
};

// What clients say. A list is lines that are to be sent one after the other.
struct Words {
  Protocol protocol;
  std::string_view hello;    // what a client says first, for the capabilities; repeated after TLS
  std::string_view upgrade;  // with CRLF
  std::string_view upgrade_with_argument;
  std::string_view idle;         // does nothing, "" where there is no such command before the login
  std::string_view offer;        // in the capabilities: the upgrade
  std::string_view login_offer;  // ... and logins
  std::string_view no_login;     // ... and that there are none; "" where silence says it
  std::string_view refused_in_clear;         // how the answer to a login in clear begins
  std::string_view upgraded;                 // ... to the upgrade
  std::string_view refused_again;            // ... to a second upgrade
  std::string_view syntax;                   // ... to an upgrade with an argument
  std::span<const std::string_view> logins;  // each in one write; right ones
  std::string_view wrong_login;
};

// base64 of NUL joe NUL open-Sesame
inline constexpr std::string_view kSmtpLogins[] = {
    "AUTH PLAIN AGpvZQBvcGVuLVNlc2FtZQ==\r\n",
    "AUTH PLAIN\r\nAGpvZQBvcGVuLVNlc2FtZQ==\r\n",
    "auth login\r\nam9l\r\nb3Blbi1TZXNhbWU=\r\n",
    "AUTH LOGIN am9l\r\nb3Blbi1TZXNhbWU=\r\n",
};
inline constexpr std::string_view kImapLogins[] = {
    "l LOGIN joe open-Sesame\r\n",
    "l login \"joe\" \"open-Sesame\"\r\n",
    "l LOGIN {3+}\r\njoe {11+}\r\nopen-Sesame\r\n",
    "l LOGIN joe {11}\r\nopen-Sesame\r\n",
    "l AUTHENTICATE PLAIN AGpvZQBvcGVuLVNlc2FtZQ==\r\n",
    "l AUTHENTICATE PLAIN\r\nAGpvZQBvcGVuLVNlc2FtZQ==\r\n",
    "l AUTHENTICATE LOGIN\r\nam9l\r\nb3Blbi1TZXNhbWU=\r\n",
};
inline constexpr std::string_view kPop3Logins[] = {
    "USER joe\r\nPASS open-Sesame\r\n",
    "AUTH PLAIN AGpvZQBvcGVuLVNlc2FtZQ==\r\n",
    "AUTH PLAIN\r\nAGpvZQBvcGVuLVNlc2FtZQ==\r\n",
    "auth login\r\nam9l\r\nb3Blbi1TZXNhbWU=\r\n",
};
inline constexpr std::string_view kSieveLogins[] = {
    "AUTHENTICATE \"PLAIN\" \"AGpvZQBvcGVuLVNlc2FtZQ==\"\r\n",
    "AUTHENTICATE \"PLAIN\" {24+}\r\nAGpvZQBvcGVuLVNlc2FtZQ==\r\n",
    "Authenticate \"PLAIN\"\r\n\"AGpvZQBvcGVuLVNlc2FtZQ==\"\r\n",
    "AUTHENTICATE \"PLAIN\"\r\n{24+}\r\nAGpvZQBvcGVuLVNlc2FtZQ==\r\n",
    "AUTHENTICATE \"LOGIN\"\r\n\"am9l\"\r\n{16+}\r\nb3Blbi1TZXNhbWU=\r\n",
};

inline constexpr Words smtp_words(Protocol protocol, std::string_view hello) {
  return {.protocol = protocol,
          .hello = hello,
          .upgrade = "STARTTLS\r\n",
          .upgrade_with_argument = "STARTTLS now\r\n",
          .idle = "NOOP\r\n",
          .offer = "250-STARTTLS\r\n",
          .login_offer = "250-AUTH PLAIN LOGIN\r\n",
          .no_login = "",
          .refused_in_clear = "538 5.7.11 ",
          .upgraded = "220 2.0.0 ",
          .refused_again = "503 5.5.1 ",
          .syntax = "501 5.5.4 ",
          .logins = kSmtpLogins,
          .wrong_login = "AUTH PLAIN AGpvZQB3cm9uZw==\r\n"};
}

inline constexpr Words kWords[] = {
    smtp_words(Protocol::smtp, "EHLO client.example\r\n"),
    smtp_words(Protocol::submission, "EHLO client.example\r\n"),
    smtp_words(Protocol::lmtp, "LHLO client.example\r\n"),
    {.protocol = Protocol::imap,
     .hello = "c CAPABILITY\r\n",
     .upgrade = "s STARTTLS\r\n",
     .upgrade_with_argument = "s STARTTLS now\r\n",
     .idle = "n NOOP\r\n",
     .offer = " STARTTLS",
     .login_offer = " AUTH=PLAIN",
     .no_login = " LOGINDISABLED",
     .refused_in_clear = "l NO [PRIVACYREQUIRED] ",
     .upgraded = "s OK ",
     .refused_again = "s BAD ",
     .syntax = "s BAD ",
     .logins = kImapLogins,
     .wrong_login = "l LOGIN joe wrong\r\n"},
    {.protocol = Protocol::pop3,
     .hello = "CAPA\r\n",
     .upgrade = "STLS\r\n",
     .upgrade_with_argument = "STLS now\r\n",
     .idle = "",
     .offer = "STLS\r\n",
     .login_offer = "USER\r\nSASL PLAIN",
     .no_login = "",
     .refused_in_clear = "-ERR [AUTH] ",
     .upgraded = "+OK ",
     .refused_again = "-ERR ",
     .syntax = "-ERR ",
     .logins = kPop3Logins,
     .wrong_login = "AUTH PLAIN AGpvZQB3cm9uZw==\r\n"},
    {.protocol = Protocol::sieve,
     .hello = "CAPABILITY\r\n",
     .upgrade = "STARTTLS\r\n",
     .upgrade_with_argument = "STARTTLS \"now\"\r\n",
     .idle = "NOOP\r\n",
     .offer = "\"STARTTLS\"\r\n",
     .login_offer = "\"SASL\" \"PLAIN LOGIN\"\r\n",
     .no_login = "\"SASL\" \"\"\r\n",
     .refused_in_clear = "NO (ENCRYPT-NEEDED) ",
     .upgraded = "OK ",
     .refused_again = "NO ",
     .syntax = "NO ",
     .logins = kSieveLogins,
     .wrong_login = "AUTHENTICATE \"PLAIN\" \"AGpvZQB3cm9uZw==\"\r\n"},
};

}  // namespace pawl::starttls::test
