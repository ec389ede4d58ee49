// What an attempt means for the queue, row by row.
#include "relay/settlement.h"

#include <gtest/gtest.h>

namespace pawl::relay {
namespace {

using std::chrono::hours;
using State = RecipientOutcome::State;

constexpr WallTime kArrived{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

struct SettlementTest : testing::Test {
  SettlementTest() {
    message.id = 7;
    message.envelope.sender = "joe@example.com";
    message.arrived = kArrived;
    store::QueuedRecipient r;
    r.recipient.address = "ann@example.org";
    message.recipients.push_back(r);
    outcome.status = "4.4.1";
    outcome.error = Error(Code::connect_refused, "mx1.example.org [192.0.2.1]:25");
  }
  Settlement after(Seconds since_arrival) {
    DeliveryResult result;
    result.outcomes.push_back(outcome);
    return settle(message, result, schedule, kArrived + since_arrival, 0);
  }
  void policy_failure(State state) {
    outcome.state = state;
    outcome.status = "4.7.4";
    outcome.error = Error(Code::starttls_refused, "mx1.example.org");
    outcome.reply = "502 no";
  }

  RetrySchedule schedule;
  store::QueuedMessage message;
  RecipientOutcome outcome;
};

TEST_F(SettlementTest, DeliveredIsDone) {
  outcome.state = State::delivered;
  auto s = after(Seconds(1));
  EXPECT_EQ(s.update.done, std::vector<std::int32_t>{0});
  EXPECT_TRUE(s.update.deferred.empty());
  EXPECT_TRUE(s.notices.empty());
}

TEST_F(SettlementTest, ATemporaryFailureIsTriedAgainWithItsReasonKept) {
  auto s = after(Seconds(1));
  ASSERT_EQ(s.update.deferred.size(), 1U);
  EXPECT_EQ(s.update.deferred[0].next_attempt, kArrived + Seconds(1) + std::chrono::minutes(5));
  EXPECT_EQ(s.update.deferred[0].status, "4.4.1");
  EXPECT_NE(s.update.deferred[0].text.find("192.0.2.1"), std::string::npos);
  EXPECT_TRUE(s.notices.empty());
}

TEST_F(SettlementTest, APermanentFailureIsToldToTheSender) {
  outcome.state = State::failed;
  outcome.error = Error(Code::smtp_permanent, "mx1");
  auto s = after(Seconds(1));
  EXPECT_EQ(s.update.done.size(), 1U);
  ASSERT_EQ(s.notices.size(), 1U);
  EXPECT_EQ(s.notices[0].action, smtp::DsnAction::failed);
}

// A 5xx to STARTTLS may be the attacker's: an early bounce is lost mail.
TEST_F(SettlementTest, AFailureOfTransportPolicyNeverBouncesEarly) {
  policy_failure(State::failed);
  auto s = after(hours(1));
  EXPECT_EQ(s.update.deferred.size(), 1U);
  EXPECT_TRUE(s.update.done.empty());
  EXPECT_TRUE(s.notices.empty());
}

TEST_F(SettlementTest, AtTheEndOfTheLifetimeThePolicyReasonIsReturned) {
  policy_failure(State::deferred);
  auto s = after(schedule.lifetime);
  ASSERT_EQ(s.notices.size(), 1U);
  const RecipientOutcome& o = s.notices[0].outcome;
  EXPECT_EQ(o.state, State::failed);
  EXPECT_EQ(o.status, "5.7.4");
  EXPECT_EQ(o.error->code, Code::starttls_refused);
}

TEST_F(SettlementTest, AtTheEndOfTheLifetimeATemporaryReasonIsExpiry) {
  auto s = after(schedule.lifetime);
  ASSERT_EQ(s.notices.size(), 1U);
  EXPECT_EQ(s.notices[0].outcome.status, "5.4.7");
  EXPECT_EQ(s.notices[0].outcome.error->code, Code::queue_lifetime);
  EXPECT_NE(s.notices[0].outcome.error->detail.find("192.0.2.1"), std::string::npos);
}

TEST_F(SettlementTest, TheDelayIsToldOnce) {
  auto early = after(hours(3));
  EXPECT_TRUE(early.notices.empty());
  auto s = after(hours(4));
  ASSERT_EQ(s.notices.size(), 1U);
  EXPECT_EQ(s.notices[0].action, smtp::DsnAction::delayed);
  EXPECT_EQ(s.notices[0].retry_until, kArrived + schedule.lifetime);
  EXPECT_TRUE(s.update.deferred[0].delay_notified);
  message.recipients[0].delay_notified = true;
  EXPECT_TRUE(after(hours(5)).notices.empty());
}

TEST_F(SettlementTest, NotifyDecidesWhoIsTold) {
  message.recipients[0].recipient.notify = smtp::Notify{.never = true};
  outcome.state = State::failed;
  outcome.error = Error(Code::smtp_permanent, "");
  EXPECT_TRUE(after(Seconds(1)).notices.empty());
  message.recipients[0].recipient.notify = smtp::Notify{.success = true};
  EXPECT_TRUE(after(Seconds(1)).notices.empty());
  outcome.state = State::delivered;
  ASSERT_EQ(after(Seconds(1)).notices.size(), 1U);
  EXPECT_EQ(after(Seconds(1)).notices[0].action, smtp::DsnAction::relayed);
  outcome.notify_passed_on = true;
  EXPECT_TRUE(after(Seconds(1)).notices.empty());
}

TEST_F(SettlementTest, ANullSenderIsNeverTold) {
  message.envelope.sender = "";
  outcome.state = State::failed;
  outcome.error = Error(Code::smtp_permanent, "");
  auto s = after(hours(5));
  EXPECT_TRUE(s.notices.empty());
  EXPECT_EQ(s.double_bounces.size(), 1U);
  EXPECT_EQ(s.update.done.size(), 1U);
  outcome.state = State::deferred;
  EXPECT_TRUE(after(hours(5)).notices.empty());
}

TEST_F(SettlementTest, SilenceAboutARecipientIsNoDelivery) {
  auto s = settle(message, DeliveryResult{}, schedule, kArrived, 0);
  EXPECT_TRUE(s.update.done.empty());
  EXPECT_EQ(s.update.deferred.size(), 1U);
}

TEST_F(SettlementTest, OnlyAFailureToReachAnybodyPausesTheDestination) {
  auto unreachable = after(Seconds(1));
  EXPECT_TRUE(unreachable.unreachable);
  policy_failure(State::deferred);
  EXPECT_FALSE(after(Seconds(1)).unreachable);
  outcome.error = Error(Code::smtp_temporary, "");
  EXPECT_FALSE(after(Seconds(1)).unreachable);
  outcome.state = State::delivered;
  outcome.error.reset();
  EXPECT_FALSE(after(Seconds(1)).unreachable);
}

}  // namespace
}  // namespace pawl::relay
