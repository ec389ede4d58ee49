#include "app/check_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::app {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
  auto target = check_target(text);
  return target ? "taken" : target.error().detail;
}

TEST(CheckTarget, AMailAddressIsItsDomainAndThatIsSaid) {
  auto understood = check_target("Post.Master@example.org");
  ASSERT_TRUE(understood);
  EXPECT_EQ(understood->target.domain->text(), "example.org");
  EXPECT_THAT(understood->remark, HasSubstr("example.org"));
}

TEST(CheckTarget, AWebAddressIsItsHostAndThatIsSaid) {
  auto understood = check_target("https://example.org/index.html");
  ASSERT_TRUE(understood);
  EXPECT_EQ(understood->target.domain->text(), "example.org");
  EXPECT_THAT(understood->remark, HasSubstr("web address"));
}

TEST(CheckTarget, AMisspeltSchemeIsNamed) {
  EXPECT_THAT(refusal("imapss://mail.example.org"), HasSubstr("did you mean imaps://?"));
  EXPECT_THAT(refusal("pop://mail.example.org"), HasSubstr("did you mean pop3://?"));
}

TEST(CheckTarget, ADomainSaysNothingMore) {
  auto understood = check_target(" example.org ");
  ASSERT_TRUE(understood);
  EXPECT_EQ(understood->remark, "");
}

TEST(CheckVia, SourceAndResolver) {
  auto path = parse_via("source=192.0.2.7,resolver=9.9.9.9");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->name, "source=192.0.2.7,resolver=9.9.9.9");
  EXPECT_EQ(path->source->text(), "192.0.2.7");
  EXPECT_EQ(path->resolver->text(), "9.9.9.9:53");
  EXPECT_EQ(parse_via("resolver=[::1]:5300")->resolver->text(), "[::1]:5300");
}

TEST(CheckVia, WhatIsWrongSaysWhatIsRight) {
  for (const char* wrong : {"192.0.2.7", "source=office", "route=vpn", ""}) {
    auto path = parse_via(wrong);
    ASSERT_FALSE(path) << wrong;
    EXPECT_THAT(path.error().detail, HasSubstr("write source=192.0.2.7"));
  }
}

TEST(CheckNumber, OutOfItsRangeIsRefused) {
  Arguments arguments;
  EXPECT_EQ(number_option(arguments, "days", 0, 10).value(), std::nullopt);
  arguments.add_option("days", "7");
  EXPECT_EQ(number_option(arguments, "days", 0, 10).value(), 7);
  arguments.add_option("days", "11");
  EXPECT_FALSE(number_option(arguments, "days", 0, 10));
  arguments.add_option("days", "0");
  EXPECT_FALSE(number_option(arguments, "days", 1, 10));
}

TEST(CheckTargets, AFileThatIsNotThereIsNamed) {
  Arguments arguments;
  arguments.add_option("from-file", "/nonexistent/targets");
  auto targets = check_targets(arguments);
  ASSERT_FALSE(targets);
  EXPECT_THAT(targets.error().detail, HasSubstr("/nonexistent/targets"));
}

TEST(CheckTargets, NoneIsWrongUsage) {
  auto targets = check_targets(Arguments());
  ASSERT_FALSE(targets);
  EXPECT_EQ(targets.error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace pawl::app
