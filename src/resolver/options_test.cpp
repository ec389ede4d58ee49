#include "resolver/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::resolver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Endpoint endpoint(std::string_view text) {
  return *Endpoint::parse(text);
}
dns::Name name(std::string_view text) {
  return *dns::Name::parse(text);
}

std::string refused(const Options& options) {
  const auto config = unbound_config(options);
  if (config) return "accepted";
  EXPECT_EQ(config.error().code, Code::config_invalid);
  return config.error().detail;
}

TEST(UnboundConfig, ValidatesFromTheRootAndCannotBeStripped) {
  const auto config = unbound_config({});
  ASSERT_TRUE(config);
  EXPECT_THAT(*config, HasSubstr("  module-config: \"validator iterator\"\n"));
  EXPECT_THAT(*config, HasSubstr("  trust-anchor-file: \"/usr/share/dns/root.key\"\n"));
  EXPECT_THAT(*config, HasSubstr("  harden-dnssec-stripped: yes\n"));
  EXPECT_THAT(*config, HasSubstr("  val-permissive-mode: no\n"));
  EXPECT_THAT(*config, HasSubstr("  ignore-cd-flag: yes\n"));
  EXPECT_THAT(*config, Not(HasSubstr("local-zone")));
  EXPECT_THAT(*config, Not(HasSubstr("forward-zone")));
}

TEST(UnboundConfig, NamesForwardersInClearOrOverTlsWithACheckedName) {
  Options options;
  options.forwarders = {{endpoint("192.0.2.1:53"), ""}, {endpoint("[2001:db8::1]:53"), ""}};
  EXPECT_THAT(*unbound_config(options),
              HasSubstr("forward-zone:\n  name: \".\"\n  forward-addr: \"192.0.2.1@53\"\n"
                        "  forward-addr: \"2001:db8::1@53\"\n"));
  options.forwarders = {{endpoint("192.0.2.1:853"), "DNS.example.org"}};
  const auto config = *unbound_config(options, {endpoint("127.0.0.1:4000")});
  EXPECT_THAT(config,
              HasSubstr("  forward-tcp-upstream: yes\n  forward-addr: \"127.0.0.1@4000\"\n"));
  EXPECT_THAT(config, Not(HasSubstr("192.0.2.1")));  // the bridge alone speaks to it
  EXPECT_FALSE(unbound_config(options));
}

TEST(UnboundConfig, AsksNothingInClearWhereTlsWasConfigured) {
  Options options;
  options.forwarders = {{endpoint("192.0.2.1:853"), "dns.example.org"},
                        {endpoint("192.0.2.2:53"), ""}};
  EXPECT_THAT(refused(options), HasSubstr("some forwarders have a TLS name and some have none"));
  options.forwarders.pop_back();
  options.ca_file.clear();
  EXPECT_THAT(refused(options), HasSubstr("no CA file"));
}

TEST(UnboundConfig, StubZonesBringTheirOwnTrustAndOpenBuiltInZones) {
  Options options;
  options.stub_zones = {{name("signed.test"),
                         {endpoint("127.0.0.1:5390")},
                         false,
                         {"signed.test. IN DS 1 13 2 00ff"}},
                        {name("corp.example"), {endpoint("10.0.0.1:53")}, true, {}}};
  const auto config = *unbound_config(options);
  EXPECT_THAT(config, HasSubstr("  trust-anchor: \"signed.test. IN DS 1 13 2 00ff\"\n"));
  EXPECT_THAT(config, HasSubstr("  domain-insecure: \"corp.example.\"\n"));
  EXPECT_THAT(config, HasSubstr("  local-zone: \"test.\" nodefault\n"));
  EXPECT_THAT(config, Not(HasSubstr("home.arpa")));
  EXPECT_THAT(config, HasSubstr("stub-zone:\n  name: \"signed.test.\"\n"
                                "  stub-addr: \"127.0.0.1@5390\"\n"));
  options.stub_zones[1].trust_anchors = {"corp.example. IN DS 1 13 2 00ff"};
  EXPECT_THAT(refused(options), HasSubstr("only one can be meant"));
  options.stub_zones = {{name("empty.test"), {}, false, {}}};
  EXPECT_THAT(refused(options), HasSubstr("stub zone empty.test has no server address"));
}

// A file name from the configuration must not become configuration.
TEST(UnboundConfig, ValuesCannotLeaveTheirQuotes) {
  for (std::string_view evil : {"a\"\n  val-permissive-mode: yes", "a\nb", "a\"b", "a\\"}) {
    Options options;
    options.root_trust_anchor_file = evil;
    EXPECT_THAT(refused(options), HasSubstr("trust-anchor-file"));
    options = {};
    options.stub_zones = {{name("x.test"), {endpoint("127.0.0.1:53")}, false, {std::string(evil)}}};
    EXPECT_THAT(refused(options), HasSubstr("trust-anchor"));
  }
}

}  // namespace
}  // namespace pawl::resolver
