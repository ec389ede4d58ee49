// The detector on real servers: whatever Postfix, Exim and Dovecot greet with, offer and answer, it
// is no tampering; and a server that simply has no TLS is called that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/loop.h"
#include "tamper/tamper.h"
#include "tests/interop/every_peer_test.h"

namespace pawl::interop {
namespace {

using ::testing::IsEmpty;

std::string findings(const tamper::Examination& examined) {
  std::string text(tamper::name(examined.assessment));
  for (const tamper::Finding& each : examined.findings)
    text += "\n" + each.sentence + ": " + each.evidence;
  return text;
}

using FalseAlarm = EveryPeerTest;

TEST_F(FalseAlarm, NothingIsRemarkedAboutServersThatAreUpgraded) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    std::optional<probe::Look> seen;
    net::Loop loop;
    ASSERT_TRUE(loop.run_until_done(look_into(options(service), &seen)));
    const auto examined = tamper::examine(seen->transcript);
    EXPECT_EQ(examined.assessment, tamper::Assessment::clean) << findings(examined);
    EXPECT_THAT(examined.findings, IsEmpty()) << findings(examined);
  }
}

TEST_F(FalseAlarm, TwoLooksAtOneServerAreAlike) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    std::optional<probe::Look> looks[2];
    for (auto& look : looks) {
      net::Loop loop;
      ASSERT_TRUE(loop.run_until_done(look_into(options(service), &look)));
    }
    const auto compared =
        tamper::compare({&looks[0]->transcript, "one path", looks[0]->tls->chain[0].spki_sha256},
                        {&looks[1]->transcript, "another", looks[1]->tls->chain[0].spki_sha256});
    EXPECT_EQ(compared.assessment, tamper::Assessment::clean) << findings(compared);
  }
}

TEST_F(FalseAlarm, ServersWithoutTlsHaveNoneAndAreNotTamperedWith) {
  ASSERT_NO_FATAL_FAILURE(start({.tls = false}));
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    for (bool ask : {false, true}) {
      auto how = options(service, starttls::Mode::if_available);
      how.client.ask_unoffered = ask;
      std::optional<probe::Look> seen;
      net::Loop loop;
      ASSERT_TRUE(loop.run_until_done(look_into(how, &seen)));
      const auto examined = tamper::examine(seen->transcript);
      EXPECT_EQ(examined.assessment, tamper::Assessment::not_offered) << findings(examined);
    }
  }
}

}  // namespace
}  // namespace pawl::interop
