#include "store/sqlite_store.h"

#include "store/migrations.h"
#include "store/owner_lock.h"
#include "store/sqlite_policy_cache.h"
#include "store/sqlite_queue.h"

namespace pawl::store {

namespace {

// Page size and auto_vacuum hold only for a file that is still empty; WAL stays with the file.
constexpr const char* kNewFile = R"(
  PRAGMA page_size = 4096;
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
)";
// FULL: the WAL is synced at each commit. NORMAL would lose what was accepted at a power loss.
constexpr const char* kEveryConnection = R"(
  PRAGMA synchronous = FULL;
  PRAGMA temp_store = MEMORY;
  PRAGMA cache_size = -16384;
  PRAGMA journal_size_limit = 67108864;
)";

Result<std::unique_ptr<Database>> connect(const SqliteOptions& options, bool create) {
  TRY(auto database, Database::open({.path = options.path, .vfs = options.vfs, .create = create}));
  if (create) TRY_VOID(database->execute(kNewFile));
  TRY_VOID(database->execute(kEveryConnection));
  return database;
}

}  // namespace

struct SqliteStore::State {
  OwnerLock owner;
  std::unique_ptr<Database> reading;
  std::unique_ptr<QueueReader> queue_reader;
  std::unique_ptr<QueueWriter> queue_writer;
  // The threads end first: declared behind what they use. Work that is done at the end may drop
  // claims, so the queue outlives both.
  std::unique_ptr<SqliteQueue> queue;
  std::unique_ptr<SqlitePolicyCache> policy_cache;
  std::unique_ptr<GroupCommit> commits;
  std::unique_ptr<ReaderThread> reads;
};

SqliteStore::SqliteStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteStore::~SqliteStore() = default;
Queue& SqliteStore::queue() {
  return *state_->queue;
}
PolicyCache& SqliteStore::policy_cache() {
  return *state_->policy_cache;
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const SqliteOptions& options) {
  auto state = std::make_unique<State>();
  if (options.owner) {
    TRY(state->owner, OwnerLock::take(options.path));
  }
  TRY(auto writing, connect(options, options.owner));
  TRY_VOID(migrate(*writing));
  TRY(state->reading, connect(options, false));
  TRY(state->queue_writer, QueueWriter::prepare(*writing));
  TRY(auto largest, state->queue_writer->largest_id());
  if (options.owner) {
    TRY(Transaction sweep, Transaction::begin(*writing));
    TRY_VOID(state->queue_writer->sweep_spills());
    TRY_VOID(sweep.commit());
  }
  TRY(state->queue_reader, QueueReader::prepare(*state->reading, options.owner ? largest : 0));
  TRY(state->policy_cache, SqlitePolicyCache::prepare(*writing, *state->reading));
  state->commits = std::make_unique<GroupCommit>(std::move(writing), GroupCommit::Options{});
  state->reads = std::make_unique<ReaderThread>();
  state->policy_cache->attach(*state->commits, *state->reads);
  state->queue = std::make_unique<SqliteQueue>(*state->commits, *state->queue_writer, *state->reads,
                                               *state->queue_reader, options.events, largest);
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(state)));
}

}  // namespace pawl::store
