#include "net/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace pawl::net {
namespace {

using namespace std::chrono_literals;

Task<> succeed() {
  co_return Result<>();
}

Task<> fail_with(Code code) {
  co_return fail(code, "as asked");
}

Task<> throw_from_below() {
  throw std::runtime_error("the sky fell");
  co_return Result<>();
}

TEST(Loop, ReturnsWhatTheTaskEndedWith) {
  Loop loop;
  EXPECT_TRUE(loop.run_until_done(succeed()));
  auto failed = loop.run_until_done(fail_with(Code::not_found));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::not_found);
}

TEST(Loop, AnExceptionAtTheRootOfATaskIsAnInternalErrorThatNamesIt) {
  Loop loop;
  auto result = loop.run_until_done(throw_from_below());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::internal);
  EXPECT_NE(result.error().detail.find("the sky fell"), std::string::npos);
}

TEST(Loop, AnExceptionNobodyListensForLeavesRun) {
  Loop loop;
  loop.spawn(throw_from_below());
  EXPECT_THROW(loop.run(), std::runtime_error);
}

TEST(Loop, CurrentIsTheLoopThatRunsAndNoneOutsideIt) {
  Loop loop;
  Loop* seen = nullptr;
  loop.post([&] { seen = &Loop::current(); });
  loop.run();
  EXPECT_EQ(seen, &loop);
  EXPECT_THROW(Loop::current(), std::logic_error);
}

TEST(Loop, AStopThatComesBeforeRunCounts) {
  Loop loop;
  loop.stop();
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.run();
  EXPECT_FALSE(ran);
  loop.run();
  EXPECT_TRUE(ran);
}

Task<> sleep_twice(std::vector<int>* order) {
  CO_TRY_VOID(co_await sleep_for(2ms));
  order->push_back(1);
  CO_TRY_VOID(co_await sleep_for(60ms));
  order->push_back(3);
  co_return Result<>();
}

Task<> sleep_once(std::vector<int>* order) {
  CO_TRY_VOID(co_await sleep_for(20ms));
  order->push_back(2);
  co_return Result<>();
}

TEST(Sleep, WakesInTheOrderOfTheTimes) {
  Loop loop;
  std::vector<int> order;
  loop.spawn(sleep_once(&order));
  EXPECT_TRUE(loop.run_until_done(sleep_twice(&order)));
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(Loop, DestroysTasksThatStillWait) {
  auto token = std::make_shared<int>(0);
  auto waits = [](std::shared_ptr<int> held, Signal* signal) -> Task<> {
    auto waited = co_await signal->wait();
    co_return held ? waited : Result<>();
  };
  Signal signal;
  {
    Loop loop;
    loop.spawn(waits(token, &signal));
    loop.post([&] { loop.stop(); });
    loop.run();
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  signal.notify();  // the loop has gone: nothing happens
}

Task<> wait_for(Signal* signal, std::optional<bool>* outcome, MonoTime until) {
  CO_TRY(*outcome, co_await signal->wait_until(until));
  co_return Result<>();
}

TEST(Signal, ThatWasNotifiedBeforeTheWaitReturnsAtOnce) {
  Loop loop;
  Signal signal;
  signal.notify();
  signal.notify();
  EXPECT_TRUE(loop.run_until_done(signal.wait()));
  EXPECT_TRUE(loop.run_until_done(signal.wait()));
}

TEST(Signal, WaitUntilSaysWhichCameFirst) {
  Loop loop;
  Signal signal;
  std::optional<bool> outcome;
  const auto soon = std::chrono::steady_clock::now() + 5ms;
  EXPECT_TRUE(loop.run_until_done(wait_for(&signal, &outcome, soon)));
  EXPECT_EQ(outcome, false);
  loop.spawn(wait_for(&signal, &outcome, MonoTime::max()));
  loop.post([&] { signal.notify(); });
  loop.run();
  EXPECT_EQ(outcome, true);
}

Task<> sum_from_threads(std::vector<Completion<int>> completions, int* sum) {
  for (auto& completion : completions) {
    CO_TRY(int value, co_await completion.wait());
    *sum += value;
  }
  co_return Result<>();
}

TEST(Completion, DeliversFromOtherThreadsWhateverTheTiming) {
  constexpr int kRounds = 200;
  constexpr int kThreads = 4;
  Loop loop;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Completion<int>> completions(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([completion = completions[i], i]() mutable { completion.complete(i); });
    }
    int sum = 0;
    auto result = loop.run_until_done(sum_from_threads(completions, &sum));
    for (auto& thread : threads) thread.join();
    ASSERT_TRUE(result) << result.error().sentence();
    ASSERT_EQ(sum, 0 + 1 + 2 + 3);
  }
}

TEST(Completion, NotifiedWhileTheLoopEndsIsSafe) {
  for (int round = 0; round < 200; ++round) {
    Completion<int> completion;
    std::thread other;
    {
      Loop loop;
      int sum = 0;
      loop.spawn(sum_from_threads({completion}, &sum));
      loop.post([&] {
        other = std::thread([completion]() mutable { completion.complete(1); });
        loop.stop();
      });
      loop.run();
    }
    other.join();
  }
}

TEST(Loop, PostAndSpawnFromOtherThreads) {
  Loop loop;
  std::atomic<int> done = 0;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      loop.post([&] { ++done; });
      loop.spawn(succeed(), [&](Result<> result) {
        if (result && ++done >= 200) loop.stop();
      });
    }
  });
  while (done < 200) loop.run();
  other.join();
  EXPECT_EQ(done, 200);
}

}  // namespace
}  // namespace pawl::net
