#include "smtp/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "smtp/xtext.h"

namespace pawl::smtp {
namespace {

Capabilities parse(std::vector<std::string_view> lines) {
  Reply reply;
  reply.code = 250;
  reply.lines = std::move(lines);
  return parse_capabilities(reply);
}

TEST(Capabilities, AreReadWithoutRegardToCase) {
  Capabilities c =
      parse({"mx.example.org hello", "pipelining", "SIZE 10240000", "StartTLS", "8BITMIME",
             "SMTPUTF8", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "REQUIRETLS"});
  EXPECT_TRUE(c.extended && c.pipelining && c.starttls && c.eight_bit_mime && c.smtputf8);
  EXPECT_TRUE(c.chunking && c.dsn && c.enhanced_status_codes && c.require_tls);
  EXPECT_EQ(c.size_limit, 10240000U);
  EXPECT_EQ(c.greeting_name, "mx.example.org");
}

TEST(Capabilities, MaskedStarttlsIsNotStarttlsAndStaysAsEvidence) {
  Capabilities c = parse({"mx", "XXXXXXXX", "STARTTLSX", "XSTARTTLS"});
  EXPECT_FALSE(c.starttls);
  EXPECT_THAT(c.keywords, testing::ElementsAre("XXXXXXXX", "STARTTLSX", "XSTARTTLS"));
}

TEST(Capabilities, NothingStaysOfWhatWasReadBefore) {
  Capabilities c = parse({"old", "STARTTLS", "AUTH PLAIN", "SIZE 100", "DSN"});
  Reply reply;
  reply.lines = {"new", "CHUNKING"};
  read_capabilities(reply, c);
  EXPECT_EQ(c, parse({"new", "CHUNKING"}));
}

TEST(Capabilities, TheFirstLineIsTheHostNotAKeyword) {
  EXPECT_FALSE(parse({"STARTTLS"}).starttls);
}

TEST(Capabilities, SizeWithoutAUsableValueIsNoLimit) {
  EXPECT_FALSE(parse({"mx", "SIZE"}).size_limit);
  EXPECT_FALSE(parse({"mx", "SIZE 0"}).size_limit);
  EXPECT_FALSE(parse({"mx", "SIZE 99999999999999999999999"}).size_limit);
}

TEST(Capabilities, AuthIsReadInBothSpellings) {
  Capabilities c = parse({"mx", "AUTH PLAIN login", "AUTH=PLAIN XOAUTH2"});
  EXPECT_THAT(c.auth, testing::ElementsAre("PLAIN", "LOGIN", "XOAUTH2"));
}

TEST(Xtext, GoesBothWays) {
  EXPECT_EQ(to_xtext("a+b=c d\xc3\xa9"), "a+2Bb+3Dc+20d+C3+A9");
  EXPECT_EQ(from_xtext("a+2Bb+3Dc+20d+C3+A9").value(), "a+b=c d\xc3\xa9");
  for (const char* bad : {"a b", "a=b", "+", "+2", "+2b", "+GG", "\xc3"}) {
    EXPECT_FALSE(from_xtext(bad)) << bad;
  }
}

}  // namespace
}  // namespace pawl::smtp
