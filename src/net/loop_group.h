// N loops, each on a thread of its own: one per core. Services make one instance of themselves per
// loop and share nothing on the hot path.
#pragma once

#include <memory>
#include <vector>

#include "net/loop.h"

namespace pawl::net {

class LoopGroup {
 public:
  explicit LoopGroup(std::size_t count);  // the threads run from here on
  ~LoopGroup();                           // stops and joins
  LoopGroup(const LoopGroup&) = delete;
  LoopGroup& operator=(const LoopGroup&) = delete;

  std::size_t size() const;
  Loop& at(std::size_t index);
  void stop();  // any thread: every loop leaves run(); what still waits is destroyed with the group
  // Waits for the threads; an exception that left a loop leaves here. Not from one of the loops.
  void join();

 private:
  struct Member;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace pawl::net
