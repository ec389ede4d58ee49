#include "mta_sts/cache_rules.h"

#include <gtest/gtest.h>

namespace pawl::mta_sts {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
const dns::Name kDomain = dns::Name::parse("example.org").value();

Policy policy(Mode mode, Seconds max_age = Seconds(604800)) {
  Policy p;
  p.mode = mode;
  p.max_age = max_age;
  p.mx = {"mx1.example.org"};
  return p;
}
StoredPolicy held(Seconds max_age = Seconds(604800)) {
  return after_success({}, kDomain, "one", "the text", policy(Mode::enforce, max_age), kStart);
}
TxtOutcome txt(const char* id) {
  return {Record{id}, {}};
}
const TxtOutcome kGone;
const TxtOutcome kFailed{{}, Error(Code::dns_servfail, "no answer")};
const TxtOutcome kSeveral{{}, Error(Code::sts_record_invalid, "2 records")};

TEST(CacheRules, TheSameIdUsesThePolicyHeldAndAnotherIdFetches) {
  EXPECT_EQ(next_step(held(), txt("one"), kStart + days(1)).step, Step::use_held);
  EXPECT_EQ(next_step(held(), txt("two"), kStart + days(1)).step, Step::fetch);
  EXPECT_EQ(next_step({}, txt("one"), kStart).step, Step::fetch);
}

TEST(CacheRules, ATxtRecordThatVanishesChangesNothingBeforeExpiry) {
  for (const TxtOutcome& outcome : {kGone, kFailed, kSeveral}) {
    Decision d = next_step(held(), outcome, kStart + days(7) - seconds(1));
    EXPECT_EQ(d.step, Step::use_held);
    EXPECT_FALSE(d.note.empty());
  }
  EXPECT_EQ(next_step(held(), kGone, kStart + days(7)).step, Step::no_policy);
}

TEST(CacheRules, ADnsFailureWithoutAPolicyHeldIsRecordedAndNotNone) {
  for (const auto& stored : {std::optional<StoredPolicy>(), std::optional(held(Seconds(0)))}) {
    Decision d = next_step(stored, kFailed, kStart + days(1));
    EXPECT_EQ(d.step, Step::unavailable);
    ASSERT_TRUE(d.error);
    EXPECT_EQ(d.error->code, Code::dns_servfail);
    EXPECT_EQ(next_step(stored, kSeveral, kStart + days(1)).step, Step::unavailable);
    EXPECT_EQ(next_step(stored, kGone, kStart + days(1)).step, Step::no_policy);
  }
}

TEST(CacheRules, ANewIdWhoseFetchFailsKeepsTheOldUnexpiredPolicy) {
  Error down(Code::sts_fetch, "connection refused");
  StoredPolicy after = after_failure(held(), kDomain, "two", down, kStart + days(1));
  EXPECT_TRUE(is_in_force(after, kStart + days(1)));
  EXPECT_EQ(after.policy_text, "the text");
  EXPECT_EQ(after.id, "one");
  EXPECT_EQ(after.expires, held().expires);
  Decision d = next_step(after, txt("two"), kStart + days(1) + minutes(1));
  EXPECT_EQ(d.step, Step::use_held);
  ASSERT_TRUE(d.error);
  EXPECT_EQ(d.error->detail, "connection refused");
  // And when it has expired, there is nothing left to use.
  EXPECT_FALSE(is_in_force(after, held().expires));
}

TEST(CacheRules, AFailedFetchBacksOffFiveMinutesAndDoublesUpToAnHour) {
  Error down(Code::sts_webpki, "wrong name");
  WallTime now = kStart;
  std::optional<StoredPolicy> stored;
  for (int wait : {5, 10, 20, 40, 60, 60}) {
    stored = after_failure(stored, kDomain, "one", down, now);
    Decision d = next_step(stored, txt("one"), now + minutes(wait) - seconds(1));
    EXPECT_EQ(d.step, Step::unavailable);
    EXPECT_EQ(d.error->code, Code::sts_webpki);
    now += minutes(wait);
    EXPECT_EQ(next_step(stored, txt("one"), now).step, Step::fetch);
  }
}

TEST(CacheRules, ANewIdIsTriedSoonerButIdsThatFlapDoNotHammerThePolicyHost) {
  StoredPolicy failed = after_failure({}, kDomain, "one", Error(Code::sts_fetch, "down"), kStart);
  EXPECT_EQ(next_step(failed, txt("two"), kStart + seconds(59)).step, Step::unavailable);
  EXPECT_EQ(next_step(failed, txt("two"), kStart + seconds(60)).step, Step::fetch);
  EXPECT_EQ(next_step(held(), txt("two"), kStart + seconds(59)).step, Step::use_held);
  EXPECT_EQ(next_step(held(), txt("two"), kStart + seconds(60)).step, Step::fetch);
}

TEST(CacheRules, AnExpiredPolicyIsFetchedAgainEvenUnderTheSameId) {
  EXPECT_EQ(next_step(held(), txt("one"), kStart + days(7)).step, Step::fetch);
  EXPECT_EQ(next_step(held(Seconds(0)), txt("one"), kStart).step, Step::fetch);
}

TEST(CacheRules, AClockSetBackDoesNotStopFetching) {
  StoredPolicy failed =
      after_failure({}, kDomain, "one", Error(Code::sts_fetch, "down"), kStart + days(300));
  EXPECT_EQ(next_step(failed, txt("one"), kStart).step, Step::fetch);
}

TEST(CacheRules, ASuccessReplacesThePolicySoThatNoneForgetsEnforce) {
  StoredPolicy failed = after_failure(held(), kDomain, "two", Error(Code::sts_fetch, ""), kStart);
  StoredPolicy none =
      after_success(failed, kDomain, "two", "mode none", policy(Mode::none, Seconds(60)), kStart);
  EXPECT_EQ(none.policy_text, "mode none");
  EXPECT_EQ(none.id, "two");
  EXPECT_EQ(none.failures, 0);
  EXPECT_EQ(none.expires, kStart + seconds(60));
}

TEST(CacheRules, ARefreshIsDueBeforeExpiryAndAtLeastDaily) {
  EXPECT_EQ(held().refresh_due, kStart + days(1));
  EXPECT_EQ(held(Seconds(7200)).refresh_due, kStart + minutes(60));
  EXPECT_LT(held(Seconds(7200)).refresh_due, held(Seconds(7200)).expires);
  StoredPolicy failed =
      after_failure(held(), kDomain, "one", Error(Code::sts_fetch, ""), kStart + days(1));
  EXPECT_EQ(failed.refresh_due, kStart + days(1) + minutes(5));
}

TEST(CacheRules, AForcedRefetchIsRateLimited) {
  StoredPolicy stored = held();
  EXPECT_TRUE(may_force(stored, kStart));
  stored.forced = kStart;
  EXPECT_FALSE(may_force(stored, kStart + minutes(5) - seconds(1)));
  EXPECT_TRUE(may_force(stored, kStart + minutes(5)));
}

TEST(CacheRules, LastUseIsKeptToHalfADay) {
  StoredPolicy stored = held();
  EXPECT_TRUE(should_touch(stored, kStart));
  stored.last_used = kStart;
  EXPECT_FALSE(should_touch(stored, kStart + minutes(60)));
  EXPECT_TRUE(should_touch(stored, kStart + days(1)));
}

}  // namespace
}  // namespace pawl::mta_sts
