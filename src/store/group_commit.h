// The one thread that writes. Everything that waits when it comes around goes into one transaction
// and shares its fsync; a request that somebody waits for never waits for company itself. If a
// request of a batch fails, the batch is rolled back and each request runs again in a transaction
// of its own, so that the failure is charged to the one that caused it.
//
// `done` is called on the store's thread, after the commit is durable (synchronous=FULL) or has
// failed; it must only pass the news on. Work must be repeatable: it may run a second time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/sqlite_database.h"

namespace pawl::store {

class GroupCommit {
 public:
  struct Request {
    std::function<Result<>()> work;  // inside the transaction, on the store's thread
    std::function<void(Result<>)> done;
    // May wait for the fsync of another, for Options::patience at most.
    bool patient = false;
  };
  struct Options {
    std::size_t batch = 512;  // requests in one transaction
    // Pages in the WAL after which they are copied into the file, between two batches
    // (measured: docs/formats/queue.md).
    int checkpoint_pages = 4000;
    // What is lost with a patient request at a power loss is done again; so it is short, and ends
    // when this many have gathered.
    std::chrono::milliseconds patience{20};
    std::size_t patient_requests = 32;
  };

  GroupCommit(std::unique_ptr<Database> database, Options options);
  ~GroupCommit();  // does everything that was posted, then ends
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  void post(Request request);                  // any thread
  Database& database() { return *database_; }  // before the first post, and inside work

 private:
  void run();
  bool pressing() const;
  void work_off(std::vector<Request>& requests);
  std::vector<Result<>> together(std::vector<Request>& batch);
  Result<> alone(Request& request);
  void checkpoint(bool idle);

  std::unique_ptr<Database> database_;
  Options options_;
  int wal_pages_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Request> waiting_;
  bool somebody_waits_ = false;                          // one of them is not patient
  std::chrono::steady_clock::time_point patient_until_;  // of the first of them
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace pawl::store
