#include "relay/handshake_memory.h"

namespace pawl::relay {

namespace {

std::string key(const std::string& destination, const dns::Name& host) {
  return destination + ' ' + host.text();
}

}  // namespace

void HandshakeMemory::failed(const std::string& destination, const dns::Name& host, MonoTime now) {
  if (until_.size() >= limit_) {
    std::erase_if(until_, [now](const auto& entry) { return entry.second <= now; });
  }
  // Full of what is fresh: forgetting only means that one more attempt tries TLS first.
  if (until_.size() >= limit_) until_.erase(until_.begin());
  until_[key(destination, host)] = now + lifetime_;
}

void HandshakeMemory::succeeded(const std::string& destination, const dns::Name& host) {
  if (!until_.empty()) until_.erase(key(destination, host));
}

bool HandshakeMemory::has_failed(const std::string& destination, const dns::Name& host,
                                 MonoTime now) const {
  if (until_.empty()) return false;
  auto it = until_.find(key(destination, host));
  return it != until_.end() && it->second > now;
}

}  // namespace pawl::relay
