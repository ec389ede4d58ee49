#include "base/ip_address.h"

#include <gtest/gtest.h>

namespace pawl {
namespace {

TEST(IpAddress, SpecialAddressesAreSeenThroughTheirIpv6Wrappings) {
  for (const char* text : {"127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1",
                           "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
                           "2002:7f00:1::", "2001:db8::1", "224.0.0.1", "255.255.255.255"}) {
    EXPECT_TRUE(IpAddress::parse(text)->is_special()) << text;
  }
  for (const char* text : {"8.8.8.8", "2600::1", "64:ff9b::808:808", "::ffff:8.8.8.8"}) {
    EXPECT_FALSE(IpAddress::parse(text)->is_special()) << text;
  }
}

TEST(Endpoint, RoundTripsAndWantsBracketsAroundIpv6Only) {
  for (const char* text : {"192.0.2.1:25", "[2001:db8::1]:465"}) {
    EXPECT_EQ(Endpoint::parse(text)->text(), text);
  }
  for (const char* text :
       {"192.0.2.1", "2001:db8::1:25", "[192.0.2.1]:25", "192.0.2.1:65536", ":25", ""}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

TEST(Network, ContainsComparesOnlyThePrefix) {
  auto n = *Network::parse("10.128.0.0/9");
  EXPECT_TRUE(n.contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(n.contains(*IpAddress::parse("10.127.0.1")));
  EXPECT_FALSE(n.contains(*IpAddress::parse("::1")));
  EXPECT_FALSE(Network::parse("10.0.0.0/33"));
}

}  // namespace
}  // namespace pawl
