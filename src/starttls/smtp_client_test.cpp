// What the SMTP family adds to client_rules_test.cpp; its own rules are tested in smtp/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "starttls/test_client.h"

namespace pawl::starttls {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TestClient in_clear(Protocol protocol, Mode mode = Mode::never) {
  ClientOptions options;
  options.mode = mode;
  options.client_name = "mail.example.net";
  TestClient client(protocol, options);
  std::string hello = protocol == Protocol::lmtp ? "LHLO" : "EHLO";
  EXPECT_EQ(client.says("220 x\r\n"), hello + " mail.example.net\r\n");
  client.says("250-x\r\n250-SIZE 100\r\n250 AUTH PLAIN LOGIN\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  client.clear();
  return client;
}

TEST(SmtpClient, KeepsCapabilitiesAsTheyWereSent) {
  TestClient client = in_clear(Protocol::smtp);
  EXPECT_THAT(client.dialog().capabilities(), ElementsAre("SIZE 100", "AUTH PLAIN LOGIN"));
}

TEST(SmtpClient, LogsInInClearWhereTheUserNamedAModeThatMay) {
  for (Mode mode : {Mode::never, Mode::if_available}) {
    TestClient client = in_clear(Protocol::submission, mode);
    EXPECT_EQ(client.log_in(), "AUTH PLAIN AGpvZQBzZXNhbWU=\r\n");
    client.says("235 in\r\n");
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::logged_in));
  }
}

TEST(SmtpClient, ARefusedLoginIsOne) {
  for (std::string_view reply : {"535 5.7.8 wrong\r\n", "454 4.7.0 later\r\n"}) {
    TestClient client = in_clear(Protocol::submission);
    client.log_in();
    client.says(reply);
    EXPECT_EQ(client.failure(), Code::auth_failed);
  }
}

TEST(SmtpClient, SendsMailCommandByCommand) {
  TestClient client = in_clear(Protocol::smtp);
  const std::vector<std::pair<std::string, std::string>> steps = {
      {"MAIL FROM:<joe@example.org>\r\n", "250-a\r\n250 b\r\n"},
      {"RCPT TO:<ann@example.com>\r\n", "250\r\n"},
      {"DATA\r\n", "354 go on\r\n"},
      {"Subject: x\r\n\r\n.\r\n", "250 taken\r\n"}};
  for (const auto& [command, reply] : steps) {
    EXPECT_EQ(client.send(command), command);
    client.says(reply);
    EXPECT_EQ(client.dialog().reply(), reply);
  }
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::reply, ClientEvent::reply, ClientEvent::reply,
                                         ClientEvent::reply));
  EXPECT_EQ(client.log_out(), "QUIT\r\n");
  client.says("221 bye\r\n");
  EXPECT_EQ(client.events.back(), ClientEvent::closed);
}

TEST(SmtpClient, LmtpAnswersTheContentForEachRecipient) {
  TestClient client = in_clear(Protocol::lmtp);
  client.send("MAIL FROM:<>\r\n");
  client.says("250 ok\r\n");
  for (std::string_view reply : {"250 ok\r\n", "550 no\r\n", "250 ok\r\n"}) {
    client.send("RCPT TO:<ann@example.com>\r\n");
    client.says(reply);
  }
  client.send("DATA\r\n");
  client.says("354 go on\r\n");
  client.clear();
  client.send("x\r\n.\r\n");
  client.says("250 one\r\n");
  EXPECT_THAT(client.events, IsEmpty());
  client.says("452 two\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::reply));
  EXPECT_EQ(client.dialog().reply(), "250 one\r\n452 two\r\n");
}

// Two readers of one byte stream must not come to two readings.
TEST(SmtpClient, ABareLineEndInAReplyEndsTheSession) {
  for (std::string_view reply :
       {"250 ok\n550 no\r\n", "250 ok\r550 no\r\n", "250-ok\n250 ok\r\n"}) {
    TestClient client = in_clear(Protocol::smtp);
    client.send("NOOP\r\n");
    client.says(reply);
    EXPECT_EQ(client.failure(), Code::dialog_protocol) << reply;
  }
}

TEST(SmtpClient, ARefusalBeforeTheSessionIsALostConnection) {
  for (std::string_view greeting : {"554 no\r\n", "421 later\r\n"}) {
    TestClient client(Protocol::smtp);
    client.says(greeting);
    EXPECT_EQ(client.failure(), Code::connection_lost);
  }
}

}  // namespace
}  // namespace pawl::starttls
