#include "store/migrations.h"

#include <fmt/format.h>

#include <array>

namespace pawl::store {

namespace {

constexpr std::int64_t kApplicationId = 0x5061776c;  // "Pawl"

// Once released, a step is never edited: a change is a new step. Nothing here may be beyond what
// PostgreSQL can say as well (bigint, bytea, partial indices).
constexpr std::array kSteps = {
    // 1: the queue. `due` is NULL while the message waits for nothing: it is in flight since it was
    // accepted. The index over `due` thus holds only messages that were put back, and a message
    // that is delivered at once never enters it.
    R"(
    CREATE TABLE message(
      id INTEGER PRIMARY KEY,
      due INTEGER,
      held INTEGER NOT NULL,
      total INTEGER NOT NULL,
      recipients INTEGER NOT NULL,
      tried INTEGER NOT NULL,
      spill INTEGER,
      record BLOB NOT NULL);
    CREATE INDEX message_due ON message(due) WHERE due IS NOT NULL AND held = 0;
    CREATE INDEX message_spill ON message(spill) WHERE spill IS NOT NULL;
    CREATE TABLE content(message INTEGER PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE spill(
      id INTEGER PRIMARY KEY,
      handle INTEGER NOT NULL,
      position INTEGER NOT NULL,
      data BLOB NOT NULL);
    CREATE UNIQUE INDEX spill_place ON spill(handle, position);
    )",
    // 2: the MTA-STS policy cache, one row for each policy domain (mta_sts/stored_policy.h).
    R"(
    CREATE TABLE policy(
      domain TEXT PRIMARY KEY,
      id TEXT NOT NULL,
      policy_text TEXT NOT NULL,
      fetched INTEGER NOT NULL,
      expires INTEGER NOT NULL,
      last_used INTEGER NOT NULL,
      attempted_id TEXT NOT NULL,
      attempted INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      failure_code TEXT NOT NULL,
      failure_detail TEXT NOT NULL,
      forced INTEGER NOT NULL,
      refresh_due INTEGER NOT NULL);
    CREATE INDEX policy_due ON policy(refresh_due);
    )",
};

}  // namespace

int schema_version() {
  return static_cast<int>(kSteps.size());
}

Result<> migrate(Database& database) {
  TRY(auto application, database.integer("PRAGMA application_id"));
  TRY(auto version, database.integer("PRAGMA user_version"));
  TRY(auto tables, database.integer("SELECT count(*) FROM sqlite_master"));
  if (application != kApplicationId && (application != 0 || tables != 0)) {
    return fail(Code::store, fmt::format("{} is a database of another program: name a file of "
                                         "Pawl's own in `store`",
                                         database.path()));
  }
  if (version > schema_version()) {
    return fail(Code::store,
                fmt::format("{} was written by a later Pawl (schema {}, this one knows {}): start "
                            "that one, or export the queue with it",
                            database.path(), version, schema_version()));
  }
  for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
    TRY(Transaction transaction, Transaction::begin(database));
    // Another process may have come first; its step is not repeated.
    TRY(auto now, database.integer("PRAGMA user_version"));
    if (now != static_cast<std::int64_t>(step)) continue;
    TRY_VOID(database.execute(kSteps[step]));
    auto marks = fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId,
                             step + 1);
    TRY_VOID(database.execute(marks.c_str()));
    TRY_VOID(transaction.commit());
  }
  return {};
}

}  // namespace pawl::store
