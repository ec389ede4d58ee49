#include "discovery/mx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/limits.h"
#include "net/loop.h"
#include "resolver/fixture.h"

namespace pawl::discovery {
namespace {

using dns::Security;
using dns::Type;
using policy::DaneFacts;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kDigest(64, 'a');
const std::string kUsable = "3 1 1 " + kDigest;

template <class T>
net::Task<> keep(net::Task<T> task, std::optional<Result<T>>& into) {
  into.emplace(co_await std::move(task));
  co_return Result<>();
}

class MailHosts : public ::testing::Test {
 protected:
  MailHosts() {
    dns_.zone("signed.test", Security::secure);
    dns_.zone("plain.test", Security::insecure);
  }

  Result<policy::Facts> find(std::string_view domain, unsigned seed = 1, MxOptions options = {}) {
    std::mt19937_64 random(seed);
    return run(find_mail_hosts(dns_, *dns::Name::parse(domain), options, random));
  }
  Result<policy::Facts> host(std::string_view name, MxOptions options = {}) {
    return run(look_up_host(dns_, *dns::Name::parse(name), options));
  }
  // The only host of the domain.
  policy::MxFacts only(std::string_view domain) {
    const auto facts = find(domain);
    EXPECT_TRUE(facts) << facts.error().sentence();
    EXPECT_EQ(facts->mx.size(), 1U);
    return facts->mx.front();
  }

  resolver::FixtureResolver dns_;

 private:
  Result<policy::Facts> run(net::Task<policy::Facts> task) {
    net::Loop loop;
    std::optional<Result<policy::Facts>> result;
    EXPECT_TRUE(loop.run_until_done(keep(std::move(task), result)));
    return *std::move(result);
  }
};

std::vector<std::string> names(const policy::Facts& facts) {
  std::vector<std::string> all;
  for (const auto& mx : facts.mx) all.push_back(mx.host.text());
  return all;
}

TEST_F(MailHosts, ASignedDomainWithDaneIsSecureThroughout) {
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::a, "192.0.2.1");
  dns_.add("mx.signed.test", Type::aaaa, "2001:db8::1");
  dns_.add("_25._tcp.mx.signed.test", Type::tlsa, kUsable);
  const auto facts = find("signed.test");
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->mx_secure);
  EXPECT_FALSE(facts->implicit_mx);
  const auto& mx = facts->mx.front();
  EXPECT_TRUE(mx.address_secure);
  EXPECT_EQ(mx.addresses.size(), 2U);
  EXPECT_EQ(mx.dane.state, DaneFacts::State::usable);
  EXPECT_EQ(mx.dane.base_domain, "mx.signed.test");
  EXPECT_EQ(mx.dane.records.front().text(), kUsable);
}

TEST_F(MailHosts, TlsaIsNotAskedWhereTheHostIsInsecure) {
  dns_.add("signed.test", Type::mx, "10 mx.plain.test");
  dns_.add("mx.plain.test", Type::a, "192.0.2.1");
  dns_.fail("_25._tcp.mx.plain.test", Type::tlsa, Error(Code::dns_servfail, "chokes on TLSA"));
  EXPECT_EQ(only("signed.test").dane.state, DaneFacts::State::not_applicable);
  EXPECT_EQ(dns_.times_asked("_25._tcp.mx.plain.test", Type::tlsa), 0U);
}

TEST_F(MailHosts, AnUnsignedMxToASignedHostKeepsTheHostsTlsa) {
  dns_.add("plain.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::a, "192.0.2.1");
  dns_.add("_25._tcp.mx.signed.test", Type::tlsa, kUsable);
  const auto facts = find("plain.test");
  EXPECT_FALSE(facts->mx_secure);
  EXPECT_EQ(facts->mx.front().dane.state, DaneFacts::State::usable);
}

TEST_F(MailHosts, AFailedTlsaLookupNeverReadsAsNoTlsa) {
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::a, "192.0.2.1");
  for (auto code :
       {Code::dnssec_bogus, Code::dns_servfail, Code::dns_timeout, Code::dns_malformed}) {
    dns_.remove("_25._tcp.mx.signed.test", Type::tlsa);
    dns_.fail("_25._tcp.mx.signed.test", Type::tlsa, Error(code, "attacker at work"));
    const auto mx = only("signed.test");
    EXPECT_EQ(mx.dane.state, DaneFacts::State::failed);
    ASSERT_TRUE(mx.dane.error);
    EXPECT_EQ(mx.dane.error->code, Code::tlsa_lookup);
    EXPECT_THAT(mx.dane.error->detail, HasSubstr("attacker at work"));
  }
}

