#include "store/sqlite_policy_cache.h"

#include <utility>

#include "net/loop.h"

namespace pawl::store {

namespace {

using mta_sts::StoredPolicy;
using net::Task;

#define PAWL_POLICY_COLUMNS                                                                   \
  "domain, id, policy_text, fetched, expires, last_used, attempted_id, attempted, failures, " \
  "failure_code, failure_detail, forced, refresh_due"

std::int64_t milliseconds(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime time_at(const Statement& row, int column) {
  return WallTime(std::chrono::milliseconds(row.integer(column)));
}
std::string text_at(const Statement& row, int column) {
  return std::string(row.blob(column));
}

Result<StoredPolicy> read_row(const Statement& row) {
  TRY(dns::Name domain, dns::Name::parse(text_at(row, 0)));
  return StoredPolicy{.domain = std::move(domain),
                      .id = text_at(row, 1),
                      .policy_text = text_at(row, 2),
                      .fetched = time_at(row, 3),
                      .expires = time_at(row, 4),
                      .last_used = time_at(row, 5),
                      .attempted_id = text_at(row, 6),
                      .attempted = time_at(row, 7),
                      .failures = static_cast<int>(row.integer(8)),
                      .failure_code = text_at(row, 9),
                      .failure_detail = text_at(row, 10),
                      .forced = time_at(row, 11),
                      .refresh_due = time_at(row, 12)};
}

// Posts the work to the store's thread and waits until it is durable.
Task<> write(GroupCommit& commits, std::function<Result<>()> work) {
  net::Completion<void> written;
  commits.post({.work = std::move(work), .done = [written](Result<> result) mutable {
                  written.complete(std::move(result));
                }});
  co_return co_await written.wait();
}

}  // namespace

Result<std::unique_ptr<SqlitePolicyCache>> SqlitePolicyCache::prepare(Database& writing,
                                                                      Database& reading) {
  std::unique_ptr<SqlitePolicyCache> cache(new SqlitePolicyCache(writing));
  TRY(cache->save_, writing.prepare("INSERT OR REPLACE INTO policy(" PAWL_POLICY_COLUMNS
                                    ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)"));
  TRY(cache->touch_,
      writing.prepare("UPDATE policy SET last_used = ?2 WHERE domain = ?1 AND last_used < ?2"));
  TRY(cache->remove_, writing.prepare("DELETE FROM policy WHERE domain = ?1"));
  TRY(cache->forget_, writing.prepare("DELETE FROM policy WHERE last_used < ?2 "
                                      "AND (expires < ?1 OR policy_text = '')"));
  TRY(cache->load_,
      reading.prepare("SELECT " PAWL_POLICY_COLUMNS " FROM policy WHERE domain = ?1"));
  TRY(cache->due_,
      reading.prepare("SELECT " PAWL_POLICY_COLUMNS " FROM policy WHERE refresh_due <= ?1 "
                      "AND last_used >= ?2 ORDER BY refresh_due LIMIT ?3"));
  return cache;
}

void SqlitePolicyCache::attach(GroupCommit& commits, ReaderThread& reads) {
  commits_ = &commits;
  reads_ = &reads;
}

Result<> SqlitePolicyCache::write_row(const StoredPolicy& p) {
  return save_.bind_text(1, p.domain.text())
      .bind_text(2, p.id)
      .bind_text(3, p.policy_text)
      .bind(4, milliseconds(p.fetched))
      .bind(5, milliseconds(p.expires))
      .bind(6, milliseconds(p.last_used))
      .bind_text(7, p.attempted_id)
      .bind(8, milliseconds(p.attempted))
      .bind(9, p.failures)
      .bind_text(10, p.failure_code)
      .bind_text(11, p.failure_detail)
      .bind(12, milliseconds(p.forced))
      .bind(13, milliseconds(p.refresh_due))
      .run();
}

Task<std::optional<StoredPolicy>> SqlitePolicyCache::load(dns::Name domain) {
  using Found = std::optional<StoredPolicy>;
  net::Completion<Found> loaded;
  reads_->post([this, domain = std::move(domain), loaded]() mutable {
    auto read = [&]() -> Result<Found> {
      TRY(bool row, load_.bind_text(1, domain.text()).step());
      if (!row) return Found{};
      TRY(Found found, read_row(load_));
      return found;
    };
    Result<Found> result = read();
    load_.reset();
    loaded.complete(std::move(result));
  });
  co_return co_await loaded.wait();
}

Task<> SqlitePolicyCache::save(StoredPolicy policy) {
  auto row = std::make_shared<const StoredPolicy>(std::move(policy));
  co_return co_await write(*commits_, [this, row] { return write_row(*row); });
}

Task<> SqlitePolicyCache::touch(dns::Name domain, WallTime last_used) {
  auto work = [this, domain = std::move(domain), last_used] {
    return touch_.bind_text(1, domain.text()).bind(2, milliseconds(last_used)).run();
  };
  // Nobody waits: a touch that is lost costs a refresh too early or too late, not a promise.
  commits_->post({.work = std::move(work), .done = [](const Result<>&) {}});
  co_return Result<>{};
}

Task<> SqlitePolicyCache::remove(dns::Name domain) {
  co_return co_await write(*commits_, [this, domain = std::move(domain)] {
    return remove_.bind_text(1, domain.text()).run();
  });
}

Task<std::vector<StoredPolicy>> SqlitePolicyCache::due(WallTime now, WallTime used_since,
                                                       std::size_t limit) {
  using Rows = std::vector<StoredPolicy>;
  net::Completion<Rows> found;
  reads_->post([this, now, used_since, limit, found]() mutable {
    auto read = [&]() -> Result<Rows> {
      Rows rows;
      due_.bind(1, milliseconds(now))
          .bind(2, milliseconds(used_since))
          .bind(3, static_cast<std::int64_t>(limit));
      for (;;) {
        TRY(bool row, due_.step());
        if (!row) return rows;
        TRY(StoredPolicy policy, read_row(due_));
        rows.push_back(std::move(policy));
      }
    };
    Result<Rows> result = read();
    due_.reset();
    found.complete(std::move(result));
  });
  co_return co_await found.wait();
}

Task<std::size_t> SqlitePolicyCache::forget_unused(WallTime now, WallTime unused_since) {
  auto count = std::make_shared<std::size_t>(0);
  CO_TRY_VOID(co_await write(*commits_, [this, now, unused_since, count]() -> Result<> {
    TRY_VOID(forget_.bind(1, milliseconds(now)).bind(2, milliseconds(unused_since)).run());
    *count = static_cast<std::size_t>(writing_.changes());
    return {};
  }));
  co_return *count;
}

}  // namespace pawl::store
