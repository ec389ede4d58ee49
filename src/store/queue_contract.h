// The contract of Queue as tests: every store passes the same. A store's own test file includes
// this, gives a QueueBed and instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, QueueContract, testing::Values(make_sqlite_bed));
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/queue_test_support.h"

namespace pawl::store {

// Where a queue lives across restarts.
class QueueBed {
 public:
  virtual ~QueueBed() = default;
  virtual Queue& queue() = 0;
  virtual void restart() = 0;  // closes the queue and opens what is there
};

class QueueContract : public testing::TestWithParam<std::unique_ptr<QueueBed> (*)()> {
 protected:
  void SetUp() override { bed_ = GetParam()(); }
  Queue& queue() { return bed_->queue(); }
  void restart() { bed_->restart(); }

  QueuedMessage commit(NewMessage message) {
    auto hops = hops_of(message);
    auto queued = await(queue().commit(std::move(message), hops));
    EXPECT_TRUE(queued) << queued.error().sentence();
    return queued ? *queued : QueuedMessage{};
  }
  QueuedMessage commit_to(const std::vector<std::string>& addresses) {
    return commit(message_to(addresses));
  }
  void finish(Update update) {
    std::vector<std::string> hops;
    for (const NewMessage& message : update.dsn) {
      for (auto& hop : hops_of(message)) hops.push_back(hop);
    }
    auto done = await(queue().finish(std::move(update), hops));
    EXPECT_TRUE(done) << done.error().sentence();
  }
  void defer(MessageId id, std::int32_t index, WallTime until, bool keep_claim = false) {
    Update update{.id = id, .done = {}, .deferred = {}, .dsn = {}, .keep_claim = keep_claim};
    update.deferred.push_back({.index = index,
                               .next_attempt = until,
                               .status = "4.7.5",
                               .text = "the certificate is for another name",
                               .delay_notified = false});
    finish(std::move(update));
  }
  void finish_all(MessageId id, std::vector<std::int32_t> done) {
    finish({.id = id, .done = std::move(done)});
  }
  std::vector<QueuedMessage> due(WallTime now, std::size_t limit = 100) {
    auto claimed = await(queue().claim_due(now, limit));
    EXPECT_TRUE(claimed) << claimed.error().sentence();
    return claimed ? *std::move(claimed) : std::vector<QueuedMessage>{};
  }
  std::string content(const QueuedMessage& message) {
    std::string all;
    while (all.size() < message.content.size) {
      auto piece = await(queue().read_content(message.id, all.size(), 100'000));
      EXPECT_TRUE(piece && !piece->empty());
      if (!piece || piece->empty()) break;
      all += *piece;
    }
    return all;
  }
  Totals totals() {
    auto counted = await(queue().totals());
    EXPECT_TRUE(counted) << counted.error().sentence();
    return counted ? *counted : Totals{};
  }
  std::vector<QueuedMessage> list(Filter filter = {}) {
    auto listed = await(queue().list(std::move(filter)));
    EXPECT_TRUE(listed) << listed.error().sentence();
    return listed ? *std::move(listed) : std::vector<QueuedMessage>{};
  }

  std::unique_ptr<QueueBed> bed_;
};

using std::chrono::hours;
using std::chrono::minutes;

TEST_P(QueueContract, WhatWasCommittedComesBackWholeAfterARestart) {
  NewMessage sent = message_to({"ann@example.org", "bob@example.net"}, "8bit: \xc3\xa9\r\n");
  sent.envelope.eight_bit = true;
  sent.envelope.smtputf8 = true;
  sent.envelope.require_tls = true;
  sent.envelope.ret = smtp::Return::headers;
  sent.envelope.envid = "QQ314159";
  sent.envelope.recipients[1].notify =
      smtp::Notify{.never = false, .success = true, .failure = true, .delay = false};
  sent.eight_bit = true;
  sent.tls_required_no = true;
  MessageId id = commit(sent).id;
  restart();

  auto back = due(kContractStart);
  ASSERT_EQ(back.size(), 1U);
  const QueuedMessage& got = back[0];
  EXPECT_EQ(got.id, id);
  smtp::Envelope expected = sent.envelope;
  auto recipients = std::exchange(expected.recipients, {});
  EXPECT_EQ(got.envelope, expected);
  ASSERT_EQ(got.recipients.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(got.recipients[i].recipient, recipients[i]);
    EXPECT_EQ(got.recipients[i].index, static_cast<int>(i));
    EXPECT_EQ(got.recipients[i].next_hop, recipients[i].domain.text());
    EXPECT_EQ(got.recipients[i].attempts, 0);
  }
  EXPECT_TRUE(got.content.eight_bit);
  EXPECT_TRUE(got.content.tls_required_no);
  EXPECT_EQ(got.arrived, sent.arrived);
  EXPECT_EQ(got.origin, sent.origin);
  EXPECT_FALSE(got.content.memory);
  EXPECT_EQ(content(got), sent.content);
}

TEST_P(QueueContract, CommitHandsTheContentOnInMemory) {
  auto queued = commit(message_to({"ann@example.org"}, "hello\r\n"));
  ASSERT_TRUE(queued.content.memory);
  EXPECT_EQ(*queued.content.memory, "hello\r\n");
  EXPECT_EQ(queued.content.size, 7U);
}

TEST_P(QueueContract, AFreshMessageIsClaimedByWhoCommittedIt) {
  auto queued = commit_to({"ann@example.org"});
  EXPECT_TRUE(due(kContractStart + hours(1)).empty());
  queue().release(queued.id);
  // release() has no answer; whatever is asked of the writer afterwards comes behind it.
  ASSERT_TRUE(await(queue().flush({.id = 1}, kContractStart)));
  EXPECT_EQ(due(kContractStart + hours(1)).size(), 1U);
  EXPECT_TRUE(due(kContractStart + hours(1)).empty()) << "claimed twice";
}

TEST_P(QueueContract, FinishedIsGone) {
  auto queued = commit_to({"ann@example.org", "bob@example.org"});
  finish_all(queued.id, {0, 1});
  EXPECT_EQ(totals().messages, 0U);
  restart();
  EXPECT_TRUE(due(kContractStart + hours(1)).empty());
  EXPECT_FALSE(await(queue().read_content(queued.id, 0, 10)));
}

TEST_P(QueueContract, OnlyRecipientsThatAreDueStandInAClaim) {
  auto queued = commit_to({"ann@example.org", "bob@example.net", "eve@example.com"});
  Update update{.id = queued.id, .done = {1}};
  update.deferred.push_back({.index = 0,
                             .next_attempt = kContractStart + minutes(5),
                             .status = "4.4.1",
                             .text = "refused",
                             .delay_notified = true});
  update.deferred.push_back({.index = 2,
                             .next_attempt = kContractStart + minutes(10),
                             .status = "4.4.2",
                             .text = "lost",
                             .delay_notified = false});
  finish(std::move(update));
  EXPECT_TRUE(due(kContractStart + minutes(4)).empty());
  auto next = await(queue().next_due());
  ASSERT_TRUE(next && *next);
  EXPECT_EQ(**next, kContractStart + minutes(5));

  auto first = due(kContractStart + minutes(5));
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(first[0].recipients.size(), 1U);
  const QueuedRecipient& ann = first[0].recipients[0];
  EXPECT_EQ(ann.index, 0);
  EXPECT_EQ(ann.attempts, 1);
  EXPECT_EQ(ann.last_status, "4.4.1");
  EXPECT_EQ(ann.last_text, "refused");
  EXPECT_TRUE(ann.delay_notified);
  finish_all(queued.id, {0});
  auto second = due(kContractStart + minutes(10));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].recipients[0].index, 2);
  finish_all(queued.id, {2});
  EXPECT_EQ(totals().messages, 0U);
}

TEST_P(QueueContract, AKeptClaimStaysUntilTheLastUpdate) {
  auto queued = commit_to({"ann@example.org", "bob@example.net"});
  defer(queued.id, 0, kContractStart + minutes(5), true);
  EXPECT_TRUE(due(kContractStart + hours(1)).empty()) << "bob is still in flight";
  finish_all(queued.id, {1});
  auto back = due(kContractStart + hours(1));
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].recipients.size(), 1U);
}

