#include "lists/everywhere.h"

#include <gtest/gtest.h>

namespace pawl::lists {
namespace {

constexpr std::string_view kList = R"({
  "timestamp": "2020-05-20T15:26:16.505142-07:00",
  "expires": "2020-06-03T15:26:16Z",
  "version": "0.1",
  "author": "Electronic Frontier Foundation <starttls-policy@eff.org>",
  "policy-aliases": {"gmail": {"mode": "enforce", "mxs": [".mail.example.com"]}},
  "policies": {
    "Example.ORG": {"mode": "testing", "mxs": ["mx1.example.org", ".mx.example.org"]},
    "gmail.example": {"policy-alias": "gmail"},
    "lost.example": {"policy-alias": "nobody"},
    "odd.example": {"mode": "none", "mxs": ["a.example"]},
    "empty.example": {"mode": "enforce", "mxs": []}
  }
})";

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

TEST(EverywhereList, names_domains_and_resolves_aliases) {
  auto list = parse_everywhere_list(kList);
  ASSERT_TRUE(list.has_value()) << list.error().sentence();
  EXPECT_EQ(format_rfc3339(list->timestamp), "2020-05-20T22:26:16Z");
  EXPECT_EQ(format_rfc3339(list->expires), "2020-06-03T15:26:16Z");
  const Entry* ours = find(*list, name("example.org"));
  ASSERT_NE(ours, nullptr);
  EXPECT_EQ(ours->mode, mta_sts::Mode::testing);
  const Entry* alias = find(*list, name("gmail.example"));
  ASSERT_NE(alias, nullptr);
  EXPECT_EQ(alias->mode, mta_sts::Mode::enforce);
  EXPECT_EQ(find(*list, name("sub.example.org")), nullptr);
}

TEST(EverywhereList, a_leading_dot_stands_for_one_label) {
  auto list = parse_everywhere_list(kList);
  const Entry* ours = find(*list, name("example.org"));
  EXPECT_TRUE(names(*ours, name("mx1.example.org")));
  EXPECT_TRUE(names(*ours, name("a.mx.example.org")));
  EXPECT_FALSE(names(*ours, name("b.a.mx.example.org")));
  EXPECT_FALSE(names(*ours, name("mx.example.org")));
  EXPECT_FALSE(names(*ours, name("mx2.example.org")));
}

TEST(EverywhereList, passes_over_entries_it_cannot_use_and_says_which) {
  auto list = parse_everywhere_list(kList);
  EXPECT_EQ(list->warnings.size(), 3U);
  EXPECT_EQ(find(*list, name("odd.example")), nullptr);
}

TEST(EverywhereList, refuses_what_is_no_list) {
  for (std::string_view text :
       {"", "[]", "{}", R"({"version": "0.2", "timestamp": 1, "expires": 2, "policies": {}})",
        R"({"version": "0.1", "timestamp": "x", "expires": 2, "policies": {}})",
        R"({"version": "0.1", "timestamp": 1, "expires": "2020-06-03T15:26:16+1", "policies": {}})",
        R"({"version": "0.1", "timestamp": 1, "expires": 2})"}) {
    EXPECT_FALSE(parse_everywhere_list(text).has_value()) << text;
  }
  EXPECT_TRUE(
      parse_everywhere_list(R"({"version": "0.1", "timestamp": 1, "expires": 2, "policies": {}})")
          .has_value());
}

}  // namespace
}  // namespace pawl::lists
