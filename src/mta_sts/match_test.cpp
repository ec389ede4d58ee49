#include "mta_sts/match.h"

#include <gtest/gtest.h>

namespace pawl::mta_sts {
namespace {

dns::Name host(const char* text) {
  return dns::Name::parse(text).value();
}

TEST(MxMatching, AWildcardIsExactlyOneLabelAndOnlyTheFirst) {
  EXPECT_TRUE(matches("*.example.org", host("mx.example.org")));
  EXPECT_FALSE(matches("*.example.org", host("example.org")));
  EXPECT_FALSE(matches("*.example.org", host("mx.eu.example.org")));
  EXPECT_FALSE(matches("*.example.org", host("mxexample.org")));
  EXPECT_FALSE(matches("*.example.org", host("mx.example.org.evil.example")));
  EXPECT_FALSE(matches("mx.*.org", host("mx.example.org")));
}

TEST(MxMatching, NamesCompareWithoutCaseAsALabels) {
  Policy policy = parse_policy(
                      "version: STSv1\nmode: enforce\nmax_age: 1\nmx: MX1.B\xC3\xBC"
                      "cher.example\n"
                      "mx: *.Example.ORG\n")
                      .value();
  EXPECT_EQ(matching_pattern(policy, host("mx1.b\xC3\xBC"
                                          "cher.example")),
            "mx1.xn--bcher-kva.example");
  EXPECT_EQ(matching_pattern(policy, host("Mx1.xn--Bcher-kva.example.")),
            "mx1.xn--bcher-kva.example");
  EXPECT_EQ(matching_pattern(policy, host("MX.eXample.org")), "*.example.org");
  EXPECT_EQ(matching_pattern(policy, host("mx2.example.net")), std::nullopt);
}

TEST(MxMatching, TheRootAndTheEmptyPatternMatchNothing) {
  EXPECT_FALSE(matches("", dns::Name()));
  EXPECT_FALSE(matches("*.", dns::Name()));
  EXPECT_FALSE(matches("*.", host("org")));
}

}  // namespace
}  // namespace pawl::mta_sts
