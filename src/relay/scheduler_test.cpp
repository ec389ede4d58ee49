// The scheduler over the real queue, with a deliverer that does as it is told and a clock that
// stands still.
#include "relay/scheduler.h"

#include <algorithm>
#include <map>

#include "store/queue_test_support.h"
#include "store/sqlite_store.h"

namespace pawl::relay {
namespace {

using State = RecipientOutcome::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using store::kContractStart;

// Answers as the table says; deliveries of a destination that is shut wait until it opens.
class ScriptedDeliverer : public Deliverer {
 public:
  net::Task<DeliveryResult> deliver(DeliveryJob job) override {
    std::string key = job.next_hop.key();
    order.push_back(key);
    jobs.push_back(job);
    most[key] = std::max(most[key], ++running[key]);
    most["all"] = std::max(most["all"], ++running["all"]);
    while (shut.contains(key)) (void)co_await net::sleep_for(milliseconds(1));
    --running[key];
    --running["all"];
    DeliveryResult result;
    for (const auto& r : job.message.recipients) {
      RecipientOutcome outcome;
      outcome.index = r.index;
      outcome.state = State::delivered;
      outcome.status = "2.0.0";
      if (auto found = errors.find(key); found != errors.end()) {
        bool permanent = row(found->second).retry == Retry::permanent;
        outcome.state = permanent ? State::failed : State::deferred;
        outcome.error = Error(found->second, key);
        outcome.status = std::string(row(found->second).enhanced_status);
      }
      result.outcomes.push_back(outcome);
    }
    co_return result;
  }
  std::map<std::string, Code> errors;
  std::map<std::string, int> shut;
  std::vector<std::string> order;
  std::vector<DeliveryJob> jobs;
  std::map<std::string, int> running, most;
};

struct Observed : DeliveryObserver {
  void attempted(const DeliveryJob&, const DeliveryResult&, const Settlement&) override {
    ++attempts;
  }
  void double_bounce(const store::QueuedMessage&, const Notice&) override { ++double_bounces; }
  int attempts = 0;
  int double_bounces = 0;
};

// The real queue on a disk that takes its time with what became of a message.
class SlowToRecord : public store::Queue {
 public:
  explicit SlowToRecord(store::Queue& queue) : queue_(queue) {}
  net::Task<std::int64_t> spill(std::optional<std::int64_t> handle, std::string chunk) override {
    return queue_.spill(handle, std::move(chunk));
  }
  net::Task<store::QueuedMessage> commit(store::NewMessage message,
                                         std::vector<std::string> next_hops) override {
    return queue_.commit(std::move(message), std::move(next_hops));
  }
  net::Task<std::vector<store::QueuedMessage>> claim_due(WallTime now, std::size_t most) override {
    return queue_.claim_due(now, most);
  }
  net::Task<std::optional<WallTime>> next_due() override { return queue_.next_due(); }
  void release(store::MessageId id) override { queue_.release(id); }
  net::Task<std::string> read_content(store::MessageId id, std::uint64_t offset,
                                      std::size_t count) override {
    return queue_.read_content(id, offset, count);
  }
  net::Task<> finish(store::Update update, std::vector<std::string> next_hops) override {
    while (shut) {
      ++waits_while_shut;
      CO_TRY_VOID(co_await net::sleep_for(milliseconds(1)));
    }
    while (waits > 0) {
      --waits;
      CO_TRY_VOID(co_await net::sleep_for(milliseconds(1)));
    }
    co_return co_await queue_.finish(std::move(update), std::move(next_hops));
  }
  net::Task<std::vector<store::QueuedMessage>> list(store::Filter filter) override {
    return queue_.list(std::move(filter));
  }
  net::Task<store::Totals> totals() override { return queue_.totals(); }
  net::Task<std::size_t> set_held(store::Filter filter, bool held) override {
    return queue_.set_held(std::move(filter), held);
  }
  net::Task<std::size_t> remove(store::Filter filter) override {
    return queue_.remove(std::move(filter));
  }
  net::Task<std::size_t> flush(store::Filter filter, WallTime now) override {
    return queue_.flush(std::move(filter), now);
  }
  int waits = 0;
  bool shut = false;  // nothing is recorded until it opens
  int waits_while_shut = 0;

