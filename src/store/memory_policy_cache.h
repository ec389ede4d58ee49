// The policy cache in memory: for tests, and for commands that look once and remember nothing.
#pragma once

#include <map>
#include <mutex>

#include "store/policy_cache.h"

namespace pawl::store {

class MemoryPolicyCache : public PolicyCache {
 public:
  net::Task<std::optional<mta_sts::StoredPolicy>> load(dns::Name domain) override;
  net::Task<> save(mta_sts::StoredPolicy policy) override;
  net::Task<> touch(dns::Name domain, WallTime last_used) override;
  net::Task<> remove(dns::Name domain) override;
  net::Task<std::vector<mta_sts::StoredPolicy>> due(WallTime now, WallTime used_since,
                                                    std::size_t limit) override;
  net::Task<std::size_t> forget_unused(WallTime now, WallTime unused_since) override;

 private:
  std::mutex mutex_;
  std::map<dns::Name, mta_sts::StoredPolicy> rows_;
};

}  // namespace pawl::store
