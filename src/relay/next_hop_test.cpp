#include "relay/next_hop.h"

#include <gtest/gtest.h>

namespace pawl::relay {
namespace {

TEST(NextHop, KeyIsWhatParseReads) {
  for (const char* text : {"example.org", "example.org:2525", "[mail.example.org]",
                           "[mail.example.org]:587", "smtps:[mail.example.org]", "lmtp:[127.0.0.1]",
                           "lmtp:[127.0.0.1]:2424", "[192.0.2.1]", "[2001:db8::1]:26"}) {
    auto hop = NextHop::parse(text);
    ASSERT_TRUE(hop) << text;
    EXPECT_EQ(hop->key(), text);
    EXPECT_EQ(*NextHop::parse(hop->key()), *hop);
  }
}

TEST(NextHop, BracketsSwitchMxLookUpOff) {
  EXPECT_TRUE(NextHop::parse("example.org")->mx_lookup);
  EXPECT_FALSE(NextHop::parse("[example.org]")->mx_lookup);
}

TEST(NextHop, DefaultPortsBelongToTheProtocol) {
  EXPECT_EQ(NextHop::parse("example.org")->port, 25);
  EXPECT_EQ(NextHop::parse("smtps:[mail.example.org]:465")->key(), "smtps:[mail.example.org]");
}

TEST(NextHop, AddressesAreLiteralsAndNeedBrackets) {
  auto hop = NextHop::parse("[IPv6:2001:db8::1]");
  ASSERT_TRUE(hop && hop->literal);
  EXPECT_EQ(hop->literal->text(), "2001:db8::1");
  EXPECT_FALSE(NextHop::parse("192.0.2.1"));
}

TEST(NextHop, WhatIsNoNextHopIsRefusedInWords) {
  for (const char* text : {"", "[", "[]", "[a", "example.org:", "example.org:0", "example.org:x",
                           "example.org:70000", "[a]x", "smtps:", "a b"}) {
    EXPECT_FALSE(NextHop::parse(text)) << text;
  }
}

}  // namespace
}  // namespace pawl::relay
