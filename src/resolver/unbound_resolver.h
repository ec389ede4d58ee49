// Resolver over libunbound: recursion or forwarding, DNSSEC validation in this process.
// One helper thread takes results from libunbound and completes the waiting coroutines on their own
// loops; lookups may come from any loop. Destroy it after the loops have stopped: what is still
// waiting ends with Code::cancelled.
#pragma once

#include <memory>

#include "resolver/options.h"
#include "resolver/resolver.h"

namespace pawl::resolver {

struct Counters {
  std::uint64_t asked = 0;      // questions handed to libunbound
  std::uint64_t cached = 0;     // answered from the cache in front of it
  std::uint64_t joined = 0;     // waited for an equal question already under way
  std::uint64_t bogus = 0;      // failed validation
  std::uint64_t failed = 0;     // SERVFAIL, malformed
  std::uint64_t timed_out = 0;  // not answered within Options::timeout
};

class UnboundResolver : public Resolver {
 public:
  virtual Counters counters() const = 0;
};

// Errors: Code::config_invalid (an option, a file that cannot be read), Code::internal.
Result<std::unique_ptr<UnboundResolver>> make_unbound_resolver(const Options& options);

}  // namespace pawl::resolver
