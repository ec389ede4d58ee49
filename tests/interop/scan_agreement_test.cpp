// What a service offers, by our ClientHellos alone, beside the scanners that others use: versions,
// suites, groups, certificates. Where they differ and why: docs/check-compared.md.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "net/loop.h"
#include "probe/enumeration.h"
#include "tests/interop/every_peer_test.h"
#include "tests/interop/other_tools.h"

namespace pawl::interop {
namespace {

using ::testing::IsSubsetOf;

net::Task<> enumerate_into(probe::SessionOptions options, std::optional<probe::Enumeration>* into) {
  CO_TRY(probe::Enumeration seen, co_await probe::enumerate(std::move(options)));
  into->emplace(std::move(seen));
  co_return Result<>();
}

class ScanAgreement : public EveryPeerTest {
 protected:
  std::optional<probe::Enumeration> enumerate(const Service& service) {
    std::optional<probe::Enumeration> seen;
    net::Loop loop;
    EXPECT_TRUE(loop.run_until_done(enumerate_into(options(service), &seen)));
    if (seen) EXPECT_FALSE(seen->error) << seen->error->sentence();
    return seen;
  }
};

std::set<std::string> versions(const probe::Enumeration& seen) {
  std::set<std::string> names;
  for (const auto& version : seen.versions) {
    if (version.offered) names.insert(version.name);
  }
  return names;
}

using Suites = std::set<std::uint16_t>;

Suites suites(const probe::VersionSeen& version) {
  Suites ids;
  for (const auto& suite : version.suites) ids.insert(suite.id);
  return ids;
}

// "0xc02c 0x1301", of those in `one` and not in `other`.
std::string only_in(const Suites& one, const Suites& other) {
  std::string text;
  for (std::uint16_t id : one) {
    if (!other.contains(id)) text += fmt::format("{:#06x} ", id);
  }
  return text;
}

const EveryPeer::Options kAllTheyHave{.both_kinds = true};

TEST_F(ScanAgreement, OpensslSpeaksTheVersionsWeSaw) {
  ASSERT_NO_FATAL_FAILURE(start(kAllTheyHave));
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    const auto ours = enumerate(service);
    ASSERT_TRUE(ours);
    auto theirs = ask_s_client_for_versions(service);
    ASSERT_TRUE(theirs) << theirs.error().sentence();
    EXPECT_EQ(versions(*ours), *theirs);
  }
}

TEST_F(ScanAgreement, SslscanSeesTheVersionsAndSuitesWeSaw) {
  ASSERT_NO_FATAL_FAILURE(start(kAllTheyHave));
  for (const Service& service : peers_->services()) {
    if (!sslscan_knows(service)) continue;
    SCOPED_TRACE(service.text());
    const auto ours = enumerate(service);
    ASSERT_TRUE(ours);
    auto theirs = ask_sslscan(service);
    ASSERT_TRUE(theirs) << theirs.error().sentence();
    EXPECT_EQ(versions(*ours), theirs->versions);
    for (const auto& version : ours->versions) {
      if (!version.offered) continue;
      SCOPED_TRACE(version.name);
      EXPECT_EQ(only_in(theirs->suites[version.name], suites(version)), "") << "only sslscan's";
      EXPECT_EQ(only_in(suites(version), theirs->suites[version.name]), "") << "only ours";
    }
  }
}

TEST_F(ScanAgreement, TestsslSeesTheVersionsSuitesGroupsAndCertificatesWeSaw) {
  ASSERT_NO_FATAL_FAILURE(start(kAllTheyHave));
  for (const Service& service : peers_->services()) {
    // Minutes each: one with STARTTLS, one with TLS from the first byte.
    if (service.at.port != 25 && service.at.port != 993) continue;
    if (service.peer == "exim") continue;
    SCOPED_TRACE(service.text());
    const auto ours = enumerate(service);
    ASSERT_TRUE(ours);
    auto theirs = ask_testssl(service, peers_->scratch());
    ASSERT_TRUE(theirs) << theirs.error().sentence();
    EXPECT_EQ(versions(*ours), theirs->versions);
    Suites all;
    for (const auto& version : ours->versions) all.merge(suites(version));
    EXPECT_EQ(only_in(theirs->suites[""], all), "") << "only testssl's";
    EXPECT_EQ(only_in(all, theirs->suites[""]), "") << "only ours";
    const std::set<std::string> groups(ours->groups.begin(), ours->groups.end());
    EXPECT_THAT(theirs->groups, IsSubsetOf(groups));
    EXPECT_EQ(theirs->fingerprints.size(), 2U);
    EXPECT_TRUE(ours->rsa_certificate);
    EXPECT_TRUE(ours->ecdsa_certificate);
  }
}

// Without ssl_dh Dovecot answers internal_error to every offer in which it would choose DHE:
// sslscan then sees no TLS 1.2 at all and testssl.sh some of it.
TEST_F(ScanAgreement, AServerThatStumblesOverDheIsSeenAsItIs) {
  auto how = kAllTheyHave;
  how.dovecot = {"ssl_dh ="};
  ASSERT_NO_FATAL_FAILURE(start(how));
  const auto imaps = std::ranges::find_if(
      peers_->services(), [](const Service& service) { return service.at.port == 993; });
  ASSERT_NE(imaps, peers_->services().end());
  const auto ours = enumerate(*imaps);
  ASSERT_TRUE(ours);
  auto theirs = ask_s_client_for_suites(*imaps);
  ASSERT_TRUE(theirs) << theirs.error().sentence();
  for (const auto& version : ours->versions) {
    if (version.name != "TLSv1.2") continue;
    EXPECT_EQ(only_in(*theirs, suites(version)), "") << "only openssl's";
    EXPECT_EQ(only_in(suites(version), *theirs), "") << "only ours";
    EXPECT_GT(version.suites.size(), 10U);
  }
}

}  // namespace
}  // namespace pawl::interop
