// Internal to net/: what a Loop is made of. Only .cpp files of this folder include it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "net/loop.h"

namespace pawl::net {

struct Loop::State : std::enable_shared_from_this<Loop::State> {
  struct Context : boost::asio::io_context {
    Context() : io_context(1) {}  // one thread runs it; posting stays thread-safe
    using io_context::shutdown;   // ~Loop ends suspended tasks on its own thread
  };
  Context context;
};

}  // namespace pawl::net
