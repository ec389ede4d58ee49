#include "relay/routes.h"

#include <gtest/gtest.h>

namespace pawl::relay {
namespace {

smtp::Recipient recipient(const std::string& address) {
  smtp::Recipient to;
  to.address = address;
  std::string domain = address.substr(address.rfind('@') + 1);
  if (!domain.starts_with('[')) to.domain = *dns::Name::parse(domain);
  return to;
}

std::string key(const Routes& routes, const std::string& address) {
  auto hop = routes.next_hop(recipient(address));
  return hop ? hop->key() : "";
}

TEST(Routes, TheMostSpecificWins) {
  Routes routes({{"*", *NextHop::parse("[any.example]")},
                 {".example.org", *NextHop::parse("[sub.example]")},
                 {".b.example.org", *NextHop::parse("[deeper.example]")},
                 {"example.org", *NextHop::parse("[exact.example]")}},
                *NextHop::parse("[smart.example]"));
  EXPECT_EQ(key(routes, "joe@example.org"), "[exact.example]");
  EXPECT_EQ(key(routes, "joe@a.example.org"), "[sub.example]");
  EXPECT_EQ(key(routes, "joe@a.b.example.org"), "[deeper.example]");
  EXPECT_EQ(key(routes, "joe@notexample.org"), "[any.example]");
}

TEST(Routes, TheRelayhostTakesWhatNoRouteNames) {
  Routes routes({{"example.org", *NextHop::parse("[exact.example]")}},
                *NextHop::parse("smart.example"));
  EXPECT_EQ(key(routes, "joe@example.net"), "smart.example");
  EXPECT_EQ(key(routes, "joe@[192.0.2.1]"), "smart.example");
}

TEST(Routes, WithoutAnythingTheDomainsOwnMxHosts) {
  Routes routes;
  EXPECT_EQ(key(routes, "joe@example.org"), "example.org");
  EXPECT_EQ(key(routes, "joe@[192.0.2.1]"), "[192.0.2.1]");
  EXPECT_EQ(key(routes, "joe@[IPv6:2001:db8::1]"), "[2001:db8::1]");
  EXPECT_FALSE(routes.next_hop(
      smtp::Recipient{.address = "postmaster", .domain = {}, .notify = {}, .orcpt = ""}));
}

}  // namespace
}  // namespace pawl::relay
