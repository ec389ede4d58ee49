#include "lab/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/attack.h"
#include "lab/namespace.h"
#include "lab/relay_postman.h"

namespace pawl::lab {
namespace {

using ::testing::SizeIs;

constexpr std::chrono::seconds kPatience{30};
const std::string kLetter = "Subject: plans\r\n\r\n.The word is: ratchet.\r\n";

// Without a namespace: the relay dials through the map, and TLSA owners, names and URLs are those
// of the real thing.
TEST(World, StandsOnHighPortsWhereNamespacesAreForbidden) {
  ASSERT_FALSE(in_namespace()) << "an earlier test of this process entered one";
  auto world = World::make();
  ASSERT_TRUE(world) << world.error().sentence();
  std::vector<Destination> sites;
  for (const char* name : {"dane-ee", "sts-enforce", "ipv6-only"}) {
    auto site = build(**world, *find_destination(name), std::string("site-") + name);
    ASSERT_TRUE(site) << site.error().sentence();
    sites.push_back(std::move(*site));
  }
  auto started = (*world)->start();
  ASSERT_TRUE(started) << started.error().sentence();
  EXPECT_FALSE((*world)->dial_map().empty());
  auto relay = start_relay(**world);
  ASSERT_TRUE(relay) << relay.error().sentence();
  for (const Destination& site : sites) {
    ASSERT_TRUE((*relay)->send(site.recipient(), kLetter));
  }
  for (const Destination& site : sites) {
    EXPECT_TRUE((*world)->delivered().wait_for(site.recipient(), kPatience))
        << (*relay)->account(site.recipient()).reason;
    auto mails = (*world)->delivered().to(site.recipient());
    ASSERT_THAT(mails, SizeIs(1));
    EXPECT_TRUE(mails[0].over_tls);
    EXPECT_TRUE(mails[0].content.ends_with("\r\n\r\n.The word is: ratchet.\r\n"));
    EXPECT_EQ(site.bytes_leaked(), 0U);
  }
  EXPECT_GE(sites[1].policy->host.requests(), 1);
}

}  // namespace
}  // namespace pawl::lab
