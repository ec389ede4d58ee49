// The SQLite queue passes the contract, and what is its own: owner and guest, private files, rotten
// rows, spills that nobody claims.
#include <sys/stat.h>

#include <array>

#include "base/event.h"
#include "store/queue_contract.h"
#include "store/queue_threads_contract.h"
#include "store/sqlite_database.h"
#include "store/sqlite_store.h"

namespace pawl::store {
namespace {

class SqliteBed : public QueueBed {
 public:
  SqliteBed() { open(); }
  Queue& queue() override { return store_->queue(); }
  void restart() override {
    store_.reset();
    open();
  }

 private:
  void open() {
    auto opened = SqliteStore::open({.path = directory_.file("queue.db")});
    ASSERT_TRUE(opened) << opened.error().sentence();
    store_ = *std::move(opened);
  }
  TemporaryDirectory directory_;
  std::unique_ptr<SqliteStore> store_;
};

std::unique_ptr<QueueBed> make_sqlite_bed() {
  return std::make_unique<SqliteBed>();
}

INSTANTIATE_TEST_SUITE_P(Sqlite, QueueContract, testing::Values(make_sqlite_bed));
INSTANTIATE_TEST_SUITE_P(Sqlite, QueueUnderLoops, testing::Values(make_sqlite_bed));

struct CollectingSink : EventSink {
  void emit(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;
};

class SqliteQueueFile : public testing::Test {
 protected:
  std::unique_ptr<SqliteStore> open(bool owner = true) {
    auto opened = SqliteStore::open({.path = path_, .owner = owner, .events = &sink_});
    EXPECT_TRUE(opened) << opened.error().sentence();
    return opened ? *std::move(opened) : nullptr;
  }
  MessageId commit(SqliteStore& store) {
    auto message = message_to({"ann@example.org"});
    auto hops = hops_of(message);
    auto queued = await(store.queue().commit(std::move(message), hops));
    EXPECT_TRUE(queued) << queued.error().sentence();
    return queued ? queued->id : 0;
  }
  std::int64_t number(const char* sql) {
    auto database = Database::open({.path = path_, .create = false});
    EXPECT_TRUE(database);
    auto value = (*database)->integer(sql);
    EXPECT_TRUE(value) << value.error().sentence();
    return value ? *value : -1;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.file("queue.db");
  CollectingSink sink_;
};

TEST_F(SqliteQueueFile, NobodyElseMayReadTheMail) {
  auto store = open();
  commit(*store);
  for (const char* suffix : {"", "-wal", "-shm", ".owner"}) {
    struct stat status{};
    ASSERT_EQ(::stat((path_ + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(SqliteQueueFile, HasOneOwnerAndSaysSo) {
  auto store = open();
  auto second = SqliteStore::open({.path = path_});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().detail.find("another process works off"), std::string::npos);
}

TEST_F(SqliteQueueFile, AGuestActsBesideTheOwner) {
  auto store = open();
  MessageId id = commit(*store);
  auto guest = open(false);
  EXPECT_EQ(await(guest->queue().list({}))->size(), 1U);
  EXPECT_EQ(*await(guest->queue().remove({.id = id})), 1U);
  EXPECT_EQ(await(store->queue().totals())->messages, 0U);
}

TEST_F(SqliteQueueFile, AGuestMakesNoFile) {
  auto guest = SqliteStore::open({.path = path_, .owner = false});
  ASSERT_FALSE(guest);
  EXPECT_NE(guest.error().detail.find(path_), std::string::npos);
}

TEST_F(SqliteQueueFile, AForeignDatabaseIsLeftAlone) {
  {
    auto other = Database::open({.path = path_});
    ASSERT_TRUE((*other)->execute("CREATE TABLE recipes(name TEXT)"));
  }
  auto store = SqliteStore::open({.path = path_});
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().detail.find("another program"), std::string::npos);
}

TEST_F(SqliteQueueFile, AFileOfALaterVersionIsRefused) {
  open().reset();
  {
    auto database = Database::open({.path = path_});
    ASSERT_TRUE((*database)->execute("PRAGMA user_version = 99"));
  }
  auto store = SqliteStore::open({.path = path_});
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().detail.find("schema 99"), std::string::npos);
}

TEST_F(SqliteQueueFile, SpillsThatNoMessageClaimsAreSweptAtTheStart) {
  auto store = open();
  ASSERT_TRUE(await(store->queue().spill(std::nullopt, std::string(1000, 'x'))));
  store.reset();
  EXPECT_EQ(number("SELECT count(*) FROM spill"), 1);
  open().reset();
  EXPECT_EQ(number("SELECT count(*) FROM spill"), 0);
}

TEST_F(SqliteQueueFile, ADiscardedSpillIsGone) {
  auto store = open();
  auto handle = await(store->queue().spill(std::nullopt, std::string(1000, 'x')));
  store->queue().discard(*handle);
  store.reset();
  EXPECT_EQ(number("SELECT count(*) FROM spill"), 0);
}

TEST_F(SqliteQueueFile, ASpillThatAMessageNamesCannotBeDiscarded) {
  auto store = open();
  auto handle = await(store->queue().spill(std::nullopt, std::string(1000, 'x')));
  NewMessage message = message_to({"joe@example.org"});
  message.spill = *handle;
  ASSERT_TRUE(await(store->queue().commit(message, {"hop"})));
  store->queue().discard(*handle);
  store.reset();
  EXPECT_EQ(number("SELECT count(*) FROM spill WHERE length(data) = 1000"), 1);
}

TEST_F(SqliteQueueFile, ARottenRecordIsPutOnHoldAndTheOthersGoOn) {
  auto store = open();
  MessageId bad = commit(*store);
  MessageId good = commit(*store);
  store.reset();
  {
    auto database = Database::open({.path = path_});
    auto sql = "UPDATE message SET record = x'0102030405060708' WHERE id = " + std::to_string(bad);
    ASSERT_TRUE((*database)->execute(sql.c_str()));
  }
  store = open();
  auto due = await(store->queue().claim_due(kContractStart, 10));
  ASSERT_TRUE(due) << due.error().sentence();
  ASSERT_EQ(due->size(), 1U);
  EXPECT_EQ((*due)[0].id, good);
  ASSERT_EQ(sink_.events.size(), 1U);
  EXPECT_EQ(sink_.events[0].name, "queue.unreadable");
  EXPECT_EQ(await(store->queue().list({.held_only = true}))->size(), 1U);
  EXPECT_EQ(*await(store->queue().remove({.id = bad})), 1U) << "a person can get rid of it";
}

TEST_F(SqliteQueueFile, ContentLeavesTheFileWithItsMessage) {
  auto store = open();
  MessageId id = commit(*store);
  ASSERT_TRUE(await(store->queue().finish({.id = id, .done = {0}}, {})));
  store.reset();
  EXPECT_EQ(number("SELECT count(*) FROM content"), 0);
}

TEST_F(SqliteQueueFile, ActsOnMoreMessagesThanOneTransactionTakes) {
  auto store = open();
  for (int i = 0; i < 1203; ++i) commit(*store);
  EXPECT_EQ(await(store->queue().list({}))->size(), 1203U);
  EXPECT_EQ(*await(store->queue().set_held({}, true)), 1203U);
  EXPECT_EQ(*await(store->queue().remove({.limit = 700})), 700U);
  EXPECT_EQ(await(store->queue().totals())->messages, 503U);
}

}  // namespace
}  // namespace pawl::store
