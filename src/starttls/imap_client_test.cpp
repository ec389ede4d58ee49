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

// There is no upgrade in the authenticated state, so a client that believes it stays in clear.
TEST(ImapClient, Preauth) {
  for (Mode mode : {Mode::required, Mode::if_available}) {
    ClientOptions options;
    options.mode = mode;
    TestClient client(Protocol::imap, options);
    EXPECT_EQ(client.says("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n"), "");
    EXPECT_EQ(client.failure(), Code::preauthenticated);
    EXPECT_EQ(client.send("APPEND Sent {5}\r\n"), "");
  }
}

TEST(ImapClient, PreauthNeedsNoLoginWhereTheUserWantsNoTlsOrHasIt) {
  for (bool implicit : {true, false}) {
    ClientOptions options;
    options.implicit_tls = implicit;
    options.mode = implicit ? Mode::required : Mode::never;
    TestClient client(Protocol::imap, options);
    client.says("* PREAUTH hello\r\n");
    client.says("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done\r\n");
    EXPECT_EQ(client.log_in(), "");
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready, ClientEvent::logged_in));
  }
}

TEST(ImapClient, PreauthInsideAnUpgradeIsASecondGreeting) {
  TestClient client(Protocol::imap);
  client.says(kGreeting);
  client.says("* CAPABILITY STARTTLS\r\nTAG OK done\r\n");
  client.says("TAG OK go\r\n");
  client.tls();
  client.says("* PREAUTH hello\r\n");
  EXPECT_EQ(client.failure(), Code::unexpected_greeting);
}

TEST(ImapClient, UntaggedDataBeforeTls) {
  const std::vector<std::string> untagged = {"* LIST () \"/\" 7XiYhgS7\r\n",
                                             "* LSUB () \"/\" jcaZji2A\r\n",
                                             "* STATUS x (MESSAGES 529001)\r\n",
                                             "* SEARCH 1 2 3\r\n",
                                             "* FLAGS (\\Seen)\r\n",
                                             "* 529001 EXISTS\r\n",
                                             "* 5 RECENT\r\n",
                                             "* 3 EXPUNGE\r\n",
                                             "* 1 FETCH (BODY[] {5}\r\nhello)\r\n",
                                             "* OK [ALERT] call us\r\n"};
  for (const std::string& data : untagged) {
    TestClient client(Protocol::imap);
    client.says(std::string(kGreeting) + data);
    client.says(data + "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n" + data + "TAG OK done\r\n");
    client.says(data + "TAG OK go\r\n");
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::upgrade)) << data;
    client.tls();
    EXPECT_THAT(client.dialog().reply(), IsEmpty());
    EXPECT_THAT(client.dialog().capabilities(), IsEmpty());
    client.says("* CAPABILITY IMAP4rev1 SASL-IR\r\nTAG OK done\r\n");
    EXPECT_THAT(client.dialog().capabilities(), ElementsAre("IMAP4rev1", "SASL-IR"));
  }
}

TEST(ImapClient, AListThatNobodyAskedForIsNoOffer) {
  TestClient client(Protocol::imap);
  client.says("* OK [CAPABILITY STARTTLS] ready.\r\n* CAPABILITY STARTTLS\r\n");
  client.says("TAG OK done\r\n");
  EXPECT_EQ(client.failure(), Code::starttls_not_offered);
}

TEST(ImapClient, ReferralBeforeTls) {
  const std::string referral = "[REFERRAL imap://joe@mail.example.net/] elsewhere\r\n";
  TestClient greeted(Protocol::imap);
  EXPECT_EQ(greeted.says("* OK " + referral), "");
  EXPECT_EQ(greeted.failure(), Code::dialog_protocol);
  TestClient dismissed(Protocol::imap);
  dismissed.says("* BYE " + referral);
  EXPECT_EQ(dismissed.failure(), Code::connection_lost);
  for (std::string_view answer : {"TAG OK ", "TAG NO ", "* NO "}) {
    TestClient client(Protocol::imap);
    client.says(kGreeting);
    EXPECT_EQ(client.says(std::string(answer) + referral), "");
    EXPECT_EQ(client.failure(), Code::dialog_protocol) << answer;
  }
}

TEST(ImapClient, AReferralAtTheLoginIsNotFollowed) {
  TestClient client = in_clear("");
  client.log_in();
  EXPECT_EQ(client.says("TAG NO [REFERRAL imap://joe@mail.example.net/] elsewhere\r\n"), "");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(ImapClient, OldProtocolInTheGreetingIsNoWayAroundTls) {
  TestClient client(Protocol::imap);
  client.says("* OK IMAP2 Server Ready\r\n");
  client.says("* CAPABILITY IMAP4\r\nTAG OK done\r\n");
  EXPECT_EQ(client.failure(), Code::starttls_not_offered);
}

}  // namespace
}  // namespace pawl::starttls
