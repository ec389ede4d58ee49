#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/bytes.h"
#include "resolver/self_test.h"

namespace pawl::resolver {
namespace {

using Reply = PathObservation::Reply;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Endpoint endpoint(std::string_view text) {
  return *Endpoint::parse(text);
}

PathObservation good() {
  PathObservation seen;
  seen.server = {endpoint("192.0.2.53:53"), {dns::Name(), dns::Type::dnskey}, true};
  seen.with_signatures = Reply::whole;
  seen.has_signature = true;
  seen.over_tcp = true;
  return seen;
}

TEST(SelfTest, AGoodPathHasNoFinding) {
  EXPECT_THAT(judge_path(good()), IsEmpty());
  auto cut = good();  // cut over UDP, whole over TCP: how the DNS is meant to work
  cut.with_signatures = Reply::cut;
  EXPECT_THAT(judge_path(cut), IsEmpty());
}

TEST(SelfTest, AnUnsignedLaboratoryIsNoAlarm) {
  auto seen = good();
  seen.server.signatures_expected = false;
  seen.has_signature = false;
  EXPECT_THAT(judge_path(seen), IsEmpty());
}

TEST(SelfTest, EachFaultIsNamedWithItsRemedy) {
  struct Row {
    Reply with, without;
    bool signature, tcp;
    Severity severity;
    std::string check, words;
  };
  for (const auto& [with, without, signature, tcp, severity, check, words] : {
           Row{Reply::none, Reply::none, false, false, Severity::error, "reachable", "neither"},
           Row{Reply::none, Reply::whole, true, true, Severity::warning, "large-answers", "lost"},
           Row{Reply::none, Reply::none, true, true, Severity::warning, "large-answers",
               "TCP only"},
           Row{Reply::whole, Reply::none, true, false, Severity::warning, "tcp", "do not fit"},
           Row{Reply::cut, Reply::none, true, false, Severity::alert, "tcp", "are cut"},
           Row{Reply::whole, Reply::none, false, true, Severity::alert, "signatures",
               "without signatures"},
           Row{Reply::cut, Reply::none, false, true, Severity::alert, "signatures",
               "without signatures"},
       }) {
    auto seen = good();
    seen.with_signatures = with;
    seen.without_signatures = without;
    seen.has_signature = signature;
    seen.over_tcp = tcp;
    seen.tcp_error = "Connection refused";
    const auto findings = judge_path(seen);
    ASSERT_EQ(findings.size(), 1U) << words;
    EXPECT_EQ(findings[0].severity, severity) << words;
    EXPECT_EQ(findings[0].check, check);
    EXPECT_THAT(findings[0].sentence, HasSubstr(words));
    EXPECT_THAT(findings[0].sentence, HasSubstr("192.0.2.53:53"));
    EXPECT_FALSE(findings[0].remedy.empty());
  }
}

TEST(SelfTest, AProbeThatDoesNotValidateIsExplained) {
  const ProbeQuestion root;
  dns::Answer answer;
  answer.security = dns::Security::secure;
  EXPECT_THAT(judge_probe(root, answer), IsEmpty());
  answer.security = dns::Security::insecure;
  EXPECT_EQ(judge_probe(root, answer).front().check, "signatures");
  EXPECT_THAT(
      judge_probe(root, fail(Code::dnssec_bogus, ". DNSKEY: signature expired")).front().remedy,
      HasSubstr("clock"));
  EXPECT_THAT(judge_probe(root, fail(Code::dnssec_bogus, ". DNSKEY: no signatures")).front().remedy,
              HasSubstr("strips"));
  EXPECT_EQ(judge_probe(root, fail(Code::dns_timeout, "")).front().severity, Severity::error);
}

TEST(SelfTest, ExpectsOnlyWhatConfigurationPromises) {
  Options options;
  EXPECT_EQ(expected_secure(options), std::vector{ProbeQuestion{}});
  constexpr std::string_view kHints =
      ". 3600000 NS A.ROOT-SERVERS.NET.\n; comment\n"
      "A.ROOT-SERVERS.NET. 3600000 A 198.41.0.4\r\n"
      "A.ROOT-SERVERS.NET.\t3600000\tAAAA\t2001:503:ba3e::2:30\n"
      "B.ROOT-SERVERS.NET. 3600000 A 170.247.170.2 ; b\nC 1 A 192.33.4.12\n";
  auto servers = path_servers(options, kHints);
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0].endpoint.text(), "198.41.0.4:53");
  EXPECT_EQ(servers[1].endpoint.text(), "170.247.170.2:53");