TEST_P(QueueContract, AfterARestartAPartlyFinishedMessageHasOnlyWhatIsLeft) {
  auto queued = commit_to({"ann@example.org", "bob@example.net"});
  finish({.id = queued.id, .done = {0}, .keep_claim = true});
  restart();
  auto back = due(kContractStart);
  ASSERT_EQ(back.size(), 1U);
  ASSERT_EQ(back[0].recipients.size(), 1U);
  EXPECT_EQ(back[0].recipients[0].index, 1);
}

TEST_P(QueueContract, ANoticeIsQueuedInTheSameStroke) {
  auto queued = commit_to({"ann@example.org"});
  Update update{.id = queued.id, .done = {0}};
  NewMessage dsn = message_to({"joe@example.com"}, "Subject: failed\r\n\r\n");
  dsn.envelope.sender = "";
  dsn.origin = "dsn " + queue_id(queued.id);
  update.dsn.push_back(dsn);
  finish(std::move(update));
  auto now = due(kContractStart);
  ASSERT_EQ(now.size(), 1U);
  EXPECT_EQ(now[0].envelope.sender, "");
  EXPECT_EQ(now[0].origin, dsn.origin);
  EXPECT_EQ(content(now[0]), dsn.content);
}

TEST_P(QueueContract, OldestDueComesFirstAndTheLimitHolds) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(commit_to({"ann@example.org"}).id);
  for (int i = 0; i < 5; ++i) {
    defer(ids[static_cast<std::size_t>(i)], 0, kContractStart + minutes(10 - i));
  }
  auto first = due(kContractStart + hours(1), 2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].id, ids[4]);
  EXPECT_EQ(first[1].id, ids[3]);
  EXPECT_EQ(due(kContractStart + hours(1), 100).size(), 3U);
}

