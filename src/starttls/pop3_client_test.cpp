// What is POP3's own; what all clients have in common stands in client_rules_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "starttls/test_client.h"

namespace pawl::starttls {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A session in clear that was told to stay so, logged out.
TestClient in_clear(std::string_view answer_to_capa) {
  ClientOptions options;
  options.mode = Mode::never;
  TestClient client(Protocol::pop3, options);
  EXPECT_EQ(client.says("+OK ready.\r\n"), "CAPA\r\n");
  client.says(answer_to_capa);
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  client.clear();
  return client;
}

TEST(Pop3Client, KeepsCapabilitiesAsTheyWereSent) {
  TestClient client = in_clear("+OK hello\r\nSASL PLAIN LOGIN\r\nSTLS\r\nEXPIRE 60\r\n.\r\n");
  EXPECT_THAT(client.dialog().capabilities(), ElementsAre("SASL PLAIN LOGIN", "STLS", "EXPIRE 60"));
}

TEST(Pop3Client, LogsInWithPlainWhereItIsOffered) {
  TestClient client = in_clear("+OK\r\nSASL CRAM-MD5 PLAIN\r\n.\r\n");
  EXPECT_EQ(client.log_in(), "AUTH PLAIN AGpvZQBzZXNhbWU=\r\n");
  client.says("+OK in\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::logged_in));
}

TEST(Pop3Client, ALongMessageOfPlainWaitsForTheServer) {
  TestClient client = in_clear("+OK\r\nSASL PLAIN\r\n.\r\n");
  EXPECT_EQ(client.log_in("joe", std::string(200, 'x')), "AUTH PLAIN\r\n");
  EXPECT_THAT(client.says("+ \r\n"), testing::StartsWith("AGpvZQB4eHh4"));
  client.says("-ERR [AUTH] no\r\n");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(Pop3Client, ASuccessBeforeTheMessageIsNoLogin) {
  TestClient client = in_clear("+OK\r\nSASL PLAIN\r\n.\r\n");
  client.log_in("joe", std::string(200, 'x'));
  client.says("+OK in\r\n");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(Pop3Client, LogsInWithUserAndPass) {
  for (std::string_view answer : {"+OK\r\nUSER\r\n.\r\n", "-ERR what?\r\n"}) {
    TestClient client = in_clear(answer);
    EXPECT_EQ(client.log_in(), "USER joe\r\n");
    EXPECT_EQ(client.says("+OK\r\n"), "PASS sesame\r\n");
    client.says("+OK in\r\n");
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::logged_in));
  }
}

TEST(Pop3Client, ARefusedNameIsNotFollowedByThePassword) {
  TestClient client = in_clear("+OK\r\nUSER\r\n.\r\n");
  client.log_in();
  EXPECT_EQ(client.says("-ERR plaintext is not allowed\r\n"), "");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(Pop3Client, AServerThatOffersNoLoginGetsNone) {
  TestClient client = in_clear("+OK\r\nTOP\r\n.\r\n");
  EXPECT_EQ(client.log_in(), "");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(Pop3Client, RepliesWithAListEndAtTheDot) {
  for (std::string_view command :
       {"RETR 1\r\n", "list\r\n", "UIDL\r\n", "TOP 1 0\r\n", "CAPA\r\n"}) {
    TestClient client = in_clear("+OK\r\n.\r\n");
    client.send(command);
    client.says("+OK\r\n..\r\n+OK\r\n-ERR\r\n");
    EXPECT_THAT(client.events, IsEmpty()) << command;
    client.says(".\r\n");
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::reply));
    EXPECT_EQ(client.dialog().reply(), "+OK\r\n..\r\n+OK\r\n-ERR\r\n.\r\n");
  }
}

TEST(Pop3Client, OtherRepliesAreOneLine) {
  for (std::string_view command : {"STAT\r\n", "LIST 1\r\n", "UIDL 1\r\n", "DELE 1\r\n"}) {
    TestClient client = in_clear("+OK\r\n.\r\n");
    client.send(command);
    client.says("+OK 1 2\r\n");
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::reply)) << command;
  }
  TestClient refused = in_clear("+OK\r\n.\r\n");
  refused.send("RETR 9\r\n");
  refused.says("-ERR no such message\r\n");
  EXPECT_THAT(refused.events, ElementsAre(ClientEvent::reply));
}

TEST(Pop3Client, AGreetingThatRefusesEndsTheSession) {
  TestClient client(Protocol::pop3);
  client.says("-ERR too many connections\r\n");
  EXPECT_EQ(client.failure(), Code::connection_lost);
}

}  // namespace
}  // namespace pawl::starttls
