// What a server of each protocol says in a session that upgrades as it should, and what somebody on
// the path says instead: for tests. TAG is the tag of the last command.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "starttls/protocol.h"

namespace pawl::starttls {

struct ServerWords {
  Protocol protocol;
  std::string greeting;
  std::string capabilities;  // with the upgrade; empty: they stand in the greeting
  std::string stripped;      // the same without it
  std::string granted;
  std::string in_tls;              // the first thing inside TLS
  std::string without_login;       // ... where nothing to log in with is offered
  std::string offers_again;        // ... where the upgrade is still offered
  std::string unknown_question;    // the server knows no extensions; empty: there is no such state
  std::string spliced;             // what the greeting of another session does to the first answer
  std::vector<std::string> login;  // the answers to it
  std::vector<std::string> refusals;
  std::vector<std::string> nonsense;  // neither success nor refusal
  std::string command;                // harmless, for send()
  std::string answer;
  std::string goodbye;
};

inline const std::vector<ServerWords>& all_words() {
  static const std::vector<ServerWords> kAll = [] {
    ServerWords smtp{
        .protocol = Protocol::smtp,
        .greeting = "220 mail.example.org ESMTP\r\n",
        .capabilities = "250-mail.example.org\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
        .stripped = "250-mail.example.org\r\n250 AUTH PLAIN\r\n",
        .granted = "220 2.0.0 Ready to start TLS\r\n",
        .in_tls = "250-mail.example.org\r\n250 AUTH PLAIN\r\n",
        .without_login = "250 mail.example.org\r\n",
        .offers_again = "250-mail.example.org\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
        .unknown_question = "502 5.5.1 command not implemented\r\n",
        .spliced = "220 mail.example.org ESMTP\r\n250-mail.example.org\r\n250 AUTH PLAIN\r\n",
        .login = {"235 2.7.0 in\r\n"},
        .refusals = {"454 4.7.0 TLS not available\r\n", "501 5.5.4 syntax\r\n",
                     "502 5.5.1 not implemented\r\n", "503 5.5.1 sequence\r\n", "500 what\r\n",
                     "554 5.7.3 no\r\n", "450 later\r\n", "530 5.7.0 no\r\n"},
        .nonsense = {"354 go on\r\n", "334 \r\n", "+ \r\n", "x OK go\r\n", "+OK go\r\n",
                     "OK \"go\"\r\n", "220x\r\n", "2200 go\r\n", "\r\n", "<proceed/>\r\n"},
        .command = "NOOP\r\n",
        .answer = "250 2.0.0 fine\r\n",
        .goodbye = "221 2.0.0 bye\r\n",
    };
    ServerWords submission = smtp;
    submission.protocol = Protocol::submission;
    ServerWords lmtp = smtp;
    lmtp.protocol = Protocol::lmtp;
    lmtp.unknown_question.clear();  // LHLO is not an extension of anything
    ServerWords imap{
        .protocol = Protocol::imap,
        .greeting = "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready.\r\n",
        .capabilities = "* CAPABILITY IMAP4rev1 SASL-IR STARTTLS AUTH=PLAIN\r\nTAG OK done\r\n",
        .stripped = "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\nTAG OK done\r\n",
        .granted = "TAG OK Begin TLS negotiation now.\r\n",
        .in_tls = "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\nTAG OK done\r\n",
        .without_login = "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n",
        .offers_again = "* CAPABILITY IMAP4rev1 STARTTLS SASL-IR AUTH=PLAIN\r\nTAG OK done\r\n",
        .unknown_question = "TAG BAD unknown command\r\n",
        .spliced = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready.\r\n",
        .login = {"TAG OK in\r\n"},
        .refusals = {"TAG NO not now\r\n", "TAG BAD unknown command\r\n", "TAG NO\r\n"},
        .nonsense = {"+ go on\r\n", "+\r\n", "TAG GO on\r\n", "TAG\r\n", "TAG PREAUTH hello\r\n",
                     "220 go\r\n", "200 go\r\n", "354 go\r\n", "+OK go\r\n", "OK \"go\"\r\n",
                     "x OK go\r\n", "\r\n"},
        .command = "NOOP\r\n",
        .answer = "* 1 EXISTS\r\nTAG OK done\r\n",
        .goodbye = "* BYE see you\r\nTAG OK done\r\n",
    };
    ServerWords pop3{
        .protocol = Protocol::pop3,
        .greeting = "+OK ready. <17.42@mail.example.org>\r\n",
        .capabilities = "+OK\r\nUSER\r\nSTLS\r\nSASL PLAIN\r\n.\r\n",
        .stripped = "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
        .granted = "+OK Begin TLS negotiation now.\r\n",
        .in_tls = "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
        .without_login = "+OK\r\nTOP\r\n.\r\n",
        .offers_again = "+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n",
        .unknown_question = "-ERR Unknown command: CAPA\r\n",
        .spliced = "+OK ready.\r\n+OK\r\nUSER\r\n.\r\n",
        .login = {"+OK Logged in.\r\n"},
        .refusals = {"-ERR Unknown command: STLS\r\n", "-ERR\r\n", "-ERR [SYS/TEMP] later\r\n"},
        .nonsense = {"+ \r\n", "+\r\n", "+OKAY\r\n", "+ok go\r\n", "OK go\r\n", "220 go\r\n",
                     "200 go\r\n", "354 go\r\n", "x OK go\r\n", ".\r\n", "\r\n"},
        .command = "NOOP\r\n",
        .answer = "+OK\r\n",
        .goodbye = "+OK bye\r\n",
    };
    const std::string list = "\"IMPLEMENTATION\" \"Pigeonhole\"\r\n\"SIEVE\" \"fileinto\"\r\n";
    const std::string plain = "\"SASL\" \"PLAIN LOGIN\"\r\n";
    ServerWords sieve{
        .protocol = Protocol::sieve,
        .greeting = list + plain + "\"STARTTLS\"\r\n\"VERSION\" \"1.0\"\r\nOK \"ready.\"\r\n",
        .capabilities = "",
        .stripped = list + plain + "\"VERSION\" \"1.0\"\r\nOK \"ready.\"\r\n",
        .granted = "OK \"Begin TLS negotiation now.\"\r\n",
        .in_tls = list + plain + "\"VERSION\" \"1.0\"\r\nOK \"TLS negotiation successful.\"\r\n",
        .without_login = list + "\"SASL\" \"\"\r\nOK\r\n",
        .offers_again = "",
        .unknown_question = "",
        .spliced = list + plain + "\"STARTTLS\"\r\nOK \"ready.\"\r\n",
        .login = {"OK \"Logged in.\"\r\n"},
        .refusals = {"NO \"TLS is not available.\"\r\n", "NO\r\n", "no {3}\r\nnot\r\n"},
        .nonsense = {"+ go\r\n", "OKAY\r\n", "\"STARTTLS\"\r\n", "{2}\r\nOK\r\n", "220 go\r\n",
                     "200 go\r\n", "354 go\r\n", "+OK go\r\n", "x OK go\r\n", "\r\n"},
        .command = "NOOP\r\n",
        .answer = "OK \"done\"\r\n",
        .goodbye = "OK \"bye\"\r\n",
    };
    return std::vector<ServerWords>{smtp, submission, lmtp, imap, pop3, sieve};
  }();
  return kAll;
}

inline std::string name_of(const ServerWords& words) {
  return std::string(row(words.protocol).name);
}

inline void PrintTo(const ServerWords& words, std::ostream* to) {
  *to << name_of(words);
}

}  // namespace pawl::starttls
