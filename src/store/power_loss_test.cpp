// A disk that fails at the n-th write or sync, is full, or loses power: what commit() said is
// durable is there afterwards, and what failed was not called durable.
//
// The file system is a shim over SQLite's own: it counts what changes a file, fails when told, and
// remembers the bytes of each file at its last sync, so that a loss of power leaves those.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "store/queue_test_support.h"
#include "store/sqlite_store.h"

namespace pawl::store {
namespace {

struct Disk {
  std::mutex mutex;
  int operations = 0;
  int fail_at = 0;  // 0: never
  int error = SQLITE_IOERR_WRITE;
  bool stays = false;                         // fails from then on (a full disk), or only once
  std::map<std::string, std::string> synced;  // the bytes that survive a loss of power
  std::set<std::string> seen;

  bool fails() {
    std::lock_guard lock(mutex);
    ++operations;
    return fail_at != 0 && (stays ? operations >= fail_at : operations == fail_at);
  }
};

Disk* disk = nullptr;

std::string bytes_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

struct ShimFile {
  sqlite3_file base;
  const char* path;
  sqlite3_file* real;
};

sqlite3_vfs* real_vfs() {
  static sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  return vfs;
}
ShimFile* shim(sqlite3_file* file) {
  return reinterpret_cast<ShimFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return shim(file)->real;
}

int shim_close(sqlite3_file* f) {
  return real(f)->pMethods->xClose(real(f));
}
int shim_read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, n, at);
}
int shim_write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  if (disk->fails()) return disk->error;
  return real(f)->pMethods->xWrite(real(f), from, n, at);
}
int shim_truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (disk->fails()) return disk->error;
  return real(f)->pMethods->xTruncate(real(f), size);
}
int shim_sync(sqlite3_file* f, int flags) {
  if (disk->fails()) return disk->error == SQLITE_FULL ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
  int code = real(f)->pMethods->xSync(real(f), flags);
  if (code == SQLITE_OK && shim(f)->path != nullptr) {
    std::lock_guard lock(disk->mutex);
    disk->synced[shim(f)->path] = bytes_of(shim(f)->path);
  }
  return code;
}
int shim_size(sqlite3_file* f, sqlite3_int64* size) {
  return real(f)->pMethods->xFileSize(real(f), size);
}
int shim_lock(sqlite3_file* f, int l) {
  return real(f)->pMethods->xLock(real(f), l);
}
int shim_unlock(sqlite3_file* f, int l) {
  return real(f)->pMethods->xUnlock(real(f), l);
}
int shim_reserved(sqlite3_file* f, int* out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int shim_control(sqlite3_file* f, int op, void* arg) {
  return real(f)->pMethods->xFileControl(real(f), op, arg);
}
int shim_sector(sqlite3_file* f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
int shim_traits(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int shim_shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
int shim_shm_lock(sqlite3_file* f, int at, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}
void shim_shm_barrier(sqlite3_file* f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
int shim_shm_unmap(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}

const sqlite3_io_methods kMethods = {
    2,           shim_close,   shim_read,     shim_write,       shim_truncate,  shim_sync,
    shim_size,   shim_lock,    shim_unlock,   shim_reserved,    shim_control,   shim_sector,
    shim_traits, shim_shm_map, shim_shm_lock, shim_shm_barrier, shim_shm_unmap, nullptr,
    nullptr};

int shim_open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out) {
  ShimFile* f = shim(file);
  f->base.pMethods = nullptr;
  f->path = path;  // lives as long as the file: sqlite3.h, xOpen
  f->real = reinterpret_cast<sqlite3_file*>(f + 1);
  int code = real_vfs()->xOpen(real_vfs(), path, f->real, flags, out);
  if (code != SQLITE_OK) return code;
  f->base.pMethods = &kMethods;
  if (path != nullptr) {
    std::lock_guard lock(disk->mutex);
    disk->seen.insert(path);
  }
  return SQLITE_OK;
}

const char* install_shim() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs copy = *real_vfs();
    copy.pNext = nullptr;
    copy.zName = "pawl-faults";
    copy.szOsFile = static_cast<int>(sizeof(ShimFile)) + real_vfs()->szOsFile;
    copy.xOpen = shim_open;
    return copy;
  }();
  sqlite3_vfs_register(&vfs, 0);
  return vfs.zName;
}

class PowerLoss : public testing::Test {
 protected:
  static constexpr const char* kNotice = "dsn 1";

  void SetUp() override { disk = &disk_; }
  void TearDown() override { disk = nullptr; }
  Result<std::unique_ptr<SqliteStore>> open(const std::string& path) {
    return SqliteStore::open({.path = path, .vfs = install_shim()});
  }
  // Commits three messages of four pages each and returns the second with a notice to its sender;
  // what succeeded is told.
  struct Said {
    std::set<MessageId> durable;
    std::optional<MessageId> returned;  // asked for; done if finished holds it
    std::set<MessageId> finished;
    std::vector<Error> errors;
  };
  static Said work(Queue& queue) {
    Said said;
    for (int i = 0; i < 3; ++i) {
      auto message = message_to({"ann@example.org"}, std::string(16'000, 'x'));
      auto hops = hops_of(message);
      auto queued = await(queue.commit(std::move(message), hops));
      if (!queued) {
        said.errors.push_back(queued.error());
        continue;
      }
      said.durable.insert(queued->id);
      if (i == 1) {
        Update update{.id = queued->id, .done = {0}};
        update.dsn.push_back(message_to({"joe@example.com"}, "Subject: failed\r\n\r\n"));
        update.dsn[0].origin = kNotice;
        auto notice_hops = hops_of(update.dsn[0]);
        said.returned = queued->id;
        auto done = await(queue.finish(std::move(update), notice_hops));
        if (done) said.finished.insert(queued->id);
      }
    }
    return said;
  }
  void expect_kept(const std::string& path, const Said& said, const std::string& when) {
    auto again = SqliteStore::open({.path = path});
    ASSERT_TRUE(again) << when << ": " << again.error().sentence();
    auto due = await((*again)->queue().claim_due(kContractStart, 100));
    ASSERT_TRUE(due) << when;
    std::map<MessageId, const QueuedMessage*> found;
    std::size_t notices = 0;
    for (const auto& message : *due) {
      found[message.id] = &message;
      if (message.origin == kNotice) ++notices;
    }
    // Never both, and never neither: the sender hears of it, or it is tried again.
    if (said.returned) EXPECT_EQ(found.contains(*said.returned) ? 0U : 1U, notices) << when;
    for (MessageId id : said.durable) {
      if (said.finished.contains(id)) {
        EXPECT_FALSE(found.contains(id)) << when << ": came back though it was finished";
        continue;
      }
      if (!found.contains(id)) {
        // Its finish may have failed after it reached the disk; only what was told counts.
        EXPECT_EQ(id, said.returned) << when << ": an accepted message is lost";
        continue;
      }
      EXPECT_EQ(await((*again)->queue().read_content(id, 0, 20'000))->size(), 16'000U) << when;
    }
  }
  // What a machine finds after a loss of power: each file as it was last synced.
  std::string after_power_loss(const std::string& path, const std::string& name) {
    std::string copy = directory_.file(name);
    for (const char* suffix : {"", "-wal"}) {
      auto found = disk_.synced.find(path + suffix);
      if (found == disk_.synced.end()) continue;
      std::ofstream(copy + suffix, std::ios::binary) << found->second;
    }
    return copy;
  }
  // For n = 1, 2, ... until no operation is left to fail.
  void at_every_operation(int error, bool stays) {
    for (int n = 1;; ++n) {
      std::string path = directory_.file("q" + std::to_string(n) + ".db");
      disk_.fail_at = 0;
      disk_.synced.clear();
      auto store = open(path);
      ASSERT_TRUE(store) << store.error().sentence();
      disk_.error = error;
      disk_.stays = stays;
      disk_.operations = 0;
      disk_.fail_at = n;
      Said said = work((*store)->queue());
      bool failed = disk_.operations >= n;
      std::string lost = after_power_loss(path, "lost" + std::to_string(n) + ".db");
      for (const Error& seen : said.errors) {
        EXPECT_EQ(seen.code, error == SQLITE_FULL ? Code::disk_full : Code::store) << seen.detail;
      }
      if (stays && failed) EXPECT_FALSE(said.errors.empty() && said.finished.size() == 1) << n;
      store->reset();
      disk_.fail_at = 0;
      expect_kept(path, said, "operation " + std::to_string(n));
      expect_kept(lost, said, "operation " + std::to_string(n) + " and power");
      if (!failed) break;
    }
  }

  Disk disk_;
  TemporaryDirectory directory_;
};

TEST_F(PowerLoss, WhatWasAcceptedSurvivesAFailedWriteOrSync) {
  at_every_operation(SQLITE_IOERR_WRITE, false);
}

TEST_F(PowerLoss, AFullDiskSaysSoAndLosesNothing) {
  at_every_operation(SQLITE_FULL, true);
}

}  // namespace
}  // namespace pawl::store
