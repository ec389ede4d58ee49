#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace pawl {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Code::invalid_argument, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  TRY(int h, half(n));
  TRY(int q, half(h));
  return q;
}

TEST(Result, TryPassesTheErrorUpWithItsCodeAndDetail) {
  EXPECT_EQ(quarter(8).value(), 2);
  auto r = quarter(6);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Code::invalid_argument);
  EXPECT_EQ(r.error().sentence(), "the input is not valid: odd");
}

TEST(ErrorTable, NamesAreUniqueAndPolicyFailuresAreNeverPermanent) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Code::relay_denied); ++i) {
    const CodeRow& r = row(static_cast<Code>(i));
    EXPECT_TRUE(names.insert(r.name).second) << r.name;
    EXPECT_FALSE(r.text.empty());
    // A failure of TLS policy defers until the queue lifetime ends (RFC 7672 section 2.2, RFC 8461
    // section 5): its status must be a 4.x.x.
    if (r.retry == Retry::policy) EXPECT_EQ(r.enhanced_status.front(), '4') << r.name;
    if (r.retry == Retry::permanent) EXPECT_EQ(r.enhanced_status.front(), '5') << r.name;
  }
}

}  // namespace
}  // namespace pawl
