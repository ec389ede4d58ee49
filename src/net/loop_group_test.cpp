#include "net/loop_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

#include "net/process_signals.h"

namespace pawl::net {
namespace {

TEST(LoopGroup, RunsEachLoopOnAThreadOfItsOwnUntilStopped) {
  std::atomic<int> done = 0;
  std::array<std::thread::id, 3> threads;
  LoopGroup group(threads.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    group.at(i).post([&, i] {
      threads[i] = std::this_thread::get_id();
      EXPECT_EQ(&Loop::current(), &group.at(i));
      if (++done == 3) group.stop();
    });
  }
  group.join();
  EXPECT_EQ(std::set(threads.begin(), threads.end()).size(), 3u);
}

TEST(LoopGroup, HandsOnTheExceptionThatEndedALoop) {
  LoopGroup group(1);
  group.at(0).post([] { throw std::runtime_error("lost"); });
  EXPECT_THROW(group.join(), std::runtime_error);
}

Task<> expect_signal(ProcessSignals* signals, int expected) {
  CO_TRY(const int number, co_await signals->wait());
  EXPECT_EQ(number, expected);
  co_return Result<>();
}

TEST(ProcessSignals, KeepASignalThatCameBeforeTheWait) {
  Loop loop;
  ProcessSignals signals(loop, {SIGHUP, SIGTERM});
  std::raise(SIGHUP);
  std::raise(SIGTERM);
  EXPECT_TRUE(loop.run_until_done(expect_signal(&signals, SIGHUP)));
  EXPECT_TRUE(loop.run_until_done(expect_signal(&signals, SIGTERM)));
}

}  // namespace
}  // namespace pawl::net
