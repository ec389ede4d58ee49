#include "net/process_signals.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/loop_state.h"

namespace pawl::net {

struct ProcessSignals::State {
  explicit State(boost::asio::io_context& context) : signals(context) {}
  boost::asio::signal_set signals;

  static Task<int> wait(std::shared_ptr<State> state) {
    boost::system::error_code error;
    const int number = co_await state->signals.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) co_return fail(Code::cancelled, "waiting for a signal: " + error.message());
    co_return number;
  }
};

ProcessSignals::ProcessSignals(Loop& loop, const std::vector<int>& signals)
    : state_(std::make_shared<State>(loop.state().context)) {
  for (const int number : signals) state_->signals.add(number);
}
ProcessSignals::~ProcessSignals() = default;

Task<int> ProcessSignals::wait() {
  return State::wait(state_);
}
void ProcessSignals::cancel() {
  state_->signals.cancel();
}

}  // namespace pawl::net
