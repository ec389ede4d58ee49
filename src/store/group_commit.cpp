#include "store/group_commit.h"

#include <pthread.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pawl::store {

namespace {

// With nothing to do for this long, free pages go back to the file system and the WAL is emptied.
constexpr std::chrono::seconds kIdle{2};
constexpr int kVacuumPages = 2000;  // in one idle step, so that a request waits milliseconds

extern "C" int remember_wal_pages(void* pages, sqlite3* /*connection*/, const char* /*name*/,
                                  int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

GroupCommit::GroupCommit(std::unique_ptr<Database> database, Options options)
    : database_(std::move(database)), options_(options) {
  // Replaces SQLite's own checkpointing, which would run before those who wait have their answer.
  sqlite3_wal_hook(database_->raw(), remember_wal_pages, &wal_pages_);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "pawl-store");
    run();
  });
}

GroupCommit::~GroupCommit() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void GroupCommit::post(Request request) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    bool was_pressing = pressing();
    bool first = waiting_.empty();
    if (first) patient_until_ = std::chrono::steady_clock::now() + options_.patience;
    somebody_waits_ = somebody_waits_ || !request.patient;
    waiting_.push_back(std::move(request));
    wake = first || (pressing() && !was_pressing);
  }
  if (wake) wake_.notify_one();
}

// Is there a reason to begin now rather than at patient_until_?
bool GroupCommit::pressing() const {
  return stop_ || somebody_waits_ || waiting_.size() >= options_.patient_requests;
}

void GroupCommit::run() {
  std::vector<Request> requests;
  bool idle_done = false;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      auto something = [this] { return stop_ || !waiting_.empty(); };
      if (idle_done) {
        wake_.wait(lock, something);
      } else {
        wake_.wait_for(lock, kIdle, something);
      }
      if (!waiting_.empty()) {
        wake_.wait_until(lock, patient_until_, [this] { return pressing(); });
      }
      if (waiting_.empty() && stop_) return;
      requests.swap(waiting_);
      somebody_waits_ = false;
    }
    idle_done = requests.empty();
    work_off(requests);
    requests.clear();
    checkpoint(idle_done);
  }
}

void GroupCommit::work_off(std::vector<Request>& requests) {
  for (std::size_t at = 0; at < requests.size(); at += options_.batch) {
    std::size_t end = std::min(requests.size(), at + options_.batch);
    std::vector<Request> batch(std::make_move_iterator(requests.begin() + std::ptrdiff_t(at)),
                               std::make_move_iterator(requests.begin() + std::ptrdiff_t(end)));
    std::vector<Result<>> results = together(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(std::move(results[i]));
  }
}

std::vector<Result<>> GroupCommit::together(std::vector<Request>& batch) {
  auto all = [&]() -> Result<> {
    TRY(Transaction transaction, Transaction::begin(*database_));
    for (Request& request : batch) TRY_VOID(request.work());
    return transaction.commit();
  };
  std::vector<Result<>> results;
  Result<> outcome = all();
  if (outcome || batch.size() == 1) {
    results.assign(batch.size(), outcome);
    return results;
  }
  for (Request& request : batch) results.push_back(alone(request));
  return results;
}

Result<> GroupCommit::alone(Request& request) {
  TRY(Transaction transaction, Transaction::begin(*database_));
  TRY_VOID(request.work());
  return transaction.commit();
}

void GroupCommit::checkpoint(bool idle) {
  if (!idle && wal_pages_ < options_.checkpoint_pages) return;
  // Failures are left to the next time: the WAL holds everything, and a disk that is full says so
  // to the next commit.
  if (idle) {
    auto free_pages = database_->integer("PRAGMA freelist_count");
    auto pages = database_->integer("PRAGMA page_count");
    if (free_pages && pages && *free_pages > kVacuumPages && *free_pages * 2 > *pages) {
      auto sql = "PRAGMA incremental_vacuum(" + std::to_string(kVacuumPages) + ")";
      (void)database_->execute(sql.c_str()).has_value();
    }
    if (wal_pages_ == 0) return;
  }
  // Neither way waits for a reader: the store's thread has others to serve.
  sqlite3_busy_timeout(database_->raw(), 0);
  int done = sqlite3_wal_checkpoint_v2(
      database_->raw(), nullptr, idle ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
      nullptr, nullptr);
  sqlite3_busy_timeout(database_->raw(), kBusyMilliseconds);
  if (done == SQLITE_OK) wal_pages_ = 0;
}

}  // namespace pawl::store