 private:
  store::Queue& queue_;
};

class SchedulerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::SqliteStore::open({.path = directory_.file("queue.db")});
    ASSERT_TRUE(opened) << opened.error().sentence();
    store_ = *std::move(opened);
    queue_ = std::make_unique<SlowToRecord>(store_->queue());
    settings_.limits.look_again = milliseconds(5);
    settings_.notices.reporting_mta = "relay.example.com";
    settings_.notices.next_hop = [](const dns::Name& domain) { return domain.text(); };
  }
  void start() {
    scheduler_ = std::make_unique<Scheduler>(settings_, SchedulerServices{.loop = &loop_,
                                                                          .queue = &queue(),
                                                                          .deliverer = &deliverer_,
                                                                          .clock = &clock_,
                                                                          .events = nullptr,
                                                                          .observer = &observer_});
  }
  SlowToRecord& queue() { return *queue_; }

  // Commits and hands over, one message for each list of recipients, then runs until `done` holds
  // and stops the scheduler.
  void run(std::vector<store::NewMessage> messages, std::function<bool()> done) {
    start();
    auto body = [](SchedulerTest* self, std::vector<store::NewMessage> all,
                   std::function<bool()> until) -> net::Task<> {
      for (store::NewMessage& message : all) {
        auto hops = store::hops_of(message);
        CO_TRY(auto queued, co_await self->queue().commit(std::move(message), hops));
        self->scheduler_->accept(std::move(queued));
      }
      self->loop_.spawn(self->scheduler_->run());
      auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (!until() && std::chrono::steady_clock::now() < deadline) {
        CO_TRY_VOID(co_await net::sleep_for(milliseconds(1)));
      }
      EXPECT_TRUE(until()) << "did not come to an end";
      co_return co_await self->scheduler_->stop(std::chrono::steady_clock::now() +
                                                std::chrono::seconds(5));
    };
    auto ended = loop_.run_until_done(body(this, std::move(messages), std::move(done)));
    EXPECT_TRUE(ended) << ended.error().sentence();
    loop_.run();  // what was cut off or is ending
  }
  void run_to(std::vector<std::vector<std::string>> recipients, std::function<bool()> done) {
    std::vector<store::NewMessage> messages;
    for (auto& to : recipients) messages.push_back(store::message_to(to));
    run(std::move(messages), std::move(done));
  }
  bool idle() const { return scheduler_->load().messages == 0; }
  std::vector<store::QueuedMessage> left() { return *store::await(queue().list({})); }

  store::TemporaryDirectory directory_;
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<SlowToRecord> queue_;
  net::Loop loop_;
  FixedClock clock_{kContractStart};
  ScriptedDeliverer deliverer_;
  Observed observer_;
  SchedulerSettings settings_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, AFreshMessageIsDeliveredFromMemoryAndLeavesTheQueue) {
  run_to({{"ann@example.org"}}, [&] { return observer_.attempts == 1 && idle(); });
  ASSERT_EQ(deliverer_.jobs.size(), 1U);
  EXPECT_TRUE(deliverer_.jobs[0].message.content.memory);
  EXPECT_EQ(deliverer_.jobs[0].attempt, 1);
  EXPECT_TRUE(left().empty());
}

TEST_F(SchedulerTest, ADestinationDoesNotWaitForOurDisk) {
  settings_.limits.per_destination = 1;
  queue().waits = 1'000'000;
  run_to({{"ann@example.org"}, {"bob@example.org"}}, [&] {
    if (deliverer_.jobs.size() == 2) queue().waits = 0;
    return observer_.attempts == 2 && idle();
  });
  EXPECT_EQ(deliverer_.most["example.org"], 1);
  EXPECT_TRUE(left().empty());
}

