#include "tlsrpt/record.h"

#include <gtest/gtest.h>

namespace pawl::tlsrpt {
namespace {

TEST(TlsrptRecord, takes_what_the_rfc_shows) {
  auto mail = parse_record("v=TLSRPTv1;rua=mailto:reports@example.com");
  ASSERT_TRUE(mail.has_value()) << mail.error().sentence();
  EXPECT_EQ(mail->rua, std::vector<std::string>{"mailto:reports@example.com"});
  auto both = parse_record(
      "v=TLSRPTv1; rua=mailto:a@example.com , https://reporting.example.com/v1/tlsrpt ;");
  ASSERT_TRUE(both.has_value()) << both.error().sentence();
  EXPECT_EQ(both->rua.size(), 2U);
  EXPECT_EQ(both->rua[1], "https://reporting.example.com/v1/tlsrpt");
}

TEST(TlsrptRecord, lets_extensions_stand_before_rua) {
  auto record = parse_record("v=TLSRPTv1; x-a.b=c; rua=mailto:a@example.com;");
  ASSERT_TRUE(record.has_value()) << record.error().sentence();
  EXPECT_TRUE(record->warnings.empty());
}

TEST(TlsrptRecord, passes_over_a_destination_it_does_not_know_if_another_is_left) {
  auto record = parse_record("v=TLSRPTv1; rua=ftp://example.com/, mailto:a@example.com");
  ASSERT_TRUE(record.has_value()) << record.error().sentence();
  EXPECT_EQ(record->rua.size(), 1U);
  EXPECT_EQ(record->warnings.size(), 1U);
}

TEST(TlsrptRecord, refuses_the_rest_and_says_why) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"v=TLSRPTv1; rua=reports@example.com", "lacks \"mailto:\""},
      {"v=TLSRPTv1;", "NAME=VALUE"},
      {"v=TLSRPTv1; ;rua=mailto:a@b.c", "NAME=VALUE"},
      {"v=TLSRPTv1; rua=", "empty destination"},
      {"v=TLSRPTv1; rua=mailto:a@b.c,", "empty destination"},
      {"v=TLSRPTv1; rua=mailto:a", "no mail address"},
      {"v=TLSRPTv1; rua=mailto:@", "no mail address"},
      {"v=TLSRPTv1; rua=https:///x", "no host"},
      {"v=TLSRPTv1; rua=mailto:a@b.c; rua=mailto:d@e.f", "twice"},
      {"v=TLSRPTv1; rua=ftp://x/", "no destination"},
      {"v=TLSRPTv1; ruf=mailto:a@b.c", "no rua"},
      {"v=TLSRPTv2; rua=mailto:a@b.c", "begin"},
      {"rua=mailto:a@b.c; v=TLSRPTv1", "begin"},
      {"v=tlsrptv1; rua=mailto:a@b.c", "begin"},
      {"v=TLSRPTv1; rua=mailto:a b@c", "blank"},
  };
  for (const auto& [text, part] : rows) {
    auto record = parse_record(text);
    ASSERT_FALSE(record.has_value()) << text;
    EXPECT_EQ(record.error().code, Code::tlsrpt_record_invalid);
    EXPECT_NE(record.error().detail.find(part), std::string::npos) << record.error().detail;
  }
}

TEST(TlsrptRecord, two_records_are_none_and_other_texts_do_not_count) {
  auto two = choose_record({"v=TLSRPTv1; rua=mailto:a@b.c", "v=TLSRPTv1; rua=mailto:d@b.c"});
  EXPECT_FALSE(two.has_value());
  auto one = choose_record({"v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@b.c"});
  ASSERT_TRUE(one.has_value());
  EXPECT_TRUE(one->has_value());
  auto none = choose_record({"v=spf1 -all"});
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->has_value());
}

}  // namespace
}  // namespace pawl::tlsrpt
