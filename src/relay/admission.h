// Who may come in, and who may have mail relayed. No open relay by default: only clients in the
// configured networks (this host alone, when none is configured) and authenticated users.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/ip_address.h"

namespace pawl::relay {

// `networks` empty: loopback only.
bool is_own_client(const std::vector<Network>& networks, const IpAddress& client);

struct SessionLimits {
  std::size_t total = 1000;
  std::size_t per_client = 100;
};

// Counts sessions. Any thread; locked only when a session begins and ends.
class SessionCount {
 public:
  explicit SessionCount(SessionLimits limits) : limits_(limits) {}

  // One session's place; given back when the last copy goes. Null: there is no place.
  std::shared_ptr<void> enter(const IpAddress& client);
  std::size_t total() const;

 private:
  void leave(const IpAddress& client);

  const SessionLimits limits_;
  mutable std::mutex mutex_;
  std::size_t total_ = 0;
  std::map<IpAddress, std::size_t> clients_;
};

}  // namespace pawl::relay