TEST_F(SchedulerTest, AStopWaitsUntilTheQueueKnowsWhatWasDelivered) {
  queue().waits = 20;
  std::size_t unrecorded = 1;
  start();
  auto body = [](auto* self, std::size_t* after) -> net::Task<> {
    store::NewMessage message = store::message_to({"ann@example.org"});
    auto hops = store::hops_of(message);
    CO_TRY(auto queued, co_await self->queue().commit(std::move(message), hops));
    self->scheduler_->accept(std::move(queued));
    while (self->observer_.attempts == 0) CO_TRY_VOID(co_await net::yield());
    auto stopped = co_await self->scheduler_->stop(std::chrono::steady_clock::now() +
                                                   std::chrono::seconds(20));
    *after = self->scheduler_->load().messages;
    co_return stopped;
  };
  ASSERT_TRUE(loop_.run_until_done(body(this, &unrecorded)));
  EXPECT_EQ(unrecorded, 0U);
}

TEST_F(SchedulerTest, RecipientsOfOneDestinationShareATransaction) {
  run_to({{"ann@example.org", "bob@example.net", "eve@example.org"}},
         [&] { return observer_.attempts == 2 && idle(); });
  std::map<std::string, std::size_t> recipients;
  for (const auto& job : deliverer_.jobs) {
    recipients[job.next_hop.key()] += job.message.recipients.size();
  }
  EXPECT_EQ(recipients["example.org"], 2U);
  EXPECT_EQ(recipients["example.net"], 1U);
  EXPECT_TRUE(left().empty());
}

TEST_F(SchedulerTest, ADeferredRecipientComesBackWhenItIsDueAndNotBefore) {
  deliverer_.errors["example.org"] = Code::smtp_temporary;
  run_to({{"ann@example.org", "bob@example.net"}},
         [&] { return observer_.attempts == 2 && idle(); });
  auto queued = left();
  ASSERT_EQ(queued.size(), 1U);
  ASSERT_EQ(queued[0].recipients.size(), 1U);
  EXPECT_EQ(queued[0].recipients[0].attempts, 1);
  deliverer_.errors.clear();
  clock_.advance(minutes(4));
  EXPECT_GT(queued[0].recipients[0].next_attempt, clock_.now());
  clock_.advance(minutes(2));
  run({}, [&] { return observer_.attempts == 3 && idle(); });
  EXPECT_EQ(deliverer_.jobs.back().attempt, 2);
  EXPECT_TRUE(left().empty());
}

TEST_F(SchedulerTest, AfterARestartEverythingUnfinishedIsDelivered) {
  for (int i = 0; i < 5; ++i) {
    auto message = store::message_to({"ann@example.org"});
    auto hops = store::hops_of(message);
    ASSERT_TRUE(store::await(queue().commit(std::move(message), hops)));
  }
  store_.reset();
  SetUp();
  run({}, [&] { return observer_.attempts == 5 && idle(); });
  EXPECT_TRUE(left().empty());
}

TEST_F(SchedulerTest, APermanentFailureSendsANoticeToTheSender) {
  deliverer_.errors["example.org"] = Code::smtp_permanent;
  run_to({{"ann@example.org"}}, [&] { return observer_.attempts == 2 && idle(); });
  const DeliveryJob& notice = deliverer_.jobs.back();
  EXPECT_EQ(notice.next_hop.key(), "example.com");
  EXPECT_EQ(notice.message.envelope.sender, "");
  EXPECT_EQ(notice.message.recipients[0].recipient.address, "joe@example.com");
  EXPECT_TRUE(left().empty());
}

TEST_F(SchedulerTest, ANoticeAboutEightBitTextIsSevenBitItself) {
  deliverer_.errors["example.org"] = Code::smtp_no_8bitmime;
  store::NewMessage message = store::message_to({"ann@example.org"});
  message.content = "Subject: x\r\n\r\ngr\xc3\xbc\xc3\x9f\r\n";
  message.size = message.content.size();
  message.eight_bit = message.envelope.eight_bit = true;
  run({message}, [&] { return observer_.attempts == 2 && idle(); });
  EXPECT_FALSE(deliverer_.jobs.back().message.envelope.eight_bit);
  EXPECT_FALSE(deliverer_.jobs.back().message.content.eight_bit);
}

