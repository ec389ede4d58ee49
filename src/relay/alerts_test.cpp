#include "relay/alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "net/loop.h"
#include "relay/delivery_events.h"

namespace pawl::relay {
namespace {

class Recorder : public EventSink {
 public:
  void emit(const Event& event) override { events.push_back(event); }
  std::size_t count(std::string_view name) const {
    std::size_t n = 0;
    for (const Event& event : events) n += event.name == name ? 1 : 0;
    return n;
  }
  std::vector<Event> events;
};

// Only what Alerts needs of a queue.
class CommitOnly : public store::Queue {
 public:
  net::Task<std::int64_t> spill(std::optional<std::int64_t>, std::string) override {
    co_return fail(Code::unsupported);
  }
  net::Task<store::QueuedMessage> commit(store::NewMessage message,
                                         std::vector<std::string> next_hops) override {
    if (full) co_return fail(Code::disk_full);
    committed.push_back(std::move(message));
    hops.push_back(next_hops.front());
    store::QueuedMessage queued;
    queued.id = 77;
    co_return queued;
  }
  net::Task<std::vector<store::QueuedMessage>> claim_due(WallTime, std::size_t) override {
    co_return fail(Code::unsupported);
  }
  net::Task<std::optional<WallTime>> next_due() override { co_return fail(Code::unsupported); }
  void release(store::MessageId) override { ++released; }
  net::Task<std::string> read_content(store::MessageId, std::uint64_t, std::size_t) override {
    co_return fail(Code::unsupported);
  }
  net::Task<> finish(store::Update, std::vector<std::string>) override {
    co_return fail(Code::unsupported);
  }
  net::Task<std::vector<store::QueuedMessage>> list(store::Filter) override {
    co_return fail(Code::unsupported);
  }
  net::Task<store::Totals> totals() override { co_return fail(Code::unsupported); }
  net::Task<std::size_t> set_held(store::Filter, bool) override {
    co_return fail(Code::unsupported);
  }
  net::Task<std::size_t> remove(store::Filter) override { co_return fail(Code::unsupported); }
  net::Task<std::size_t> flush(store::Filter, WallTime) override {
    co_return fail(Code::unsupported);
  }
  std::vector<store::NewMessage> committed;
  std::vector<std::string> hops;
  int released = 0;
  bool full = false;
};

DeliveryJob job_to(const std::string& domain) {
  DeliveryJob job;
  job.next_hop = *NextHop::parse(domain);
  job.message.id = 5;
  job.message.origin = "smtp 192.0.2.7";
  store::QueuedRecipient queued;
  queued.recipient.address = "joe@" + domain;
  queued.recipient.domain = *dns::Name::parse(domain);
  job.message.recipients = {queued};
  return job;
}

DeliveryResult held(Code cause) {
  Attempt attempt;
  attempt.host = *dns::Name::parse("mx1.example.org");
  attempt.promised = policy::Protection::authenticated;
  attempt.failure = Error(cause, "");
  RecipientOutcome outcome;
  outcome.status = "4.7.5";
  outcome.error = attempt.failure;
  outcome.remote_host = attempt.host;
  DeliveryResult result;
  result.attempts = {attempt};
  result.outcomes = {outcome};
  return result;
}

class AlertsTest : public testing::Test {
 protected:
  AlertsTest() {
    options.hostname = "relay.example.net";
    options.postmaster = "postmaster@example.net";
    options.memory_file =
        std::filesystem::temp_directory_path() / ("pawl_alerts_test." + std::to_string(getpid()));
    std::filesystem::remove(options.memory_file);
  }
  ~AlertsTest() override { std::filesystem::remove(options.memory_file); }

  static net::Task<> consider(Alerts* alerts, const DeliveryJob* job,
                              const DeliveryResult* result) {
    alerts->consider(*job, *result);
    co_return Result<>();
  }
  void run(Alerts& alerts, const DeliveryJob& job, const DeliveryResult& result) {
    net::Loop loop;
    loop.spawn(consider(&alerts, &job, &result));
    loop.run();
  }
  Alerts make() {
    return Alerts(
        options, queue, events, clock,
        [](const smtp::Recipient& to) -> Result<std::string> { return to.domain.text(); });
  }

