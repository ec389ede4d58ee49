#include <gtest/gtest.h>

#include "mta_sts/policy.h"

namespace pawl::mta_sts {
namespace {

struct RecordCase {
  const char* text;
  const char* id;  // nullptr: invalid
};

class RecordGrammar : public testing::TestWithParam<RecordCase> {};

TEST_P(RecordGrammar, IsTheAbnf) {
  auto record = parse_record(GetParam().text);
  ASSERT_EQ(record.has_value(), GetParam().id != nullptr) << GetParam().text;
  if (record) {
    EXPECT_EQ(record->id, GetParam().id);
  } else {
    EXPECT_EQ(record.error().code, Code::sts_record_invalid);
    EXPECT_NE(record.error().detail.find('"'), std::string::npos) << "quotes what was found";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rfc8461Section31, RecordGrammar,
    testing::Values(
        RecordCase{"v=STSv1; id=20160831085700Z;", "20160831085700Z"},
        RecordCase{"v=STSv1;id=1", "1"}, RecordCase{"v=STSv1 \t;\t id=1 \t; ", "1"},
        RecordCase{"v=STSv1; ext=a,b; id=1", "1"},
        RecordCase{"v=STSv1; id=1; id=2", "1"},  // ours: the first, as in the policy
        RecordCase{"v=STSv1; a_-.b=c:d; id=1;", "1"},
        RecordCase{"v=STSv1; id=12345678901234567890123456789012",
                   "12345678901234567890123456789012"},
        RecordCase{"v=STSv1; id=123456789012345678901234567890123", nullptr},
        RecordCase{"v=STSv1; id=", nullptr}, RecordCase{"v=STSv1; id=2026-11-22", nullptr},
        RecordCase{"v=STSv1; id=1;;", nullptr}, RecordCase{"v=STSv1;; id=1", nullptr},
        RecordCase{"v=STSv1;", nullptr}, RecordCase{"v=STSv1; ext=a", nullptr},
        RecordCase{"v=STSv1; id=1; ext", nullptr}, RecordCase{"v=STSv1; id=1; ext=a=b", nullptr},
        RecordCase{"v=STSv1; id=1; ext=a b", nullptr}, RecordCase{"v=STSv1; id=1; _ext=a", nullptr},
        RecordCase{"v=STSv1; ID=1", nullptr}, RecordCase{"v=stsv1; id=1", nullptr},
        RecordCase{" v=STSv1; id=1", nullptr}, RecordCase{"v=STSv10; id=1", nullptr},
        RecordCase{"v=STSv1, id=1", nullptr}, RecordCase{"", nullptr}));

TEST(RecordChoice, OtherTxtRecordsAreIgnored) {
  auto record = choose_record({"v=spf1 -all", "v=STSv1; id=7", "v=STSv2; id=8", "hello"});
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->id, "7");
}

TEST(RecordChoice, NoClaimIsNoRecordAndNoError) {
  auto record = choose_record({"v=spf1 -all", "v=STSv1"});
  ASSERT_TRUE(record);
  EXPECT_FALSE(*record);
}

TEST(RecordChoice, SeveralRecordsAreNone) {
  auto record = choose_record({"v=STSv1; id=7", "v=STSv1; id=7"});
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, Code::sts_record_invalid);
  // A malformed one counts: it claims to be one.
  EXPECT_FALSE(choose_record({"v=STSv1; id=7", "v=STSv1; nonsense"}));
}

TEST(RecordChoice, OneMalformedRecordIsAnErrorAndNotNone) {
  EXPECT_FALSE(choose_record({"v=STSv1; nonsense"}));
}

}  // namespace
}  // namespace pawl::mta_sts
