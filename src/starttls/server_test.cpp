// What each vulnerability class of the field does to our servers, in every protocol.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "starttls/test_server.h"

namespace pawl::starttls {
namespace {

using test::ServerPlay;
using test::Words;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const ServerOptions kOptions{.hostname = "mail.example.org"};

class Server : public testing::TestWithParam<Words> {
 protected:
  const Words& words() const { return GetParam(); }
  ServerPlay play(ServerOptions options = kOptions) const {
    return ServerPlay(words().protocol, std::move(options));
  }
  // As far as the first answer inside TLS.
  ServerPlay secured(ServerOptions options = kOptions) const {
    ServerPlay server = play(std::move(options));
    server.say(words().hello);
    server.say(words().upgrade);
    EXPECT_TRUE(server.tls_due);
    server.handshake();
    server.say(words().hello);
    return server;
  }
  void expect_no_secret(std::string_view output) const {
    for (std::string_view secret : {test::kPassword, test::kUser, std::string_view("AGpv"),
                                    std::string_view("am9l"), std::string_view("b3Bl")}) {
      EXPECT_THAT(std::string(output), Not(HasSubstr(std::string(secret))));
    }
  }
};

TEST_P(Server, OffersTheUpgradeAndNoLoginBeforeTls) {
  std::string offered = play().say(words().hello);
  EXPECT_THAT(offered, HasSubstr(std::string(words().offer)));
  EXPECT_THAT(offered, HasSubstr(std::string(words().no_login)));
  EXPECT_THAT(offered, Not(HasSubstr(std::string(words().login_offer))));
}

TEST_P(Server, PlaintextAuthenticationRefused) {
  for (std::string_view login : words().logins) {
    SCOPED_TRACE(login);
    ServerPlay server = play();
    server.say(words().hello);
    std::string answer = server.say(login);
    EXPECT_THAT(answer, StartsWith(std::string(words().refused_in_clear)));
    expect_no_secret(answer);
    EXPECT_TRUE(server.tried.empty());
    EXPECT_EQ(server.dialog().user(), "");
    EXPECT_EQ(server.dialog().password().reveal(), "");
    EXPECT_TRUE(server.alive());
  }
}

TEST_P(Server, PlaintextAuthenticationRefusedByteByByte) {
  for (std::string_view login : words().logins) {
    SCOPED_TRACE(login);
    ServerPlay server = play();
    server.say(words().hello);
    std::string answer;
    for (char c : login) answer += server.say(std::string_view(&c, 1));
    EXPECT_THAT(answer, StartsWith(std::string(words().refused_in_clear)));
    expect_no_secret(answer);
    EXPECT_TRUE(server.tried.empty());
  }
}

TEST_P(Server, TakesEachLoginInsideTls) {
  for (std::string_view login : words().logins) {
    SCOPED_TRACE(login);
    ServerPlay server = secured();
    server.say(login);
    ASSERT_TRUE(server.owned());
    EXPECT_EQ(server.dialog().user(), test::kUser);
    EXPECT_EQ(server.dialog().password().reveal(), test::kPassword);
    EXPECT_TRUE(server.dialog().secure());
    EXPECT_EQ(server.dialog().take_input(), "");
    ServerPlay slow = secured();
    for (char c : login) slow.say(std::string_view(&c, 1));
    EXPECT_TRUE(slow.owned());
  }
}

TEST_P(Server, CapabilityAfterTls) {
  ServerPlay server = play();
  server.say(words().upgrade);
  ASSERT_TRUE(server.tls_due);
  server.handshake();
  std::string offered = server.say(words().hello);
  EXPECT_THAT(offered, Not(HasSubstr(std::string(words().offer))));
  EXPECT_THAT(offered, HasSubstr(std::string(words().login_offer)));
  if (!words().no_login.empty()) {
    EXPECT_THAT(offered, Not(HasSubstr(std::string(words().no_login))));
  }
}

TEST_P(Server, SpeaksFirstInsideTlsOnlyWhereTheTableSaysSo) {
  ServerPlay server = play();
  server.say(words().upgrade);
  std::string first = server.handshake();
  if (row(words().protocol).first_after_upgrade == FirstAfterUpgrade::client) {
    EXPECT_EQ(first, "");
  } else {
    EXPECT_THAT(first, HasSubstr(std::string(words().login_offer)));
    EXPECT_THAT(first, Not(HasSubstr(std::string(words().offer))));
  }
}

TEST_P(Server, ImplicitTlsOffersLoginsAndNoUpgrade) {
  ServerPlay server = play({.hostname = "mail.example.org", .implicit_tls = true});
  EXPECT_NE(server.take(), "");
  std::string offered = server.say(words().hello);
  EXPECT_THAT(offered, Not(HasSubstr(std::string(words().offer))));
  EXPECT_THAT(offered, HasSubstr(std::string(words().login_offer)));
  server.say(words().logins[0]);
  EXPECT_TRUE(server.owned());
}

TEST_P(Server, StarttlsTwice) {
  ServerPlay server = secured();
  EXPECT_THAT(server.say(words().upgrade), StartsWith(std::string(words().refused_again)));
  EXPECT_FALSE(server.tls_due);
  EXPECT_TRUE(server.alive());
}

TEST_P(Server, StarttlsWithAnArgumentIsASyntaxError) {
  ServerPlay server = play();
  server.take();
  EXPECT_THAT(server.say(words().upgrade_with_argument), StartsWith(std::string(words().syntax)));
  EXPECT_FALSE(server.tls_due);
  EXPECT_TRUE(server.alive());
}

TEST_P(Server, StarttlsIsRefusedWithoutACertificate) {
  ServerPlay server = play({.hostname = "mail.example.org", .starttls = false});
  EXPECT_THAT(server.say(words().hello), Not(HasSubstr(std::string(words().offer))));
  EXPECT_THAT(server.say(words().upgrade), Not(StartsWith(std::string(words().upgraded))));
  EXPECT_FALSE(server.tls_due);
  EXPECT_THAT(server.say(words().logins[0]), StartsWith(std::string(words().refused_in_clear)));
}

TEST_P(Server, StarttlsAfterAuthentication) {
  ServerPlay server = secured();
  server.say(std::string(words().logins[0]) + std::string(words().upgrade));
  EXPECT_TRUE(server.owned());
  EXPECT_EQ(server.dialog().take_input(), words().upgrade) << "it is the owner's to refuse";
}

TEST_P(Server, NoLoginsWhereThereAreNone) {
  ServerPlay server = secured({.hostname = "mail.example.org", .authentication = false});
  EXPECT_THAT(server.say(words().hello), Not(HasSubstr(std::string(words().login_offer))));
  for (std::string_view login : words().logins) server.say(login);
  EXPECT_TRUE(server.tried.empty());
}

// CVE-2011-0411: what stands behind the upgrade would run as if it had come under TLS.
TEST_P(Server, CommandInjection) {
  for (std::string_view behind :
       {words().hello, words().logins[0], std::string_view("x"), std::string_view("\r\n")}) {
    SCOPED_TRACE(behind);
    ServerPlay server = play();
    server.take();
    EXPECT_EQ(server.say(std::string(words().upgrade) + std::string(behind)), "")
        << "the success reply would begin a handshake";
    EXPECT_EQ(server.last, ServerEvent::injection);
    server.dialog().tls_started();
    EXPECT_EQ(server.dialog().next(), ServerEvent::injection) << "nothing revives it";
    EXPECT_EQ(server.dialog().output(), "");
  }
}

TEST_P(Server, EarlyBytes) {
  ServerPlay server = play();
  server.say(words().upgrade);
  ASSERT_TRUE(server.tls_due);
  server.dialog().feed(words().hello);
  server.dialog().tls_started();
  EXPECT_EQ(server.dialog().next(), ServerEvent::injection) << "a handshake does not excuse them";
}

TEST_P(Server, CommandsBeforeTheUpgradeArePipelined) {
  ServerPlay server = play();
  server.say(std::string(words().hello) + std::string(words().upgrade));
  EXPECT_TRUE(server.tls_due);
}

// Whatever an attacker said in clear, the client's session inside TLS is as if it had not been.
TEST_P(Server, StateFixation) {
  ServerPlay fresh = play();
  fresh.say(words().upgrade);
  std::string expected = fresh.handshake();
  for (std::string_view before : words().logins) {
    SCOPED_TRACE(before);
    ServerPlay server = play();
    server.say(words().hello);
    server.say(before);
    server.say(words().idle);
    server.say(words().upgrade);
    ASSERT_TRUE(server.tls_due);
    EXPECT_EQ(server.handshake(), expected);
    EXPECT_EQ(server.dialog().client_name(), "");
    EXPECT_EQ(server.dialog().user(), "");
    server.say("PASS open-Sesame\r\n");
    server.say("AGpvZQBvcGVuLVNlc2FtZQ==\r\n");
    EXPECT_TRUE(server.tried.empty()) << "half a login survived";
  }
}

// A driver that did not send in time must not make the answer to a command in clear the first one
// inside TLS.
TEST_P(Server, AnswersOfBeforeTheUpgradeAreNotSentInsideIt) {
  ServerPlay fresh = play();
  fresh.say(words().upgrade);
  std::string expected = fresh.handshake();
  auto server = row(words().protocol).make_server(row(words().protocol), kOptions);
  server->next();
  server->feed(std::string(words().hello) + std::string(words().upgrade));
  ASSERT_EQ(server->next(), ServerEvent::start_tls);
  server->tls_started();
  EXPECT_EQ(server->next(), ServerEvent::need_input);
  EXPECT_EQ(server->output(), expected);
}

TEST_P(Server, ErrorsAreCountedAndForgottenByTheUpgrade) {
  ServerPlay server = play({.hostname = "mail.example.org", .max_errors = 3});
  for (int i = 0; i < 3; ++i) server.say("l nonsense\r\n");
  ASSERT_TRUE(server.alive());
  server.say(words().upgrade);
  server.handshake();
  for (int i = 0; i < 3; ++i) server.say("l nonsense\r\n");
  EXPECT_TRUE(server.alive());
  EXPECT_NE(server.say("l nonsense\r\n"), "");
  EXPECT_EQ(server.last, ServerEvent::closed);
}

TEST_P(Server, GuessingIsBounded) {
  ServerPlay server = secured({.hostname = "mail.example.org", .max_errors = 4});
  for (int i = 0; i < 20; ++i) server.say(words().wrong_login);
  EXPECT_EQ(server.last, ServerEvent::closed);
  EXPECT_GE(server.tried.size(), 1U);
  EXPECT_LE(server.tried.size(), 5U);
}

TEST_P(Server, AWrongLoginIsForgotten) {
  ServerPlay server = secured();
  server.say(words().wrong_login);
  EXPECT_EQ(server.tried.size(), 1U);
  EXPECT_EQ(server.dialog().user(), "");
  EXPECT_EQ(server.dialog().password().reveal(), "");
  server.say(words().logins[0]);
  EXPECT_TRUE(server.owned());
}

TEST_P(Server, OversizedLine) {
  ServerPlay server = play();
  std::string answer;
  std::size_t sent = 0;
  for (; server.alive() && sent < 1'000'000; sent += 100)
    answer = server.say(std::string(100, 'a'));
  EXPECT_EQ(server.last, ServerEvent::closed);
  EXPECT_LT(sent, 20'000U);
  EXPECT_NE(answer, "");
}

TEST_P(Server, OversizedLiteral) {
  if (words().protocol != Protocol::imap && words().protocol != Protocol::sieve) return;
  for (std::string_view size : {"{20000+}", "{99999999999999999999+}", "{12288+}"}) {
    SCOPED_TRACE(size);
    ServerPlay server = secured();
    server.say("l LOGIN " + std::string(size) + "\r\n");
    if (server.alive()) server.say("AUTHENTICATE " + std::string(size) + "\r\n");
    EXPECT_EQ(server.last, ServerEvent::closed);
  }
}

// An LF alone may end the line for whoever stands before us, and the rest be a command to him.
TEST_P(Server, ALineEndsWithCrLfAndNothingElse) {
  for (std::string_view line :
       {std::string_view("l NOOP\nl NOOP\r\n"), std::string_view("l NOOP\rl NOOP\r\n")}) {
    ServerPlay server = play();
    EXPECT_NE(server.say(line), "");
    EXPECT_EQ(server.last, ServerEvent::closed);
  }
}

TEST_P(Server, AfterTheEndNothingIsRead) {
  ServerPlay server = secured();
  server.say("\n");
  ASSERT_EQ(server.last, ServerEvent::closed);
  server.dialog().feed(words().logins[0]);
  EXPECT_EQ(server.dialog().next(), ServerEvent::closed);
  EXPECT_TRUE(server.tried.empty());
}

TEST_P(Server, ATimeOutEndsTheSessionAndIsSilentInAHandshake) {
  ServerPlay idle = play();
  idle.time_out();
  EXPECT_EQ(idle.last, ServerEvent::closed);
  ServerPlay server = play();
  server.say(words().upgrade);
  EXPECT_EQ(server.time_out(), "");
  EXPECT_EQ(server.last, ServerEvent::closed);
  server.dialog().tls_started();
  EXPECT_EQ(server.dialog().next(), ServerEvent::closed);
}

INSTANTIATE_TEST_SUITE_P(All, Server, testing::ValuesIn(test::kWords), [](const auto& info) {
  return std::string(row(info.param.protocol).name);
});

TEST(ImapServer, ALiteralThatHoldsASecretIsNotInvitedBeforeTls) {
  ServerPlay server(Protocol::imap);
  server.take();
  EXPECT_THAT(server.say("l LOGIN {3}\r\n"), StartsWith("l NO [PRIVACYREQUIRED] "));
  EXPECT_THAT(server.say("n NOOP\r\n"), StartsWith("n OK ")) << "nobody waits for the literal";
  EXPECT_THAT(server.say("l LOGIN joe {11+}\r\nn NOOP\r\n123\r\nm NOOP\r\n"),
              testing::AllOf(HasSubstr("m OK "), Not(HasSubstr("n OK "))))
      << "a literal that came unasked is no command";
}

TEST(ImapServer, WhatHasNoTagIsNotRepeated) {
  ServerPlay server(Protocol::imap);
  server.take();
  EXPECT_EQ(server.say("b3Blbi1TZXNhbWU=\r\n"), "* BAD no such command here\r\n");
  EXPECT_EQ(server.say("{11} open-Sesame\r\n"), "* BAD no such command here\r\n");
}

TEST(Pop3Server, AUserGivenInClearDoesNotSurvive) {
  ServerPlay server(Protocol::pop3);
  server.say("USER joe\r\n");
  server.say("STLS\r\n");
  server.handshake();
  EXPECT_THAT(server.say("PASS open-Sesame\r\n"), StartsWith("-ERR "));
  EXPECT_TRUE(server.tried.empty());
}

TEST(Pop3Server, PassStandsBehindUser) {
  ServerPlay server(Protocol::pop3, {.hostname = "h", .implicit_tls = true});
  server.say("USER joe\r\nCAPA\r\n");
  EXPECT_THAT(server.say("PASS open-Sesame\r\n"), StartsWith("-ERR "));
  EXPECT_TRUE(server.tried.empty());
}

TEST(SieveServer, NoopBringsBackItsTag) {
  ServerPlay server(Protocol::sieve);
  server.take();
  EXPECT_EQ(server.say("NOOP \"x 1\"\r\n"), "OK (TAG \"x 1\")\r\n");
  EXPECT_THAT(server.say("NOOP \"\\\"\"\r\n"), StartsWith("NO "));
}

TEST(SmtpServer, MailInClearMakesAnOwnerWhereItIsTaken) {
  ServerPlay server(Protocol::smtp,
                    {.hostname = "mx.example.org", .authentication = false, .clear_mail = true});
  server.say("EHLO client.example\r\n");
  EXPECT_EQ(server.say("NOOP\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"),
            "250 2.0.0 nothing done\r\n");
  ASSERT_TRUE(server.owned());
  EXPECT_EQ(server.dialog().client_name(), "client.example");
  EXPECT_EQ(server.dialog().take_input(),
            "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n");
}

TEST(SmtpServer, MailInClearIsRefusedWhereItIsNot) {
  for (Protocol protocol : {Protocol::smtp, Protocol::lmtp, Protocol::submission}) {
    ServerPlay server(protocol);
    server.say(protocol == Protocol::lmtp ? "LHLO c\r\n" : "EHLO c\r\n");
    EXPECT_THAT(server.say("MAIL FROM:<a@example.org>\r\n"), StartsWith("530 5.7.0 "));
    EXPECT_FALSE(server.owned());
  }
}

TEST(SmtpServer, MailInsideTlsMakesAnOwner) {
  ServerPlay server(Protocol::smtp);
  server.say("STARTTLS\r\n");
  server.handshake();
  EXPECT_THAT(server.say("MAIL FROM:<a@example.org>\r\n"), StartsWith("503 5.5.1 "))
      << "EHLO was not said";
  server.say("EHLO c\r\nMAIL FROM:<a@example.org>\r\n");
  ASSERT_TRUE(server.owned());
  EXPECT_EQ(server.dialog().take_input(), "MAIL FROM:<a@example.org>\r\n");
}

TEST(SmtpServer, SubmissionWantsALogin) {
  ServerPlay server(Protocol::submission, {.hostname = "h", .implicit_tls = true});
  server.say("EHLO c\r\n");
  EXPECT_THAT(server.say("MAIL FROM:<a@example.org>\r\n"), StartsWith("530 5.7.0 "));
  server.say("AUTH PLAIN AGpvZQBvcGVuLVNlc2FtZQ==\r\nMAIL FROM:<a@example.org>\r\n");
  ASSERT_TRUE(server.owned());
  EXPECT_EQ(server.dialog().take_input(), "MAIL FROM:<a@example.org>\r\n");
}

TEST(SmtpServer, LmtpKnowsLhloOnly) {
  ServerPlay server(Protocol::lmtp);
  EXPECT_EQ(server.take(), "220 mail.example.org LMTP\r\n");
  EXPECT_THAT(server.say("EHLO c\r\n"), StartsWith("500 "));
  EXPECT_THAT(server.say("LHLO c\r\n"), StartsWith("250-"));
  ServerPlay smtp(Protocol::smtp);
  smtp.take();
  EXPECT_THAT(smtp.say("LHLO c\r\n"), StartsWith("500 "));
}

}  // namespace
}  // namespace pawl::starttls
