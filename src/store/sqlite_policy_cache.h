// PolicyCache over SQLite: the same file, threads and group commit as the queue.
#pragma once

#include "store/group_commit.h"
#include "store/policy_cache.h"
#include "store/reader_thread.h"

namespace pawl::store {

class SqlitePolicyCache final : public PolicyCache {
 public:
  // `reading` belongs to the thread of `reads`, and outlives the cache as the others do.
  static Result<std::unique_ptr<SqlitePolicyCache>> prepare(Database& writing, Database& reading);
  void attach(GroupCommit& commits, ReaderThread& reads);  // once, before the first call

  net::Task<std::optional<mta_sts::StoredPolicy>> load(dns::Name domain) override;
  net::Task<> save(mta_sts::StoredPolicy policy) override;
  net::Task<> touch(dns::Name domain, WallTime last_used) override;
  net::Task<> remove(dns::Name domain) override;
  net::Task<std::vector<mta_sts::StoredPolicy>> due(WallTime now, WallTime used_since,
                                                    std::size_t limit) override;
  net::Task<std::size_t> forget_unused(WallTime now, WallTime unused_since) override;

 private:
  SqlitePolicyCache(Database& writing) : writing_(writing) {}
  Result<> write_row(const mta_sts::StoredPolicy& policy);

  Database& writing_;
  GroupCommit* commits_ = nullptr;
  ReaderThread* reads_ = nullptr;
  Statement save_, touch_, remove_, forget_;  // the store's thread
  Statement load_, due_;                      // the reader's
};

}  // namespace pawl::store
