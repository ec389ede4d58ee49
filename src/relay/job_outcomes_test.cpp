#include "relay/job_outcomes.h"

#include <gtest/gtest.h>

#include "relay/handshake_memory.h"

namespace pawl::relay {
namespace {

using State = RecipientOutcome::State;

store::QueuedMessage message(int recipients) {
  store::QueuedMessage message;
  for (int i = 0; i < recipients; ++i) message.recipients.emplace_back().index = i * 10;
  return message;
}

dns::Name host(const char* text) {
  return dns::Name::parse(text).value();
}

smtp::RecipientResult said(Code code, const char* status, const char* reply) {
  return {Error(code, reply), status, reply};
}

TEST(JobOutcomes, APermanentReplySettlesAndATemporaryOneTriesTheNextHost) {
  JobOutcomes outcomes(message(3));
  smtp::TransactionResult result;
  result.recipients = {{std::nullopt, "2.0.0", "250 2.0.0 ok"},
                       said(Code::smtp_permanent, "5.1.1", "550 5.1.1 no"),
                       said(Code::smtp_temporary, "4.2.1", "450 4.2.1 busy")};
  outcomes.answered({0, 1, 2}, result, host("mx1.example.org"));
  EXPECT_EQ(outcomes.open(), std::vector<std::size_t>{2});
  outcomes.not_used(Error(Code::connect_refused, ""), {}, host("mx2.example.org"));
  auto done = outcomes.take();
  EXPECT_EQ(done[0].state, State::delivered);
  EXPECT_EQ(done[1].state, State::failed);
  EXPECT_EQ(done[1].index, 10);
  // What a host said about the recipient tells more than a host that was not there.
  EXPECT_EQ(done[2].state, State::deferred);
  EXPECT_EQ(done[2].reply, "450 4.2.1 busy");
}

TEST(JobOutcomes, AHostThatCannotBeUsedDefersWhateverCodeItSent) {
  for (Code code : {Code::starttls_refused, Code::smtp_permanent, Code::tlsa_mismatch,
                    Code::auth_failed, Code::connection_lost}) {
    JobOutcomes outcomes(message(1));
    outcomes.not_used(Error(code, "554 5.7.0 go away"), "554 5.7.0 go away",
                      host("mx.example.org"));
    EXPECT_FALSE(outcomes.all_settled());
    auto done = outcomes.take();
    EXPECT_EQ(done[0].state, State::deferred) << row(code).name;
    EXPECT_EQ(done[0].status[0], '4') << row(code).name;
  }
}

TEST(JobOutcomes, ABrokenPromiseIsNotHiddenByALaterHostThatWasDown) {
  JobOutcomes outcomes(message(1));
  outcomes.not_used(Error(Code::tlsa_mismatch, "x"), {}, host("mx1.example.org"));
  outcomes.not_used(Error(Code::connect_refused, ""), {}, host("mx2.example.org"));
  EXPECT_EQ(outcomes.take()[0].error->code, Code::tlsa_mismatch);
}

TEST(JobOutcomes, InDoubtWaitsInsteadOfTryingAnotherHostAtOnce) {
  JobOutcomes outcomes(message(1));
  smtp::TransactionResult result;
  result.in_doubt = true;
  result.recipients = {{Error(Code::connection_lost, ""), "4.4.2", ""}};
  outcomes.answered({0}, result, host("mx1.example.org"));
  EXPECT_TRUE(outcomes.open().empty());
  EXPECT_EQ(outcomes.take()[0].state, State::deferred);
}

// rfc3461#5.2.2: "relayed" is ours to say only where the next hop will not say more.
TEST(JobOutcomes, SaysWhetherTheNextHopTookOverTheNotices) {
  for (bool offered : {true, false}) {
    JobOutcomes outcomes(message(1));
    smtp::TransactionResult result;
    result.dsn_passed_on = offered;
    result.recipients = {{std::nullopt, "2.0.0", "250 ok"}};
    outcomes.answered({0}, result, host("mx.example.org"));
    EXPECT_EQ(outcomes.take()[0].notify_passed_on, offered);
  }
}

TEST(JobOutcomes, RequireTlsIsReturnedOnlyIfNoHostWasMerelyDown) {
  smtp::TransactionResult lacking;
  lacking.recipients = {{Error(Code::requiretls_missing, "mx1"), "5.7.30", ""}};
  JobOutcomes all(message(1));
  all.answered({0}, lacking, host("mx1.example.org"));
  EXPECT_EQ(all.open().size(), 1U);
  EXPECT_EQ(all.take()[0].state, State::failed);
  JobOutcomes down_first(message(1));
  down_first.not_used(Error(Code::timeout, ""), {}, host("mx1.example.org"));
  down_first.answered({0}, lacking, host("mx2.example.org"));
  EXPECT_EQ(down_first.take()[0].state, State::deferred);
  JobOutcomes down_last(message(1));
  down_last.answered({0}, lacking, host("mx1.example.org"));
  down_last.not_used(Error(Code::timeout, ""), {}, host("mx2.example.org"));
  EXPECT_EQ(down_last.take()[0].state, State::deferred);
}

TEST(JobOutcomes, TheDomainAsAWholeFailsOnlyForGood) {
  JobOutcomes gone(message(1));
  gone.settle_all(Error(Code::null_mx, ""));
  auto done = gone.take();
  EXPECT_EQ(done[0].state, State::failed);
  EXPECT_EQ(done[0].status, "5.1.10");
  JobOutcomes bogus(message(1));
  bogus.settle_all(Error(Code::dnssec_bogus, ""));
  EXPECT_EQ(bogus.take()[0].state, State::deferred);
}

TEST(HandshakeMemory, ForgetsBySuccessByTimeAndByLimit) {
  MonoTime now{};
  HandshakeMemory memory(Seconds(10), 2);
  dns::Name mx = host("mx.example.org");
  memory.failed("example.org", mx, now);
  EXPECT_TRUE(memory.has_failed("example.org", mx, now));
  EXPECT_FALSE(memory.has_failed("example.net", mx, now));
  EXPECT_FALSE(memory.has_failed("example.org", mx, now + Seconds(10)));
  memory.succeeded("example.org", mx);
  EXPECT_FALSE(memory.has_failed("example.org", mx, now));
  for (const char* domain : {"a.org", "b.org", "c.org", "d.org"}) memory.failed(domain, mx, now);
  EXPECT_EQ(memory.size(), 2U);
  EXPECT_TRUE(memory.has_failed("d.org", mx, now));
}

}  // namespace
}  // namespace pawl::relay
