#include "net/loop.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "net/loop_state.h"

namespace pawl::net {

namespace asio = boost::asio;

namespace {

thread_local Loop* current_loop = nullptr;

Error describe_exception(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return Error(Code::internal, std::string("an exception left a task: ") + e.what());
  } catch (...) {
    return Error(Code::internal, "an exception of an unknown type left a task");
  }
}

}  // namespace

WallTime SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

MonoTime SystemClock::monotonic() const {
  return std::chrono::steady_clock::now();
}

Loop::Loop() : state_(std::make_shared<State>()) {}

Loop::~Loop() {
  {
    const std::lock_guard locked(state_->ending);
    state_->ended = true;
  }
  Loop* outer = std::exchange(current_loop, this);  // destructors of suspended tasks may ask
  state_->context.shutdown();
  current_loop = outer;
}

void Loop::run() {
  struct Current {
    explicit Current(Loop* loop) : outer(std::exchange(current_loop, loop)) {}
    ~Current() { current_loop = outer; }
    Loop* outer;
  } current(this);
  state_->context.run();
  state_->context.restart();  // here and not before: a stop() that came early must count
}

void Loop::stop() {
  state_->context.stop();
}

void Loop::post(std::function<void()> work) {
  asio::post(state_->context, std::move(work));
}

void Loop::spawn(Task<> task, std::function<void(Result<>)> ended) {
  asio::co_spawn(state_->context, std::move(task),
                 [ended = std::move(ended)](const std::exception_ptr& exception, Result<> result) {
                   if (exception && !ended) std::rethrow_exception(exception);
                   if (!ended) return;
                   if (exception) {
                     ended(fail(describe_exception(exception)));
                   } else {
                     ended(std::move(result));
                   }
                 });
}

Result<> Loop::run_until_done(Task<> task) {
  // Shared: if someone else stops the loop the task may still end later.
  auto outcome = std::make_shared<std::optional<Result<>>>();
  spawn(std::move(task), [this, outcome](Result<> result) {
    outcome->emplace(std::move(result));
    stop();
  });
  run();
  if (*outcome) return std::move(**outcome);
  return fail(Code::cancelled,
              "the loop was stopped, or had nothing left to wait for, "
              "before the task ended");
}

Loop& Loop::current() {
  if (!current_loop) throw std::logic_error("no Loop runs on this thread");
  return *current_loop;
}

Task<> yield() {
  co_await asio::post(Loop::current().state().context, asio::use_awaitable);
  co_return Result<>();
}

Task<> sleep_until(MonoTime when) {
  asio::steady_timer timer(Loop::current().state().context, when);
  boost::system::error_code ignored;  // only the end of the loop cancels it
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return Result<>();
}

Task<> sleep_for(std::chrono::milliseconds duration) {
  return sleep_until(std::chrono::steady_clock::now() + duration);
}

// `phase` decides who does what. The waiter publishes `loop` by idle -> waiting; the notifier that
// finds `waiting` cancels the waiter's timer on the waiter's loop. `timer` belongs to that loop's
// thread alone. The loop is held weakly: a cancel that was posted to it holds this State.
struct Signal::State {
  enum class Phase : unsigned char { idle, waiting, notified };
  std::atomic<Phase> phase{Phase::idle};
  std::weak_ptr<Loop::State> loop;
  asio::steady_timer* timer = nullptr;

  static Task<bool> wait_until(std::shared_ptr<State> state, MonoTime until) {
    if (state->phase.load(std::memory_order_acquire) == Phase::notified) co_return true;
    auto loop = Loop::current().state().shared_from_this();
    state->loop = loop;
    asio::steady_timer timer(loop->context, until);
    loop.reset();  // a suspended task must not keep its own loop alive
    state->timer = &timer;
    Phase expected = Phase::idle;
    if (state->phase.compare_exchange_strong(expected, Phase::waiting, std::memory_order_acq_rel)) {
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      expected = Phase::waiting;
      state->phase.compare_exchange_strong(expected, Phase::idle, std::memory_order_acq_rel);
    }
    state->timer = nullptr;
    co_return state->phase.load(std::memory_order_acquire) == Phase::notified;
  }
};

Signal::Signal() : state_(std::make_shared<State>()) {}
Signal::~Signal() = default;
Signal::Signal(Signal&&) noexcept = default;

void Signal::notify() {
  auto state = state_;  // the waiter may destroy the Signal meanwhile
  if (state->phase.exchange(State::Phase::notified, std::memory_order_acq_rel) !=
      State::Phase::waiting) {
    return;
  }
  auto loop = state->loop.lock();
  if (!loop) return;  // the waiter's loop ended, and the waiter with it
  const bool here = current_loop && &current_loop->state() == loop.get();
  if (here) {
    if (!loop->ended && state->timer) state->timer->cancel();
    return;
  }
  const std::lock_guard locked(loop->ending);
  if (loop->ended) return;
  asio::post(loop->context, [state] {
    if (state->timer) state->timer->cancel();
  });
}

Task<> Signal::wait() {
  auto waited = co_await State::wait_until(state_, MonoTime::max());
  if (!waited) co_return fail(std::move(waited).error());
  co_return Result<>();
}

Task<bool> Signal::wait_until(MonoTime until) {
  return State::wait_until(state_, until);
}

}  // namespace pawl::net
