// What is IMAP's own; what all clients have in common stands in client_rules_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "starttls/test_client.h"

namespace pawl::starttls {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kGreeting = "* OK ready.\r\n";

// A session in clear that was told to stay so, logged out.
TestClient in_clear(std::string_view capabilities) {
  ClientOptions options;
  options.mode = Mode::never;
  TestClient client(Protocol::imap, options);
  client.says(kGreeting);
  client.says("* CAPABILITY IMAP4rev1 " + std::string(capabilities) + "\r\nTAG OK done\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  client.clear();
  return client;
}

TEST(ImapClient, AsksUpgradesAndAsksAgain) {
  TestClient client(Protocol::imap);
  EXPECT_EQ(client.says("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready.\r\n"), "TAG CAPABILITY\r\n");
  EXPECT_EQ(client.says("* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\nTAG OK done\r\n"),
            "TAG STARTTLS\r\n");
  EXPECT_TRUE(client.dialog().upgrade_offered());
  client.says("TAG OK Begin TLS negotiation now.\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::upgrade));
  EXPECT_FALSE(client.dialog().secure());
  EXPECT_EQ(client.tls(), "TAG CAPABILITY\r\n");
  EXPECT_TRUE(client.dialog().secure());
  EXPECT_THAT(client.dialog().capabilities(), IsEmpty());
  client.says("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\nTAG OK done\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::upgrade, ClientEvent::ready));
  EXPECT_THAT(client.dialog().capabilities(), ElementsAre("IMAP4rev1", "SASL-IR", "AUTH=PLAIN"));
  EXPECT_EQ(client.log_in(), "TAG AUTHENTICATE PLAIN AGpvZQBzZXNhbWU=\r\n");
  client.says("TAG OK [CAPABILITY IMAP4rev1 IDLE] Logged in\r\n");
  EXPECT_THAT(client.dialog().capabilities(), ElementsAre("IMAP4rev1", "IDLE"));
  EXPECT_EQ(client.send("NOOP\r\n"), "TAG NOOP\r\n");
  client.says("* 1 EXISTS\r\nTAG OK done\r\n");
  EXPECT_THAT(std::string(client.dialog().reply()), HasSubstr("* 1 EXISTS\r\n"));
  EXPECT_EQ(client.log_out(), "TAG LOGOUT\r\n");
  client.says("* BYE see you\r\nTAG OK done\r\n");
  EXPECT_THAT(client.events,
              ElementsAre(ClientEvent::upgrade, ClientEvent::ready, ClientEvent::logged_in,
                          ClientEvent::reply, ClientEvent::closed));
}

TEST(ImapClient, TagsDifferAndComeFromTheDriversNumber) {
  std::vector<std::string> tags;
  for (std::uint64_t seed : {1U, 2U}) {
    ClientOptions options;
    options.tag_seed = seed;
    TestClient client(Protocol::imap, options);
    client.says(kGreeting);
    tags.push_back(client.tag);
    client.says("* CAPABILITY STARTTLS\r\nTAG OK done\r\n");
    tags.push_back(client.tag);
  }
  std::ranges::sort(tags);
  EXPECT_EQ(std::ranges::unique(tags).size(), 0U);
}

TEST(ImapClient, TheMessageOfPlainWaitsForTheServerWithoutSaslIr) {
  TestClient client = in_clear("AUTH=PLAIN");
  EXPECT_EQ(client.log_in(), "TAG AUTHENTICATE PLAIN\r\n");
  EXPECT_EQ(client.says("+ \r\n"), "AGpvZQBzZXNhbWU=\r\n");
  client.says("TAG OK in\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::logged_in));
}

TEST(ImapClient, ASecondChallengeOfPlainIsAFailure) {
  TestClient client = in_clear("AUTH=PLAIN SASL-IR");
  client.log_in();
  EXPECT_EQ(client.says("+ \r\n"), "");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(ImapClient, LoginQuotesWhatItMust) {
  TestClient client = in_clear("");
  EXPECT_EQ(client.log_in("joe \"x\"", "a\\b"), "TAG LOGIN \"joe \\\"x\\\"\" \"a\\\\b\"\r\n");
  client.says("TAG NO wrong\r\n");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(ImapClient, LoginSendsOtherCharactersAsLiterals) {
  TestClient client = in_clear("");
  EXPECT_EQ(client.log_in("jos\xc3\xa9", "p\xc3\xa4ss"), "TAG LOGIN {5}\r\n");
  EXPECT_EQ(client.says("+ go\r\n"), "jos\xc3\xa9 {5}\r\n");
  EXPECT_EQ(client.says("+ go\r\n"), "p\xc3\xa4ss\r\n");
  client.says("TAG OK in\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::logged_in));
}

TEST(ImapClient, LoginIsNotSentWhereItIsDisabled) {
  TestClient client = in_clear("LOGINDISABLED");
  EXPECT_EQ(client.log_in(), "");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(ImapClient, ALiteralIsDataWhateverStandsInIt) {
  TestClient client = in_clear("");
  client.send("FETCH 1 BODY[]\r\n");
  client.says("* 1 FETCH (BODY[] {" + std::to_string(client.tag.size() + 9) + "}\r\n");
  client.says("TAG OK no\r\nx");
  EXPECT_THAT(client.events, IsEmpty());
  client.says(")\r\nTAG OK done\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::reply));
  EXPECT_THAT(std::string(client.dialog().reply()), EndsWith(client.tag + " OK done\r\n"));
}

TEST(ImapClient, AStatusHasNoLiteral) {
  TestClient client(Protocol::imap);
  EXPECT_EQ(client.says("* OK hello {1000000}\r\n"), "TAG CAPABILITY\r\n");
  client.says("* CAPABILITY STARTTLS\r\nTAG OK {5}\r\n");
  client.says("TAG OK {5}\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::upgrade));
}

TEST(ImapClient, ALiteralBeyondTheLimitIsRefusedWhenItIsAnnounced) {
  TestClient client(Protocol::imap);
  client.says(kGreeting);
  client.says("* LIST {99999999999999999999}\r\n");
  EXPECT_EQ(client.failure(), Code::too_large);
}

TEST(ImapClient, ACommandMayWaitForItsRest) {
  TestClient client = in_clear("");
  EXPECT_EQ(client.send("APPEND x {2}\r\n"), "TAG APPEND x {2}\r\n");
  client.says("+ go on\r\n");
  EXPECT_EQ(client.dialog().reply(), "+ go on\r\n");
  EXPECT_EQ(client.send("hi\r\n"), "hi\r\n");
  client.says("TAG OK done\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::reply, ClientEvent::reply));
}

TEST(ImapClient, AGoodbyeBetweenCommandsIsALostConnection) {
  TestClient client = in_clear("");
  client.says("* 3 EXISTS\r\n");
  EXPECT_THAT(client.events, IsEmpty());
  client.says("* BYE Autologout\r\n");
  EXPECT_EQ(client.failure(), Code::connection_lost);
}

TEST(ImapClient, WordsOfAnAlertAreNotShownWhenAnybodyMayHaveWrittenThem) {
  TestClient client(Protocol::imap);
  client.says("* BYE [ALERT] Call 555-0100 and tell us your password\r\n");
  EXPECT_EQ(client.failure(), Code::connection_lost);
  EXPECT_THAT(client.dialog().error().detail, Not(HasSubstr("555")));
  EXPECT_THAT(client.dialog().error().detail, HasSubstr("said in clear"));
}

}  // namespace
}  // namespace pawl::starttls
