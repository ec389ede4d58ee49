// The audit must see what the test with kill -9 is for: a lost message, and a copy that nobody can
// explain. It is shown each here, since a relay that works never does.
#include "tests/faults/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::faults {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Copy kCopy{7, 1};
constexpr Submission kAccepted{kCopy, 1, true, true};
constexpr Submission kCutOff{kCopy, 1, true, false};

void expect_clean(const Findings& findings) {
  EXPECT_THAT(findings.lost, IsEmpty());
  EXPECT_THAT(findings.damaged, IsEmpty());
  EXPECT_THAT(findings.unexplained, IsEmpty());
}

TEST(Audit, AMessageThatWaitedThroughAKillIsFine) {
  auto findings = audit({kAccepted}, {{kCopy, 2, true}}, {{1, {kCopy}}});
  expect_clean(findings);
  EXPECT_THAT(findings.delivered_not_recorded, ElementsAre(0));
}

TEST(Audit, AnAcceptedMessageThatNeverArrivesIsLost) {
  EXPECT_THAT(audit({kAccepted}, {}, {{1, {kCopy}}}).lost, ElementsAre(HasSubstr("never arrived")));
}

TEST(Audit, AnAcceptedMessageThatWasNotInTheFileAfterTheKillIsLostEvenIfALaterCopyArrives) {
  Copy second{7, 2};
  auto findings = audit({kAccepted, {second, 2, true, true}}, {{second, 2, true}}, {{1, {}}});
  EXPECT_THAT(findings.lost, ElementsAre(HasSubstr("copy 1")));
}

TEST(Audit, AMessageThatReappearsFromNowhereWasNotDurable) {
  auto findings = audit({kAccepted}, {{kCopy, 3, true}}, {{1, {}}, {2, {kCopy}}});
  EXPECT_THAT(findings.lost, ElementsAre(HasSubstr("not in the queue after kill 1")));
}

TEST(Audit, ADeliveryThatTheKillKeptFromTheFileExplainsTheSecond) {
  auto findings = audit({kAccepted}, {{kCopy, 1, true}, {kCopy, 2, true}}, {{1, {kCopy}}, {2, {}}});
  expect_clean(findings);
  EXPECT_THAT(findings.delivered_not_recorded, ElementsAre(1, 0));
}

TEST(Audit, TwoDeliveriesInOneLifeAreUnexplained) {
  auto findings = audit({kAccepted}, {{kCopy, 1, true}, {kCopy, 1, true}}, {{1, {kCopy}}});
  EXPECT_THAT(findings.unexplained, ElementsAre(HasSubstr("twice within life 1")));
}

TEST(Audit, ADeliveryAfterTheFileHadForgottenTheMessageIsUnexplained) {
  auto findings = audit({kAccepted}, {{kCopy, 1, true}, {kCopy, 2, true}}, {{1, {}}});
  EXPECT_THAT(findings.unexplained, ElementsAre(HasSubstr("came again in life 2")));
}

TEST(Audit, ACommitWhose250WasLostExplainsTheNextCopy) {
  Copy second{7, 2};
  auto findings = audit({kCutOff, {second, 2, true, true}}, {{kCopy, 2, true}, {second, 2, true}},
                        {{1, {kCopy}}});
  expect_clean(findings);
  EXPECT_THAT(findings.committed_not_acknowledged, ElementsAre(1));
}

TEST(Audit, AMessageWhoseEndWasNeverSentMayNotBeDelivered) {
  Submission half{kCopy, 1, false, false};
  EXPECT_THAT(audit({half}, {{kCopy, 2, true}}, {{1, {kCopy}}}).unexplained,
              ElementsAre(HasSubstr("never sent to its end")));
}

TEST(Audit, AMissing250WithoutAKillIsUnexplained) {
  EXPECT_THAT(audit({kCutOff}, {{kCopy, 1, true}}, {}).unexplained,
              ElementsAre(HasSubstr("no kill had taken the 250 away")));
}

TEST(Audit, OtherBytesAreDamage) {
  EXPECT_THAT(audit({kAccepted}, {{kCopy, 1, false}}, {}).damaged, ElementsAre(HasSubstr("7")));
}

}  // namespace
}  // namespace pawl::faults
