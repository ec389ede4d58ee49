// Task<T>: a coroutine at the edge whose outcome is a Result<T>. Tasks run on the loop that spawned
// them; nothing in them blocks.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/error.h"

namespace pawl::net {

template <class T = void>
using Task = boost::asio::awaitable<Result<T>>;

}  // namespace pawl::net