// The message fails, then the notice to its sender, and the postmaster gets one mail about that.
TEST_F(SchedulerTest, ANoticeThatFailsEndsWithThePostmaster) {
  settings_.notices.contact = "Postmaster@office.example";
  deliverer_.errors["example.org"] = Code::smtp_permanent;
  deliverer_.errors["example.com"] = Code::smtp_permanent;
  run_to({{"ann@example.org"}}, [&] { return observer_.attempts == 3 && idle(); });
  EXPECT_EQ(observer_.double_bounces, 1);
  const store::QueuedMessage& mail = deliverer_.jobs.back().message;
  EXPECT_EQ(deliverer_.jobs.back().next_hop.key(), "office.example");
  EXPECT_EQ(mail.envelope.sender, "");
  EXPECT_EQ(mail.recipients[0].recipient.address, "Postmaster@office.example");
  EXPECT_TRUE(mail.recipients[0].recipient.notify->never);
  EXPECT_TRUE(mail.origin.starts_with("double-bounce "));
  EXPECT_TRUE(left().empty());
}

TEST_F(SchedulerTest, MailToThePostmasterThatFailsIsToldToNobody) {
  settings_.notices.contact = "postmaster@office.example";
  deliverer_.errors = {{"example.org", Code::smtp_permanent},
                       {"example.com", Code::smtp_permanent},
                       {"office.example", Code::smtp_permanent}};
  run_to({{"ann@example.org"}}, [&] { return observer_.double_bounces == 2 && idle(); });
  EXPECT_EQ(observer_.attempts, 3);
  // As well if it is not of our own making.
  store::NewMessage foreign = store::message_to({"POSTMASTER@office.example"});
  foreign.envelope.sender = "";
  run({foreign}, [&] { return observer_.double_bounces == 3 && idle(); });
  EXPECT_EQ(observer_.attempts, 4);
  EXPECT_TRUE(left().empty());
}

TEST_F(SchedulerTest, ADestinationHasItsLimitAndAllTogetherTheirs) {
  settings_.limits.per_destination = 3;
  settings_.limits.deliveries = 5;
  deliverer_.shut = {{"a.example.org", 1}, {"b.example.org", 1}, {"c.example.org", 1}};
  std::vector<std::vector<std::string>> messages;
  for (int i = 0; i < 8; ++i) {
    for (const char* to : {"x@a.example.org", "x@b.example.org", "x@c.example.org"}) {
      messages.push_back({to});
    }
  }
  run_to(messages, [&] {
    if (deliverer_.running["all"] == 5) deliverer_.shut.clear();
    return observer_.attempts == 24 && idle();
  });
  EXPECT_LE(deliverer_.most["a.example.org"], 3);
  EXPECT_LE(deliverer_.most["all"], 5);
}

TEST_F(SchedulerTest, NothingMoreIsDeliveredWhileTooMuchIsNotRecorded) {
  settings_.limits.deliveries = 2;
  settings_.limits.recording = 3;
  queue().shut = true;
  std::vector<std::vector<std::string>> messages(20, {"x@a.example.org"});
  std::size_t delivered = 0;
  run_to(messages, [&] {
    // The queue opens only when nothing has moved for a while.
    if (queue().shut && queue().waits_while_shut > 200) {
      delivered = deliverer_.jobs.size();
      queue().shut = false;
    }
    return observer_.attempts == 20 && idle();
  });
  // A kill here repeats what was being recorded, and those that were under way beside it.
  EXPECT_GE(delivered, 3U);
  EXPECT_LE(delivered, 5U);
}

