// A byte stream: what a TCP connection, and a test's pipe, look like to everybody else.
// All operations run on the loop that made the stream; one reader and one writer at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ip_address.h"
#include "net/task.h"

namespace pawl::net {

class Stream {
 public:
  virtual ~Stream() = default;
  // At least one byte, or an error: Code::connection_lost at end of stream, Code::connection_reset,
  // Code::timeout.
  virtual Task<std::size_t> read_some(std::span<char> into, MonoTime deadline) = 0;
  // What has already come, without waiting: 0 if nothing has.
  virtual Result<std::size_t> try_read(std::span<char> into) = 0;
  // Until try_read() has something to say: so an idle connection needs no buffer of its own.
  virtual Task<> wait_readable(MonoTime deadline) = 0;
  virtual Task<> write_all(std::string_view bytes, MonoTime deadline) = 0;
  virtual void close() = 0;  // both directions at once; pending operations end with connection_lost
  virtual Endpoint local() const = 0;
  virtual Endpoint remote() const = 0;
};

// Two connected in-memory streams, for tests.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_pipe();

}  // namespace pawl::net
