// The persistent MTA-STS policy cache. What is kept is mta_sts::StoredPolicy; what it means is
// decided by mta_sts/cache_rules.h; this only remembers. All operations may be called from any
// loop. Errors: Code::store with the sentence of the database. A cache that cannot be read is never
// taken for "nothing is cached": that would forget a promise.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "mta_sts/stored_policy.h"
#include "net/task.h"

namespace pawl::store {

class PolicyCache {
 public:
  virtual ~PolicyCache() = default;

  virtual net::Task<std::optional<mta_sts::StoredPolicy>> load(dns::Name domain) = 0;
  // Inserts or replaces the row of policy.domain; durable before it returns.
  virtual net::Task<> save(mta_sts::StoredPolicy policy) = 0;
  // Only moves last_used forward; need not be durable at once. No row: nothing happens.
  virtual net::Task<> touch(dns::Name domain, WallTime last_used) = 0;
  virtual net::Task<> remove(dns::Name domain) = 0;  // no row: nothing happens

  // Rows with refresh_due <= now and last_used >= used_since, the longest due first.
  virtual net::Task<std::vector<mta_sts::StoredPolicy>> due(WallTime now, WallTime used_since,
                                                            std::size_t limit) = 0;
  // Deletes rows that expired before `now` (or hold no policy) and were last used before
  // `unused_since`; returns how many.
  virtual net::Task<std::size_t> forget_unused(WallTime now, WallTime unused_since) = 0;
};

}  // namespace pawl::store
