// The embedded store: one SQLite file (WAL, synchronous=FULL), one thread that writes with group
// commit, one that reads. docs/formats/queue.md describes the file.
//
// One process owns a file and works off its queue; others (pawl queue) may look into it and act on
// it at the same time as guests.
#pragma once

#include <memory>
#include <string>

#include "base/event.h"
#include "store/policy_cache.h"
#include "store/queue.h"

namespace pawl::store {

struct SqliteOptions {
  std::string path;
  bool owner = true;            // false: a guest, which makes no file and sweeps nothing
  EventSink* events = nullptr;  // outlives the store
  std::string vfs = {};         // empty: the system's; tests name one that injects faults
};

class SqliteStore {
 public:
  // Errors: Code::store (not ours, of a later version, owned by another process), disk_full.
  static Result<std::unique_ptr<SqliteStore>> open(const SqliteOptions& options);
  // Everything that was posted is done before it returns.
  ~SqliteStore();

  Queue& queue();
  PolicyCache& policy_cache();

  struct State;

 private:
  explicit SqliteStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pawl::store
