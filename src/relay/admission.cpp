#include "relay/admission.h"

#include <algorithm>

namespace pawl::relay {

bool is_own_client(const std::vector<Network>& networks, const IpAddress& client) {
  if (networks.empty()) return client.is_loopback();
  return std::ranges::any_of(networks,
                             [&](const Network& network) { return network.contains(client); });
}

std::shared_ptr<void> SessionCount::enter(const IpAddress& client) {
  std::scoped_lock lock(mutex_);
  if (total_ >= limits_.total) return nullptr;
  std::size_t& sessions = clients_[client];
  if (sessions >= limits_.per_client) return nullptr;
  ++sessions;
  ++total_;
  return {this, [client](SessionCount* count) { count->leave(client); }};
}

void SessionCount::leave(const IpAddress& client) {
  std::scoped_lock lock(mutex_);
  --total_;
  auto found = clients_.find(client);
  if (--found->second == 0) clients_.erase(found);
}

std::size_t SessionCount::total() const {
  std::scoped_lock lock(mutex_);
  return total_;
}

}  // namespace pawl::relay