TEST_F(MailHosts, OnlyUnusableRecordsAreNotNone) {
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::a, "192.0.2.1");
  dns_.add("_25._tcp.mx.signed.test", Type::tlsa, "1 1 1 " + kDigest);
  dns_.add_rdata("_25._tcp.mx.signed.test", Type::tlsa, "\3");
  const auto mx = only("signed.test");
  EXPECT_EQ(mx.dane.state, DaneFacts::State::unusable);
  EXPECT_EQ(mx.dane.unusable_records, 2U);
  EXPECT_EQ(mx.dane.base_domain, "mx.signed.test");
}

TEST_F(MailHosts, ASecureDenialOfTlsaIsNone) {
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::a, "192.0.2.1");
  EXPECT_EQ(only("signed.test").dane.state, DaneFacts::State::none);
}

TEST_F(MailHosts, InsecureTlsaOfASecureHostIsNone) {
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::a, "192.0.2.1");
  dns_.add("_25._tcp.mx.signed.test", Type::cname, "tlsa.plain.test");
  dns_.add("tlsa.plain.test", Type::tlsa, kUsable);
  EXPECT_EQ(only("signed.test").dane.state, DaneFacts::State::none);
}

TEST_F(MailHosts, ASignedAliasIsAskedAtTheTargetFirstThenAtTheOriginal) {
  dns_.zone("other.test", Security::secure);
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::cname, "host.other.test");
  dns_.add("host.other.test", Type::a, "192.0.2.1");
  dns_.add("_25._tcp.mx.signed.test", Type::tlsa, kUsable);
  EXPECT_EQ(only("signed.test").dane.base_domain, "mx.signed.test");
  EXPECT_EQ(dns_.times_asked("_25._tcp.host.other.test", Type::tlsa), 1U);
  dns_.add("_25._tcp.host.other.test", Type::tlsa, "3 1 1 " + std::string(64, 'b'));
  const auto mx = only("signed.test");
  EXPECT_EQ(mx.dane.base_domain, "host.other.test");
  EXPECT_EQ(mx.canonical.text(), "host.other.test");
  // An error at the first name is no reason to believe the second.
  dns_.fail("_25._tcp.host.other.test", Type::tlsa, Error(Code::dnssec_bogus, "forged"));
  EXPECT_EQ(only("signed.test").dane.state, DaneFacts::State::failed);
}

TEST_F(MailHosts, ASignedAliasIntoAnUnsignedZoneKeepsTheOriginalNamesTlsa) {
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::cname, "host.plain.test");
  dns_.add("host.plain.test", Type::a, "192.0.2.1");
  dns_.add("_25._tcp.mx.signed.test", Type::tlsa, kUsable);
  const auto mx = only("signed.test");
  EXPECT_FALSE(mx.address_secure);
  EXPECT_EQ(mx.dane.state, DaneFacts::State::usable);
  EXPECT_EQ(mx.dane.base_domain, "mx.signed.test");
  EXPECT_EQ(dns_.times_asked("_25._tcp.host.plain.test", Type::tlsa), 0U);
  EXPECT_EQ(dns_.times_asked("mx.signed.test", Type::cname), 1U);

  dns_.fail("mx.signed.test", Type::cname, Error(Code::dnssec_bogus, "forged"));
  EXPECT_EQ(only("signed.test").dane.state, DaneFacts::State::failed);
}

TEST_F(MailHosts, AnUnsignedAliasHasNoDane) {
  dns_.add("plain.test", Type::mx, "10 mx.plain.test");
  dns_.add("mx.plain.test", Type::cname, "host.signed.test");
  dns_.add("host.signed.test", Type::a, "192.0.2.1");
  dns_.add("_25._tcp.host.signed.test", Type::tlsa, kUsable);
  EXPECT_EQ(only("plain.test").dane.state, DaneFacts::State::not_applicable);
}

TEST_F(MailHosts, EachFamilyFailsForItself) {
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  dns_.add("mx.signed.test", Type::a, "192.0.2.1");
  dns_.fail("mx.signed.test", Type::aaaa, Error(Code::dns_servfail, "AAAA broken"));
  dns_.add("_25._tcp.mx.signed.test", Type::tlsa, kUsable);
  const auto mx = only("signed.test");
  EXPECT_EQ(mx.addresses.size(), 1U);
  ASSERT_EQ(mx.address_errors.size(), 1U);
  EXPECT_THAT(mx.address_errors.front().detail, HasSubstr("AAAA broken"));
  EXPECT_EQ(mx.dane.state, DaneFacts::State::usable);
}

// An unsigned host can have no DANE: a broken AAAA there must not hold the mail back.
TEST_F(MailHosts, AFailedFamilyOfAnUnsignedHostCostsNothing) {
  dns_.add("plain.test", Type::mx, "10 mx.plain.test");
  dns_.add("mx.plain.test", Type::a, "192.0.2.1");
  dns_.fail("mx.plain.test", Type::aaaa, Error(Code::dns_servfail, "AAAA broken"));
  EXPECT_EQ(only("plain.test").dane.state, DaneFacts::State::not_applicable);
}

