// The contract of Queue under several loops at once, and a person who looks and holds meanwhile:
// each message goes to one of them, whole, and once. Worth the most under ThreadSanitizer. Included
// and instantiated as queue_contract.h.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <mutex>

#include "net/loop_group.h"
#include "store/queue_contract.h"

namespace pawl::store {

class QueueUnderLoops : public QueueContract {
 protected:
  static constexpr int kLoops = 4;
  static constexpr int kMessages = 30;  // of each loop

  struct Shared {
    Queue* queue = nullptr;
    std::atomic<int> committing{kLoops};
    std::atomic<int> working{kLoops};
    std::mutex mutex;
    std::map<MessageId, int> delivered;
  };

  // What one loop does: brings messages in, in every way, then works off what is due, its own and
  // others', until the queue is empty.
  static net::Task<> work(Shared* shared, int loop) {
    for (int i = 0; i < kMessages; ++i) CO_TRY_VOID(co_await bring(shared, loop * kMessages + i));
    --shared->committing;
    for (;;) {
      CO_TRY(auto due,
             co_await shared->queue->claim_due(kContractStart + std::chrono::hours(3), 5));
      for (const QueuedMessage& message : due) CO_TRY_VOID(co_await deliver(shared, message));
      if (!due.empty() || shared->committing > 0) continue;
      CO_TRY(Totals totals, co_await shared->queue->totals());
      if (totals.messages == 0) co_return Result<>();
    }
  }

  static net::Task<> bring(Shared* shared, int number) {
    NewMessage message = message_to({number % 2 == 0 ? "ann@example.org" : "bob@example.net"});
    if (number % 5 == 0) {
      std::string rest = std::exchange(message.content, "");
      CO_TRY(message.spill, co_await shared->queue->spill(std::nullopt, rest));
      CO_TRY(auto unwanted, co_await shared->queue->spill(std::nullopt, rest));
      shared->queue->discard(unwanted);
    }
    auto hops = hops_of(message);
    CO_TRY(QueuedMessage queued, co_await shared->queue->commit(std::move(message), hops));
    if (number % 3 == 0) {
      shared->queue->release(queued.id);
    } else if (number % 3 == 1) {
      Update later{.id = queued.id};
      later.deferred.push_back(
          {.index = 0, .next_attempt = kContractStart + std::chrono::minutes(number)});
      CO_TRY_VOID(co_await shared->queue->finish(std::move(later), {}));
    } else {
      co_return co_await deliver(shared, std::move(queued));
    }
    co_return Result<>();
  }

  static net::Task<> deliver(Shared* shared, QueuedMessage message) {
    CO_TRY(auto content, co_await shared->queue->read_content(message.id, 0, message.content.size));
    EXPECT_EQ(content, message_to({"ann@example.org"}).content);
    {
      std::lock_guard lock(shared->mutex);
      ++shared->delivered[message.id];
    }
    co_return co_await shared->queue->finish({.id = message.id, .done = {0}}, {});
  }

  static net::Task<> watch(Shared* shared) {
    for (bool hold = true; hold || shared->working > 0; hold = !hold) {
      CO_TRY_VOID(co_await shared->queue->list({}));
      CO_TRY_VOID(co_await shared->queue->set_held({.domain = "example.net"}, hold));
      CO_TRY_VOID(co_await shared->queue->next_due());
    }
    co_return Result<>();
  }
};

TEST_P(QueueUnderLoops, EachMessageIsDeliveredOnceWhoeverAsksAndHolds) {
  Shared shared;
  shared.queue = &queue();
  net::LoopGroup loops(kLoops + 1);
  std::vector<std::promise<Result<>>> ended(kLoops + 1);
  for (int i = 0; i < kLoops; ++i) {
    auto& end = ended[static_cast<std::size_t>(i)];
    loops.at(static_cast<std::size_t>(i)).spawn(work(&shared, i), [&](Result<> result) {
      --shared.working;
      end.set_value(std::move(result));
    });
  }
  loops.at(kLoops).spawn(watch(&shared),
                         [&](Result<> result) { ended[kLoops].set_value(std::move(result)); });
  for (auto& end : ended) {
    Result<> result = end.get_future().get();
    EXPECT_TRUE(result) << result.error().sentence();
  }
  EXPECT_EQ(shared.delivered.size(), std::size_t{kLoops * kMessages});
  for (const auto& [id, times] : shared.delivered) EXPECT_EQ(times, 1) << queue_id(id);
}

}  // namespace pawl::store