TEST_P(QueueContract, IdsAreUniqueAndGrowAlsoOverARestartOfAnEmptyQueue) {
  MessageId first = commit_to({"ann@example.org"}).id;
  MessageId second = commit_to({"ann@example.org"}).id;
  EXPECT_GT(second, first);
  EXPECT_EQ(parse_queue_id(queue_id(second)), second);
  restart();
  EXPECT_GT(commit_to({"ann@example.org"}).id, second);
}

TEST_P(QueueContract, SpilledContentIsReadInOrder) {
  std::string expected;
  std::optional<std::int64_t> handle;
  for (int i = 0; i < 3; ++i) {
    std::string chunk(300'000, static_cast<char>('a' + i));
    expected += chunk;
    auto spilled = await(queue().spill(handle, chunk));
    ASSERT_TRUE(spilled) << spilled.error().sentence();
    handle = *spilled;
  }
  NewMessage message = message_to({"ann@example.org"}, "the end\r\n");
  expected += message.content;
  message.spill = handle;
  message.size = expected.size();
  auto queued = commit(message);
  EXPECT_FALSE(queued.content.memory);
  EXPECT_EQ(content(queued), expected);
  auto middle = await(queue().read_content(queued.id, 299'990, 20));
  ASSERT_TRUE(middle);
  EXPECT_EQ(*middle, "aaaaaaaaaabbbbbbbbbb");
  restart();
  auto back = due(kContractStart);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(content(back[0]), expected) << "the sweep takes only what no message claims";
  finish_all(queued.id, {0});
  EXPECT_EQ(totals().messages, 0U);
}

TEST_P(QueueContract, HeldMessagesAreNotClaimedUntilTheyAreReleased) {
  auto queued = commit_to({"ann@example.org"});
  commit_to({"bob@example.net"});
  auto held = await(queue().set_held({.id = queued.id}, true));
  ASSERT_TRUE(held);
  EXPECT_EQ(*held, 1U);
  restart();
  auto free = due(kContractStart + hours(1));
  ASSERT_EQ(free.size(), 1U);
  EXPECT_NE(free[0].id, queued.id);
  EXPECT_EQ(totals().held, 1U);
  EXPECT_EQ(list({.held_only = true}).size(), 1U);
  ASSERT_TRUE(await(queue().set_held({.held_only = true}, false)));
  EXPECT_EQ(due(kContractStart + hours(1)).size(), 1U);
}

TEST_P(QueueContract, FlushMakesDeferredMailDueNow) {
  auto first = commit_to({"ann@example.org"});
  auto second = commit_to({"bob@example.net"});
  defer(first.id, 0, kContractStart + hours(1));
  defer(second.id, 0, kContractStart + hours(1));
  EXPECT_TRUE(due(kContractStart + minutes(1)).empty());
  auto flushed = await(queue().flush({.domain = "Example.ORG"}, kContractStart + minutes(1)));
  ASSERT_TRUE(flushed);
  EXPECT_EQ(*flushed, 1U);
  auto now = due(kContractStart + minutes(1));
  ASSERT_EQ(now.size(), 1U);
  EXPECT_EQ(now[0].id, first.id);
}

TEST_P(QueueContract, RemoveByDomainTakesOnlyThatDomainsRecipients) {
  auto both = commit_to({"ann@example.org", "bob@example.net"});
  commit_to({"ann@example.org"});
  auto removed = await(queue().remove({.domain = "example.org"}));
  ASSERT_TRUE(removed);
  EXPECT_EQ(*removed, 2U);
  auto left = list();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].id, both.id);
  ASSERT_EQ(left[0].recipients.size(), 1U);
  EXPECT_EQ(left[0].recipients[0].recipient.address, "bob@example.net");
}

TEST_P(QueueContract, AnUpdateDoesNotHitWhatAPersonLeft) {
  auto queued = commit_to({"ann@example.org", "bob@example.net"});
  ASSERT_TRUE(await(queue().remove({.domain = "example.org"})));
  finish({.id = queued.id, .done = {0}, .keep_claim = true});
  EXPECT_EQ(list().size(), 1U) << "bob was neither delivered nor removed";
}

TEST_P(QueueContract, AMessageRemovedInFlightEndsQuietly) {
  auto queued = commit_to({"ann@example.org"});
  ASSERT_TRUE(await(queue().remove({.id = queued.id})));
  Update update{.id = queued.id, .done = {0}};
  update.dsn.push_back(message_to({"joe@example.com"}));
  finish(std::move(update));
  EXPECT_EQ(totals().messages, 0U);
}

TEST_P(QueueContract, ListsByEveryFilter) {
  auto first = commit_to({"ann@example.org"});
  NewMessage other = message_to({"bob@example.net"});
  other.envelope.sender = "sue@example.com";
  commit(other);
  for (int i = 0; i < 3; ++i) commit_to({"eve@example.com"});
  EXPECT_EQ(list().size(), 5U);
  EXPECT_EQ(list({.id = first.id}).size(), 1U);
  EXPECT_EQ(list({.domain = "example.com"}).size(), 3U);
  EXPECT_EQ(list({.sender = "SUE@example.com"}).size(), 1U);
  EXPECT_EQ(list({.limit = 2}).size(), 2U);
  EXPECT_EQ(list({.domain = "example.org", .sender = "sue@example.com"}).size(), 0U);
}

TEST_P(QueueContract, TotalsCountMessagesRecipientsHeldAndTried) {
  auto first = commit_to({"ann@example.org", "bob@example.net"});
  commit_to({"eve@example.com"});
  defer(first.id, 0, kContractStart + hours(1));
  ASSERT_TRUE(await(queue().set_held({.id = first.id}, true)));
  Totals t = totals();
  EXPECT_EQ(t.messages, 2U);
  EXPECT_EQ(t.recipients, 3U);
  EXPECT_EQ(t.held, 1U);
  EXPECT_EQ(t.deferred, 1U);
  EXPECT_EQ(t.oldest, kContractStart);
}

TEST_P(QueueContract, AnEmptyMessageIsAMessage) {
  commit(message_to({"ann@example.org"}, ""));
  restart();
  auto back = due(kContractStart);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].content.size, 0U);
}

}  // namespace pawl::store