TEST_F(MailHosts, OneBrokenHostLeavesTheOthersWhole) {
  dns_.add("signed.test", Type::mx, "10 mx1.signed.test");
  dns_.add("signed.test", Type::mx, "20 mx2.signed.test");
  dns_.fail("mx1.signed.test", Type::a, Error(Code::dnssec_bogus, "forged"));
  dns_.fail("mx1.signed.test", Type::aaaa, Error(Code::dnssec_bogus, "forged"));
  dns_.add("mx2.signed.test", Type::a, "192.0.2.2");
  const auto facts = find("signed.test");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->mx[0].address_errors.size(), 2U);
  EXPECT_EQ(facts->mx[1].addresses.size(), 1U);
  EXPECT_EQ(facts->mx[1].dane.state, DaneFacts::State::none);
}

TEST_F(MailHosts, NullMxTakesNoMailAndCountsOnlyAlone) {
  dns_.add("signed.test", Type::mx, "0 .");
  EXPECT_EQ(find("signed.test").error().code, Code::null_mx);
  dns_.add("signed.test", Type::mx, "10 mx.signed.test");
  EXPECT_THAT(names(*find("signed.test")), ElementsAre("mx.signed.test"));
}

TEST_F(MailHosts, WithoutMxTheDomainItselfTakesMail) {
  dns_.add("signed.test", Type::a, "192.0.2.1");
  dns_.add("_25._tcp.signed.test", Type::tlsa, kUsable);
  const auto facts = find("signed.test");
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->implicit_mx);
  EXPECT_TRUE(facts->mx_secure);  // the denial is secure
  EXPECT_EQ(facts->mx.front().host.text(), "signed.test");
  EXPECT_EQ(facts->mx.front().dane.state, DaneFacts::State::usable);
}

TEST_F(MailHosts, DomainsThatTakeNoMailAreToldFromThoseThatCannotBeAsked) {
  EXPECT_EQ(find("nothing.signed.test").error().code, Code::domain_not_found);
  dns_.add("txt.signed.test", Type::txt, "no mail here");
  EXPECT_EQ(find("txt.signed.test").error().code, Code::domain_not_found);
  dns_.fail("txt.signed.test", Type::a, Error(Code::dns_timeout, ""));
  EXPECT_TRUE(find("txt.signed.test"));  // nobody knows: not permanent
  for (auto code : {Code::dnssec_bogus, Code::dns_servfail, Code::dns_timeout}) {
    dns_.fail("bad.signed.test", Type::mx, Error(code, ""));
    EXPECT_EQ(find("bad.signed.test").error().code, code);
  }
}

TEST_F(MailHosts, ComeByPreferenceAndEqualOnesShuffled) {
  dns_.add("signed.test", Type::mx, "20 backup.signed.test");
  for (std::string_view host : {"10 a.signed.test", "10 b.signed.test", "10 c.signed.test"})
    dns_.add("signed.test", Type::mx, host);
  dns_.add("signed.test", Type::mx, "30 a.signed.test");  // again, worse
  std::set<std::string> first;
  for (unsigned seed = 0; seed < 50; ++seed) {
    const auto order = names(*find("signed.test", seed));
    ASSERT_EQ(order.size(), 4U);
    EXPECT_EQ(order.back(), "backup.signed.test");
    first.insert(order.front());
    EXPECT_EQ(order, names(*find("signed.test", seed)));  // the random source alone decides
  }
  EXPECT_EQ(first.size(), 3U);
}

TEST_F(MailHosts, AreBounded) {
  for (int i = 0; i < 300; ++i)
    dns_.add("plain.test", Type::mx, std::to_string(i) + " mx" + std::to_string(i) + ".plain.test");
  for (int i = 0; i < 60; ++i) dns_.add("mx0.plain.test", Type::a, "192.0.2." + std::to_string(i));
  const auto facts = find("plain.test");
  EXPECT_EQ(facts->mx.size(), limits::kMxHosts);
  EXPECT_EQ(facts->mx.front().host.text(), "mx0.plain.test");
  EXPECT_EQ(facts->mx.front().addresses.size(), limits::kAddressesPerHost);
}

TEST_F(MailHosts, AConfiguredNextHopIsAskedForItsOwnPort) {
  dns_.add("relay.signed.test", Type::a, "192.0.2.1");
  dns_.add("_587._tcp.relay.signed.test", Type::tlsa, kUsable);
  const auto facts = host("relay.signed.test", {.port = 587});
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->mx_lookup);
  EXPECT_TRUE(facts->mx_secure);
  EXPECT_EQ(facts->mx.front().dane.state, DaneFacts::State::usable);
  EXPECT_EQ(dns_.times_asked("relay.signed.test", Type::mx), 0U);
  EXPECT_EQ(host("relay.signed.test", {.ask_tlsa = false})->mx.front().dane.state,
            DaneFacts::State::not_applicable);
}

}  // namespace
}  // namespace pawl::discovery
