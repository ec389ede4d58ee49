// Connections to keep and how many there may be. Sessions are reused under an equal key only: the
// address, the port, the protocol and the verdict (DESIGN section 3). One loop; not shared.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/loop.h"
#include "relay/outbound_session.h"

namespace pawl::relay {

struct PoolLimits {
  std::size_t connections_per_destination = 20;
  std::size_t idle_connections = 500;  // of all destinations together
  int messages_per_connection = 1000;
  std::chrono::milliseconds idle{5000};
};

// A right to hold one connection to a destination; given back when it goes.
class Slot {
 public:
  Slot() = default;
  Slot(Slot&&) noexcept = default;
  Slot& operator=(Slot&&) noexcept = default;

 private:
  friend class ConnectionPool;
  explicit Slot(std::shared_ptr<void> guard) : guard_(std::move(guard)) {}
  std::shared_ptr<void> guard_;
};

class ConnectionPool {
 public:
  explicit ConnectionPool(PoolLimits limits);
  ~ConnectionPool();  // closes what is idle, without a word

  // Waits for its turn, in order of arrival.
  net::Task<Slot> acquire(std::string destination);

  // The most recently used idle session of this key, or null.
  std::unique_ptr<OutboundSession> take(const std::string& key, MonoTime now);
  // Keeps it, or says goodbye if it has carried enough or there are too many.
  void put(std::string key, std::unique_ptr<OutboundSession> session, MonoTime now);
  void close_idle(MonoTime now);  // those whose time is over

  std::size_t idle() const;
  std::size_t active(const std::string& destination) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::relay
