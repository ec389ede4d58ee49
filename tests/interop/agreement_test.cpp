// What a session of ours says about the real servers, beside openssl s_client and posttls-finger:
// version, suite, certificate, and whether it is the right one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/loop.h"
#include "tests/interop/every_peer_test.h"
#include "tests/interop/other_tools.h"

namespace pawl::interop {
namespace {

using starttls::Protocol;
using ::testing::Contains;

class Agreement : public EveryPeerTest {
 protected:
  // A look that goes on whatever the certificate is, and says what is wrong with it.
  std::optional<probe::Look> look(const Service& service, const std::string& name) {
    auto how = options(service);
    how.profile.pkix = tls::PkixDemand{{name}, {}};
    std::optional<probe::Look> seen;
    net::Loop loop;
    EXPECT_TRUE(loop.run_until_done(look_into(how, &seen)));
    return seen;
  }
};

void expect_agreement(const ToolFindings& theirs, const probe::Look& ours) {
  ASSERT_TRUE(ours.tls && ours.tls->version);
  EXPECT_EQ(theirs.version, tls::name(*ours.tls->version));
  EXPECT_EQ(theirs.suite, ours.tls->cipher_suite);
  if (!theirs.group.empty()) EXPECT_EQ(theirs.group, ours.tls->group);
  ASSERT_FALSE(ours.tls->chain.empty());
  EXPECT_THAT(theirs.fingerprints, Contains(ours.tls->chain[0].sha256));
  ASSERT_TRUE(theirs.verified);
  EXPECT_EQ(*theirs.verified, !ours.proof_failed) << theirs.output;
}

TEST_F(Agreement, OpensslSeesTheSameSessionAndJudgesTheCertificateAlike) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    for (const std::string& name : {service.host, std::string("other.test")}) {
      SCOPED_TRACE(name);
      auto theirs = ask_s_client(service, peers_->ca_file(), name);
      ASSERT_TRUE(theirs) << theirs.error().sentence();
      const auto ours = look(service, name);
      ASSERT_TRUE(ours);
      ASSERT_NO_FATAL_FAILURE(expect_agreement(*theirs, *ours));
      EXPECT_EQ(*theirs->verified, name == service.host);
    }
  }
}

TEST_F(Agreement, PostfixsOwnClientSeesTheSameSessionAndJudgesTheCertificateAlike) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  for (const Service& service : peers_->services()) {
    const bool speaks_it = service.protocol == Protocol::smtp ||
                           service.protocol == Protocol::submission ||
                           service.protocol == Protocol::lmtp;
    if (!speaks_it || service.implicit_tls) continue;
    SCOPED_TRACE(service.text());
    for (const std::string& name : {service.host, std::string("other.test")}) {
      SCOPED_TRACE(name);
      auto theirs = ask_posttls_finger(service, peers_->ca_file(), name, peers_->scratch());
      ASSERT_TRUE(theirs) << theirs.error().sentence();
      const auto ours = look(service, name);
      ASSERT_TRUE(ours);
      ASSERT_NO_FATAL_FAILURE(expect_agreement(*theirs, *ours));
      EXPECT_EQ(*theirs->verified, name == service.host);
    }
  }
}

}  // namespace
}  // namespace pawl::interop
