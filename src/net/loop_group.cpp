#include "net/loop_group.h"

#include <boost/asio/executor_work_guard.hpp>
#include <exception>
#include <thread>

#include "net/loop_state.h"

namespace pawl::net {

struct LoopGroup::Member {
  Loop loop;
  // A loop without work waits for some instead of ending.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      loop.state().context.get_executor()};
  std::exception_ptr exception;  // written by the thread, read after it was joined
  std::thread thread;

  void run() {
    try {
      loop.run();
    } catch (...) {
      exception = std::current_exception();  // for join(), which throws it again
    }
  }
};

LoopGroup::LoopGroup(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Member& member = *members_.emplace_back(std::make_unique<Member>());
    member.thread = std::thread([&member] { member.run(); });
  }
}

LoopGroup::~LoopGroup() {
  stop();
  for (auto& member : members_) {
    if (member->thread.joinable()) member->thread.join();
  }
}

std::size_t LoopGroup::size() const {
  return members_.size();
}
Loop& LoopGroup::at(std::size_t index) {
  return members_.at(index)->loop;
}

void LoopGroup::stop() {
  for (auto& member : members_) member->loop.stop();
}

void LoopGroup::join() {
  for (auto& member : members_) {
    if (member->thread.joinable()) member->thread.join();
  }
  for (auto& member : members_) {
    if (member->exception) std::rethrow_exception(std::exchange(member->exception, nullptr));
  }
}

}  // namespace pawl::net
