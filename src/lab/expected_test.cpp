#include "lab/expected.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pawl::lab {
namespace {

TEST(ExpectedOutcomes, CoverEveryDestinationAndAttack) {
  auto rows = expected_rows();
  ASSERT_TRUE(rows) << rows.error().sentence();
  EXPECT_GT(rows->size(), 300U);
  for (const AttackRow& attack : attacks()) {
    EXPECT_TRUE(std::ranges::any_of(*rows, [&](const ExpectedRow& row) {
      return row.attack == attack.attack;
    })) << attack.name;
  }
  for (const ExpectedRow& row : *rows) {
    EXPECT_EQ(row.contact != Contact::first, row.destination->has_policy) << row.destination->name;
    // What can be read in clear or by an attacker is never a promise that was known.
    if (row.outcome == Outcome::clear || row.outcome == Outcome::stolen) {
      EXPECT_FALSE(row.promise_known) << row.destination->name;
    }
    if (row.destination->promised.empty()) EXPECT_FALSE(row.promise_known);
  }
}

}  // namespace
}  // namespace pawl::lab
