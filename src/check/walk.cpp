#include "check/walk.h"

namespace pawl::check {

net::Task<> Turns::take() {
  if (free_ > 0) {
    --free_;
    co_return Result<>();
  }
  auto mine = std::make_shared<net::Signal>();
  waiting_.push_back(mine);
  // Whoever gives hands the turn over: the count stays as it is.
  co_return co_await mine->wait();
}

void Turns::give() {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  waiting_.front()->notify();
  waiting_.pop_front();
}

void Walk::tell(const std::string& target, const std::string& doing) const {
  if (options.progress) options.progress({target, doing, ended, begun});
}

void Walk::end(const std::string& target, const std::string& what) {
  ++ended;
  tell(target, what);
}

}  // namespace pawl::check
