// A single-threaded event loop. Services are pinned to one of N loops; crossing over is done by
// post() and by Completion, never by a lock on the hot path.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/task.h"

namespace pawl::net {

class SystemClock : public Clock {
 public:
  WallTime now() const override;
  MonoTime monotonic() const override;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();                             // until stop(), or until no work is left
  void stop();                            // any thread; before run() it makes run() return at once
  void post(std::function<void()> work);  // any thread
  // Runs the task on this loop (callable from any thread). An error it ends with goes to `ended`,
  // or nowhere if empty; an exception that reaches its root is an internal error there, and without
  // an `ended` it leaves run(): nothing swallows it.
  void spawn(Task<> task, std::function<void(Result<>)> ended = {});
  // Runs the loop until the task has ended; for commands and tests.
  Result<> run_until_done(Task<> task);

  static Loop& current();  // the loop whose thread calls; a broken invariant elsewhere

  struct State;
  State& state() { return *state_; }

 private:
  std::shared_ptr<State> state_;  // shared with Signals that another thread may still notify
};

Task<> yield();  // lets everything else that is ready on this loop run first
Task<> sleep_until(MonoTime when);
Task<> sleep_for(std::chrono::milliseconds duration);

// A one-shot event: one coroutine waits, anyone (any thread) notifies once. Waiting after the
// notification returns at once. Non-template so that Asio stays in net/.
class Signal {
 public:
  Signal();
  ~Signal();
  Signal(Signal&&) noexcept;
  void notify();                          // any thread, idempotent
  Task<> wait();                          // on any one loop; one waiter at a time
  Task<bool> wait_until(MonoTime until);  // false: the time came first

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// A value that another thread or a callback will deliver. Copyable handle.
template <class T>
class Completion {
 public:
  void complete(Result<T> value) {
    shared_->value.emplace(std::move(value));
    shared_->signal.notify();
  }
  Task<T> wait() {
    auto shared = shared_;
    auto waited = co_await shared->signal.wait();
    if (!waited) co_return fail(std::move(waited).error());
    co_return std::move(*shared->value);
  }

 private:
  struct Shared {
    Signal signal;
    std::optional<Result<T>> value;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace pawl::net
