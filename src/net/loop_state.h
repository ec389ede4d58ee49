// Internal to net/: what a Loop is made of. Only .cpp files of this folder include it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <mutex>

#include "net/loop.h"

namespace pawl::net {

struct Loop::State : std::enable_shared_from_this<Loop::State> {
  struct Context : boost::asio::io_context {
    Context() : io_context(1) {}  // one thread runs it; posting stays thread-safe
    using io_context::shutdown;   // ~Loop ends suspended tasks on its own thread
  };
  Context context;

  // Asio's shutdown runs without its own lock, so a Signal on another thread posts under this one,
  // and not at all once the loop has ended. Untouched by whoever is on the loop's thread.
  std::mutex ending;
  bool ended = false;
};

}  // namespace pawl::net
