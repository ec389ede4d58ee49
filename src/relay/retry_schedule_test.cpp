#include "relay/retry_schedule.h"

#include <gtest/gtest.h>

namespace pawl::relay {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr WallTime kArrived{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

TEST(RetryScheduleTest, WaitsLongerUntilTheLastOneRepeats) {
  RetrySchedule schedule;
  auto wait = [&](int attempts) {
    return schedule.next(attempts, kArrived, kArrived, 0) - kArrived;
  };
  EXPECT_EQ(wait(1), minutes(5));
  EXPECT_EQ(wait(2), minutes(10));
  EXPECT_EQ(wait(5), hours(1));
  EXPECT_EQ(wait(500), hours(1));
}

TEST(RetryScheduleTest, JitterMovesByATenthAtMost) {
  RetrySchedule schedule;
  EXPECT_EQ(schedule.next(1, kArrived, kArrived, 1) - kArrived, Seconds(330));
  EXPECT_EQ(schedule.next(1, kArrived, kArrived, -1) - kArrived, Seconds(270));
}

TEST(RetryScheduleTest, TheLastAttemptIsAtTheEndOfTheLifetime) {
  RetrySchedule schedule;
  WallTime late = kArrived + schedule.lifetime - minutes(3);
  EXPECT_EQ(schedule.next(9, late, kArrived, 0), kArrived + schedule.lifetime);
  EXPECT_FALSE(schedule.expired(late, kArrived));
  EXPECT_TRUE(schedule.expired(kArrived + schedule.lifetime, kArrived));
}

TEST(RetryScheduleTest, AnEmptyScheduleStillWaits) {
  RetrySchedule schedule;
  schedule.waits.clear();
  EXPECT_GT(schedule.next(1, kArrived, kArrived, -1), kArrived);
}

TEST(RetryScheduleTest, NoDelayWarningWhenSwitchedOff) {
  RetrySchedule schedule;
  EXPECT_TRUE(schedule.warns(kArrived + hours(4), kArrived));
  schedule.delay_warning = Seconds(0);
  EXPECT_FALSE(schedule.warns(kArrived + hours(40), kArrived));
}

}  // namespace
}  // namespace pawl::relay