  AlertOptions options;
  CommitOnly queue;
  Recorder events;
  FixedClock clock{*parse_rfc3339("2026-11-22T12:00:00Z")};
};

TEST_F(AlertsTest, OneMailPerDomainAndCause) {
  Alerts alerts = make();
  run(alerts, job_to("example.org"), held(Code::tlsa_mismatch));
  run(alerts, job_to("example.org"), held(Code::tlsa_mismatch));
  EXPECT_EQ(queue.committed.size(), 1U);
  run(alerts, job_to("example.org"), held(Code::starttls_not_offered));
  run(alerts, job_to("example.com"), held(Code::tlsa_mismatch));
  EXPECT_EQ(queue.committed.size(), 3U);
  EXPECT_EQ(queue.released, 3);
  EXPECT_EQ(events.count("alert.raised"), 4U);
  EXPECT_EQ(events.count("promise.broken"), 4U);
  EXPECT_EQ(events.count("alert.mailed"), 3U);
}

TEST_F(AlertsTest, TheMemoryAgesAndSurvivesARestart) {
  {
    Alerts alerts = make();
    run(alerts, job_to("example.org"), held(Code::tlsa_mismatch));
  }
  Alerts again = make();
  run(again, job_to("example.org"), held(Code::tlsa_mismatch));
  EXPECT_EQ(queue.committed.size(), 1U);
  clock.advance(std::chrono::hours(25));
  run(again, job_to("example.org"), held(Code::tlsa_mismatch));
  EXPECT_EQ(queue.committed.size(), 2U);
}

TEST_F(AlertsTest, TheMailNamesHostObservationAndRemedyAndIsNoDsn) {
  Alerts alerts = make();
  run(alerts, job_to("example.org"), held(Code::tlsa_mismatch));
  ASSERT_EQ(queue.committed.size(), 1U);
  const store::NewMessage& mail = queue.committed[0];
  EXPECT_EQ(mail.envelope.sender, "");
  EXPECT_TRUE(mail.envelope.recipients[0].notify->never);
  EXPECT_EQ(queue.hops[0], "example.net");
  for (const char* text : {"Subject: Mail to example.org is held", "Host: mx1.example.org",
                           "matches none of the TLSA records", "What can be done:",
                           "pawl explain example.org", "Auto-Submitted: auto-generated"}) {
    EXPECT_NE(mail.content.find(text), std::string::npos) << text;
  }
}

TEST_F(AlertsTest, DeliveredOrSimplyRefusedMailAlertsNobody) {
  Alerts alerts = make();
  DeliveryResult delivered = held(Code::tlsa_mismatch);
  delivered.outcomes[0].state = RecipientOutcome::State::delivered;
  delivered.outcomes[0].error.reset();
  run(alerts, job_to("example.org"), delivered);
  run(alerts, job_to("example.org"), held(Code::smtp_temporary));
  EXPECT_EQ(queue.committed.size(), 0U);
  EXPECT_EQ(events.count("alert.raised"), 0U);
  EXPECT_EQ(events.count("promise.broken"), 1U);
}

TEST_F(AlertsTest, AHeldAlertRaisesNoMailAboutItself) {
  Alerts alerts = make();
  DeliveryJob job = job_to("example.net");
  job.message.origin = "alert 5";
  run(alerts, job, held(Code::tlsa_mismatch));
  EXPECT_EQ(queue.committed.size(), 0U);
  EXPECT_EQ(events.count("alert.raised"), 1U);
}

TEST_F(AlertsTest, AFullQueueIsSaid) {
  queue.full = true;
  Alerts alerts = make();
  run(alerts, job_to("example.org"), held(Code::tlsa_mismatch));
  EXPECT_EQ(events.count("alert.unmailed"), 1U);
}

TEST(AlertMemory, ADamagedFileAndAClockAheadSilenceNothing) {
  AlertMemory memory(std::chrono::hours(1));
  memory.read("garbage\n2099-01-01T00:00:00Z example.org tlsa_mismatch\nx y z w\n");
  EXPECT_EQ(memory.size(), 1U);
  EXPECT_TRUE(memory.tell("example.org", "tlsa_mismatch", *parse_rfc3339("2026-01-01T00:00:00Z")));
  EXPECT_FALSE(memory.tell("example.org", "tlsa_mismatch", *parse_rfc3339("2026-01-01T00:30:00Z")));
}

TEST(AlertMemory, IsBounded) {
  AlertMemory memory(std::chrono::hours(1), 100);
  WallTime now = *parse_rfc3339("2026-01-01T00:00:00Z");
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(memory.tell(std::to_string(i), "c", now + std::chrono::seconds(i)));
  }
  EXPECT_LE(memory.size(), 100U);
}

TEST(DeliveryEvent, CarriesProtectionAndReason) {
  DeliveryJob job = job_to("example.org");
  DeliveryResult result = held(Code::tlsa_mismatch);
  Event deferred = delivery_event(job, result, result.outcomes[0], WallTime{});
  EXPECT_EQ(deferred.name, "delivery.deferred");
  EXPECT_THAT(deferred.fields, testing::Contains(testing::Pair("promised", "authenticated")));
  EXPECT_THAT(deferred.fields,
              testing::Contains(testing::Pair("reason", testing::HasSubstr("TLSA records"))));
  result.outcomes[0].state = RecipientOutcome::State::delivered;
  result.attempts[0].failure.reset();
  result.attempts[0].reached = policy::Protection::half_dane;
  Event delivered = delivery_event(job, result, result.outcomes[0], WallTime{});
  EXPECT_EQ(delivered.name, "delivery.delivered");
  EXPECT_THAT(delivered.fields, testing::Contains(testing::Pair("protection", "half-dane")));
  EXPECT_THAT(delivered.fields, testing::Contains(testing::Pair("promised", "authenticated")));
}

}  // namespace
}  // namespace pawl::relay
