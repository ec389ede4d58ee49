// Connecting and listening.
#pragma once

#include <map>
#include <optional>

#include "base/event.h"
#include "net/stream.h"

namespace pawl::net {

// Test-only: connects elsewhere than asked, where a namespace with its own port 25 is forbidden.
// Names, TLSA owners and URLs stay as they are; only the composition root makes one.
using DialMap = std::map<Endpoint, Endpoint>;

struct DialOptions {
  std::optional<IpAddress> source;
  const DialMap* map = nullptr;
};

Task<std::unique_ptr<Stream>> dial(Endpoint to, MonoTime deadline, DialOptions options = {});

class Listener {
 public:
  virtual ~Listener() = default;
  virtual Task<std::unique_ptr<Stream>> accept() = 0;  // Code::cancelled after close()
  virtual void close() = 0;                            // stops accepting; accepted streams live on
  virtual Endpoint local() const = 0;                  // with the real port when 0 was asked
};

struct ListenOptions {
  bool reuse_port = false;  // one listener per loop on the same port
  int backlog = 1024;
  EventSink* events = nullptr;  // "listener.exhausted": no file descriptor is left to accept with
};

// May be called before the loop runs: the socket is bound here, and put on the loop that first
// accepts. An IPv6 address takes IPv6 only.
// Nobody listens there, this process included. What shares a port (reuse_port) asks this first, or
// it would share it with a stranger as well.
Result<> check_port_is_free(const Endpoint& at);

Result<std::unique_ptr<Listener>> listen(Endpoint at, ListenOptions options = {});
// Socket activation; takes the descriptor over.
Result<std::unique_ptr<Listener>> adopt_listener(int file_descriptor, ListenOptions options = {});

}  // namespace pawl::net