  options.root_trust_anchor_file.clear();
  options.stub_zones = {{*dns::Name::parse("plain.test"), {endpoint("127.0.0.1:5390")}, false, {}},
                        {*dns::Name::parse("signed.test"),
                         {endpoint("127.0.0.1:5390")},
                         false,
                         {"signed.test. IN DS 1 13 2 00"}}};
  EXPECT_EQ(expected_secure(options), std::vector{ProbeQuestion{*dns::Name::parse("signed.test")}});
  servers = path_servers(options, kHints);
  ASSERT_EQ(servers.size(), 2U);  // no root server: nothing was configured that needs one
  EXPECT_FALSE(servers[0].signatures_expected);
  EXPECT_TRUE(servers[1].signatures_expected);

  options = {};
  options.forwarders = {{endpoint("192.0.2.1:853"), "dns.example.org"}};
  EXPECT_THAT(path_servers(options, kHints), IsEmpty());
  options.forwarders = {{endpoint("192.0.2.1:53"), ""}};
  EXPECT_EQ(path_servers(options, kHints).size(), 1U);
}

std::string reply(std::uint16_t flags, std::uint16_t answers, std::string_view records) {
  std::string message;
  put_u16(message, 7);
  put_u16(message, flags);
  put_u16(message, 1);
  put_u16(message, answers);
  put_u32(message, 0);
  message += std::string("\0\0\x30\0\1", 5);
  return message + std::string(records);
}
// A pointer to the question, a type, class IN, a TTL, no data.
std::string record(dns::Type type) {
  std::string bytes("\xc0\x0c", 2);
  put_u16(bytes, static_cast<std::uint16_t>(type));
  put_u16(bytes, 1);
  put_u32(bytes, 60);
  put_u16(bytes, 0);
  return bytes;
}

TEST(ProbeMessage, SeesSignaturesAndTruncation) {
  const auto both = record(dns::Type::dnskey) + record(dns::Type::rrsig);
  EXPECT_TRUE(read_probe_reply(reply(0x8400, 2, both), 7)->has_signature);
  EXPECT_FALSE(read_probe_reply(reply(0x8400, 1, both), 7)->has_signature);
  EXPECT_TRUE(read_probe_reply(reply(0x8600, 0, ""), 7)->truncated);
  EXPECT_TRUE(read_probe_reply(reply(0x8600, 2, both.substr(0, 15)), 7)->truncated);
  EXPECT_EQ(read_probe_reply(reply(0x8403, 0, ""), 7)->rcode, 3);
}

TEST(ProbeMessage, WhatIsNoReplyToUsIsNone) {
  const auto whole = reply(0x8400, 1, record(dns::Type::rrsig));
  EXPECT_TRUE(read_probe_reply(whole, 7));
  EXPECT_FALSE(read_probe_reply(whole, 8));
  EXPECT_FALSE(read_probe_reply(reply(0x0100, 0, ""), 7));  // our own query
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_probe_reply(std::string_view(whole).substr(0, size), 7)) << size;
}

RC_GTEST_PROP(ProbeMessage, AnyBytesAreReadWithinTheirBounds, (const std::string& bytes)) {
  (void)read_probe_reply(bytes, 7);
  (void)read_probe_reply(reply(0x8400, 3, bytes), 7);
}

}  // namespace
}  // namespace pawl::resolver
