// What is ManageSieve's own; what all clients have in common stands in client_rules_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "starttls/test_client.h"

namespace pawl::starttls {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kGreeting =
    "\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"PLAIN\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n";

TestClient in_clear() {
  ClientOptions options;
  options.mode = Mode::never;
  TestClient client(Protocol::sieve, options);
  client.says(kGreeting);
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  client.clear();
  return client;
}

TestClient in_tls() {
  TestClient client(Protocol::sieve);
  EXPECT_EQ(client.says(kGreeting), "STARTTLS\r\n");
  client.says("OK\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::upgrade));
  EXPECT_EQ(client.tls(), "");
  client.clear();
  return client;
}

TEST(SieveClient, TheServerListsAgainInsideTlsUnasked) {
  TestClient client = in_tls();
  client.says("\"SASL\" \"PLAIN\"\r\n");
  EXPECT_THAT(client.events, IsEmpty());
  client.says("OK \"negotiated\"\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  EXPECT_THAT(client.dialog().capabilities(), ElementsAre("\"SASL\" \"PLAIN\""));
}

TEST(SieveClient, NothingButAListWithoutTheUpgradeComesFirstInsideTls) {
  for (std::string_view first :
       {"OK\r\n", "NO\r\n", "OK \"go\"\r\n", "\"STARTTLS\"\r\nOK\r\n", "{8}\r\nstarttls\r\nOK\r\n",
        "* OK ready\r\n", "220 ready\r\n", "\"SASL\" \"\"\r\nNO\r\n"}) {
    TestClient client = in_tls();
    client.says(first);
    EXPECT_EQ(client.failure(), Code::unexpected_greeting) << first;
  }
}

TEST(SieveClient, CapabilitiesMayBeLiterals) {
  TestClient client(Protocol::sieve);
  EXPECT_EQ(client.says("{4}\r\nSASL \"PLAIN\"\r\n{8}\r\nSTARTTLS\r\nOK {5}\r\nready\r\n"),
            "STARTTLS\r\n");
  EXPECT_THAT(client.dialog().capabilities(), SizeIs(2));
}

TEST(SieveClient, AWordInAStringIsNoOffer) {
  TestClient client(Protocol::sieve);
  client.says("\"IMPLEMENTATION\" \"STARTTLS\"\r\n\"STARTTLS\\\"\" \"\"\r\nOK\r\n");
  EXPECT_EQ(client.failure(), Code::starttls_not_offered);
}

TEST(SieveClient, ReferralBeforeTls) {
  for (std::string_view before : {std::string_view(), kGreeting}) {
    TestClient client(Protocol::sieve);
    client.says(before);
    EXPECT_EQ(client.says("BYE (REFERRAL \"sieve://mail.example.net\") \"elsewhere\"\r\n"), "");
    EXPECT_EQ(client.failure(), Code::connection_lost);
  }
}

TEST(SieveClient, LogsInWithPlain) {
  TestClient client = in_clear();
  EXPECT_EQ(client.log_in(), "AUTHENTICATE \"PLAIN\" \"AGpvZQBzZXNhbWU=\"\r\n");
  client.says("NO \"wrong\"\r\n");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(SieveClient, ALongMessageOfPlainIsALiteral) {
  TestClient client = in_clear();
  EXPECT_THAT(client.log_in("joe", std::string(900, 'x')),
              testing::StartsWith("AUTHENTICATE \"PLAIN\" {1208+}\r\nAGpvZQB4"));
  client.says("OK\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::logged_in));
}

TEST(SieveClient, AChallengeOfPlainIsAFailure) {
  TestClient client = in_clear();
  client.log_in();
  client.says("\"\"\r\n");
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST(SieveClient, AScriptIsDataWhateverStandsInIt) {
  TestClient client = in_clear();
  client.send("GETSCRIPT \"x\"\r\n");
  client.says("{9}\r\nOK \"no\"\r\n\r\n");
  EXPECT_THAT(client.events, IsEmpty());
  client.says("OK\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::reply));
  EXPECT_EQ(client.dialog().reply(), "{9}\r\nOK \"no\"\r\n\r\nOK\r\n");
}

TEST(SieveClient, AGreetingThatRefusesEndsTheSession) {
  TestClient client(Protocol::sieve);
  client.says("NO \"too many connections\"\r\n");
  EXPECT_EQ(client.failure(), Code::connection_lost);
}

}  // namespace
}  // namespace pawl::starttls
