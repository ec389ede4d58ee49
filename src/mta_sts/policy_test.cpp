#include "mta_sts/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace pawl::mta_sts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kGood = "version: STSv1\nmode: enforce\nmax_age: 604800\nmx: mx1.example.org\n";

std::string why_invalid(const std::string& text) {
  auto policy = parse_policy(text);
  if (policy) return "it is valid";
  EXPECT_EQ(policy.error().code, Code::sts_policy_invalid);
  return policy.error().detail;
}

TEST(PolicyGrammar, ReadsTheExampleOfTheRfcWithEitherLineEnd) {
  for (const std::string& end : {std::string("\n"), std::string("\r\n")}) {
    auto policy = parse_policy("version: STSv1" + end + "mode: enforce" + end +
                               "mx: mail.example.com" + end + "mx: *.example.net" + end +
                               "mx: backupmx.example.com" + end + "max_age: 604800" + end);
    ASSERT_TRUE(policy) << policy.error().sentence();
    EXPECT_EQ(policy->mode, Mode::enforce);
    EXPECT_EQ(policy->max_age, Seconds(604800));
    EXPECT_THAT(policy->mx,
                ElementsAre("mail.example.com", "*.example.net", "backupmx.example.com"));
    EXPECT_TRUE(policy->warnings.empty());
  }
}

TEST(PolicyGrammar, TheLastLineNeedsNoEndAndBlanksAroundValuesAreAllowed) {
  auto policy = parse_policy("max_age:1\nmx:\t MX.example.org \t\nmode:testing\nversion:STSv1");
  ASSERT_TRUE(policy) << policy.error().sentence();
  EXPECT_THAT(policy->mx, ElementsAre("mx.example.org"));
}

TEST(PolicyGrammar, UnknownKeysAreIgnoredWhateverTheirValue) {
  auto policy = parse_policy(kGood + "x-contact: mailto:a@example.org: b\nfuture_field:\n");
  ASSERT_TRUE(policy) << policy.error().sentence();
}

TEST(PolicyGrammar, NoneNeedsNoMx) {
  auto policy = parse_policy("version: STSv1\nmode: none\nmax_age: 86400\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->mode, Mode::none);
  EXPECT_THAT(why_invalid("version: STSv1\nmode: testing\nmax_age: 86400\n"), HasSubstr("mx"));
  EXPECT_THAT(why_invalid("version: STSv1\nmode: enforce\nmax_age: 86400\n"), HasSubstr("mx"));
}

TEST(PolicyGrammar, OfRepeatedFieldsTheFirstCountsWithAWarning) {
  auto policy = parse_policy(kGood + "mode: none\nmax_age: 1\nversion: STSv2\n");
  ASSERT_TRUE(policy) << policy.error().sentence();
  EXPECT_EQ(policy->mode, Mode::enforce);
  EXPECT_EQ(policy->max_age, Seconds(604800));
  EXPECT_EQ(policy->warnings.size(), 3U);
}

TEST(PolicyGrammar, MaxAgeIsCappedAtAYearAndNotRefused) {
  auto with = [](const std::string& age) {
    return "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: " + age + "\n";
  };
  auto capped = parse_policy(with("9999999999"));
  ASSERT_TRUE(capped);
  EXPECT_EQ(capped->max_age, kMaxAge);
  EXPECT_EQ(capped->warnings.size(), 1U);
  auto year = parse_policy(with("31557600"));
  ASSERT_TRUE(year);
  EXPECT_EQ(year->max_age, kMaxAge);
  EXPECT_TRUE(year->warnings.empty());
  for (const char* bad : {"", "-1", "1.5", "1e6", "10000000000", "00000000001", "86400s"}) {
    EXPECT_THAT(why_invalid(with(bad)), HasSubstr("max_age")) << bad;
  }
}

TEST(PolicyGrammar, AnAddressOrNonsenseAsMxIsToleratedAndMatchesNothing) {
  auto policy = parse_policy(
      kGood + "mx: 192.0.2.1\nmx: [192.0.2.1]\nmx: *\nmx: a.*.example\nmx: 2001:db8::1\n");
  ASSERT_TRUE(policy) << policy.error().sentence();
  EXPECT_THAT(policy->mx, ElementsAre("mx1.example.org"));
  EXPECT_EQ(policy->warnings.size(), 5U);
  EXPECT_THAT(policy->warnings.front(), HasSubstr("line 5"));
}

TEST(PolicyGrammar, APolicyOfWhichNoMxIsAHostIsInvalid) {
  EXPECT_THAT(why_invalid("version: STSv1\nmode: enforce\nmax_age: 1\nmx: 192.0.2.1\n"),
              HasSubstr("192.0.2.1"));
}

TEST(PolicyGrammar, InternationalNamesBecomeALabels) {
  auto policy = parse_policy(
      "version: STSv1\nmode: enforce\nmax_age: 1\nmx: *.b\xC3\xBC"
      "cher.example\n");
  ASSERT_TRUE(policy) << policy.error().sentence();
  EXPECT_THAT(policy->mx, ElementsAre("*.xn--bcher-kva.example"));
}

TEST(PolicyGrammar, WhatIsMissingOrWrongIsNamed) {
  EXPECT_THAT(why_invalid(""), HasSubstr("version"));
  EXPECT_THAT(why_invalid("version: STSv2\nmode: none\nmax_age: 1\n"), HasSubstr("line 1"));
  EXPECT_THAT(why_invalid("Version: STSv1\nmode: none\nmax_age: 1\n"), HasSubstr("version"));
  EXPECT_THAT(why_invalid("version: STSv1\nmode: Enforce\nmax_age: 1\n"), HasSubstr("Enforce"));
  EXPECT_THAT(why_invalid("version: STSv1\nmode: none\n"), HasSubstr("max_age"));
  EXPECT_THAT(why_invalid("version: STSv1\nmax_age: 1\n"), HasSubstr("mode"));
  EXPECT_THAT(why_invalid(kGood + "<html>\n"), HasSubstr("line 5"));
  EXPECT_THAT(why_invalid("\xEF\xBB\xBF" + kGood), HasSubstr("line 1"));
  EXPECT_THAT(why_invalid(kGood + std::string("mx\0: a.example\n", 15)), HasSubstr("\\x00"));
}

TEST(PolicyGrammar, IsBounded) {
  EXPECT_THAT(why_invalid(std::string(limits::kStsPolicyBytes + 1, 'a')), HasSubstr("longer"));
  std::string many = kGood;
  for (std::size_t i = 0; i < limits::kStsMxPatterns; ++i) many += "mx: a.example\n";
  EXPECT_THAT(why_invalid(many), HasSubstr("mx lines"));
}

}  // namespace
}  // namespace pawl::mta_sts
