// The faulty domains stand up: so that a failing check is not one of the test bed. What is found on
// them: check_twenty_faults_test.cpp.
#include "tests/e2e/faulty_domain.h"

#include <gtest/gtest.h>

#include <set>

#include "lab/child.h"

namespace pawl::e2e {
namespace {

TEST(FaultyDomains, StandUpWithMoreThanTwentyFaultsInOneDomain) {
  auto made = FaultyDomains::start();
  ASSERT_TRUE(made) << made.error().sentence();
  std::set<std::string> kinds;
  for (const KnownFault& fault : (*made)->faults()) {
    if (fault.target == "faulty.unsigned.test") kinds.insert(fault.finding);
  }
  EXPECT_GE(kinds.size(), 20U);
}

}  // namespace
}  // namespace pawl::e2e