TEST_F(SchedulerTest, AThousandForOneDestinationStandBehindTheFirstForAnother) {
  settings_.limits.deliveries = 4;
  settings_.limits.per_destination = 3;
  deliverer_.shut = {{"slow.example.org", 1}};
  std::vector<std::vector<std::string>> messages(50, {"x@slow.example.org"});
  messages.push_back({"x@quick.example.org"});
  run_to(messages, [&] {
    if (std::ranges::count(deliverer_.order, "quick.example.org") == 1) deliverer_.shut.clear();
    return observer_.attempts == 51 && idle();
  });
  EXPECT_LE(std::ranges::find(deliverer_.order, "quick.example.org") - deliverer_.order.begin(), 4);
}

TEST_F(SchedulerTest, ADestinationNobodyCanReachIsNotAskedForEveryMessage) {
  settings_.limits.per_destination = 1;
  deliverer_.errors["dead.example.org"] = Code::connect_refused;
  std::vector<std::vector<std::string>> messages(30, {"x@dead.example.org"});
  run_to(messages, [&] { return idle(); });
  EXPECT_EQ(observer_.attempts, 1);
  auto queued = left();
  ASSERT_EQ(queued.size(), 30U);
  for (const auto& message : queued) {
    EXPECT_GT(message.recipients[0].next_attempt, clock_.now());
    EXPECT_EQ(message.recipients[0].last_status, "4.4.1");
  }
}

TEST_F(SchedulerTest, WhatIsTooMuchForTheWindowWaitsInTheQueueAndIsDelivered) {
  settings_.limits.messages = 3;
  settings_.limits.bytes = 60;
  deliverer_.shut = {{"example.org", 1}};
  std::vector<std::vector<std::string>> messages(40, {"x@example.org"});
  run_to(messages, [&] {
    // Asked for the first time when all were handed over.
    if (!deliverer_.shut.empty()) EXPECT_EQ(scheduler_->load().messages, 3U);
    deliverer_.shut.clear();
    return observer_.attempts == 40 && idle();
  });
  EXPECT_TRUE(left().empty());
  EXPECT_TRUE(std::ranges::any_of(deliverer_.jobs,
                                  [](const auto& job) { return !job.message.content.memory; }));
}

TEST_F(SchedulerTest, StopLetsWhatIsUnderWayFinishAndKeepsTheRest) {
  settings_.limits.deliveries = 1;
  deliverer_.shut = {{"example.org", 1}};
  std::vector<std::vector<std::string>> messages(5, {"x@example.org"});
  run_to(messages, [&] {
    if (deliverer_.running["all"] != 1) return false;
    loop_.spawn([](ScriptedDeliverer* d) -> net::Task<> {
      (void)co_await net::sleep_for(milliseconds(30));
      d->shut.clear();
      co_return Result<>{};
    }(&deliverer_));
    return true;
  });
  EXPECT_EQ(observer_.attempts, 1);
  EXPECT_EQ(left().size(), 4U);
  EXPECT_EQ(store::await(queue().claim_due(clock_.now(), 10))->size(), 4U) << "released";
}

TEST_F(SchedulerTest, ALateMessageTellsItsSenderOnceAndIsReturnedInTheEnd) {
  deliverer_.errors["example.org"] = Code::starttls_not_offered;
  run_to({{"ann@example.org"}}, [&] { return observer_.attempts == 1 && idle(); });
  int notices = 0;
  // Once in four hours for six days: the delay notice goes out once, then the return.
  for (int round = 0; round < 36 && !left().empty(); ++round) {
    clock_.advance(hours(4));
    int before = observer_.attempts;
    run({}, [&] {
      return observer_.attempts > before && idle() &&
             std::ranges::none_of(left(), [&](const auto& m) { return m.envelope.sender.empty(); });
    });
  }
  for (const auto& job : deliverer_.jobs) {
    if (job.message.envelope.sender.empty()) ++notices;
  }
  EXPECT_EQ(notices, 2);
  EXPECT_TRUE(left().empty());
  EXPECT_GE(clock_.now(), kContractStart + settings_.retry.lifetime);
}

}  // namespace
}  // namespace pawl::relay
