#include "store/memory_policy_cache.h"

#include <algorithm>

namespace pawl::store {

net::Task<std::optional<mta_sts::StoredPolicy>> MemoryPolicyCache::load(dns::Name domain) {
  std::lock_guard lock(mutex_);
  auto row = rows_.find(domain);
  if (row == rows_.end()) co_return std::optional<mta_sts::StoredPolicy>();
  co_return std::optional(row->second);
}

net::Task<> MemoryPolicyCache::save(mta_sts::StoredPolicy policy) {
  std::lock_guard lock(mutex_);
  rows_.insert_or_assign(policy.domain, policy);
  co_return Result<>();
}

net::Task<> MemoryPolicyCache::touch(dns::Name domain, WallTime last_used) {
  std::lock_guard lock(mutex_);
  auto row = rows_.find(domain);
  if (row != rows_.end()) row->second.last_used = std::max(row->second.last_used, last_used);
  co_return Result<>();
}

net::Task<> MemoryPolicyCache::remove(dns::Name domain) {
  std::lock_guard lock(mutex_);
  rows_.erase(domain);
  co_return Result<>();
}

net::Task<std::vector<mta_sts::StoredPolicy>> MemoryPolicyCache::due(WallTime now,
                                                                     WallTime used_since,
                                                                     std::size_t limit) {
  std::lock_guard lock(mutex_);
  std::vector<mta_sts::StoredPolicy> found;
  for (const auto& [domain, policy] : rows_) {
    if (policy.refresh_due <= now && policy.last_used >= used_since) found.push_back(policy);
  }
  std::ranges::sort(found, {}, &mta_sts::StoredPolicy::refresh_due);
  if (found.size() > limit) found.resize(limit);
  co_return found;
}

net::Task<std::size_t> MemoryPolicyCache::forget_unused(WallTime now, WallTime unused_since) {
  std::lock_guard lock(mutex_);
  co_return std::erase_if(rows_, [&](const auto& row) {
    const mta_sts::StoredPolicy& policy = row.second;
    return (!policy.holds_policy() || policy.expires < now) && policy.last_used < unused_since;
  });
}

}  // namespace pawl::store
