// Where a TLS handshake failed although nothing had promised TLS. Such a host gets clear text, but
// only on a fresh connection of a later attempt: an attacker who breaks one handshake must keep
// breaking them for as long as the queue waits, and is seen doing it. Bounded; one loop.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "dns/name.h"

namespace pawl::relay {

class HandshakeMemory {
 public:
  explicit HandshakeMemory(Seconds lifetime = Seconds(24 * 3600), std::size_t limit = 10000)
      : lifetime_(lifetime), limit_(limit) {}
  void failed(const std::string& destination, const dns::Name& host, MonoTime now);
  void succeeded(const std::string& destination, const dns::Name& host);
  bool has_failed(const std::string& destination, const dns::Name& host, MonoTime now) const;
  std::size_t size() const { return until_.size(); }

 private:
  Seconds lifetime_;
  std::size_t limit_;
  std::unordered_map<std::string, MonoTime> until_;
};

}  // namespace pawl::relay
