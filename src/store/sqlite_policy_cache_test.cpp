// The policy cache remembers over restarts, and forgets only what it is told to.
#include <gtest/gtest.h>

#include "store/queue_test_support.h"
#include "store/sqlite_store.h"

namespace pawl::store {
namespace {

using mta_sts::StoredPolicy;

class SqlitePolicyCacheTest : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    store_.reset();
    auto opened = SqliteStore::open({.path = directory_.file("pawl.db")});
    ASSERT_TRUE(opened) << opened.error().sentence();
    store_ = *std::move(opened);
  }
  PolicyCache& cache() { return store_->policy_cache(); }
  static dns::Name name(const char* text) { return *dns::Name::parse(text); }
  static StoredPolicy policy(const char* domain, int days) {
    StoredPolicy p;
    p.domain = name(domain);
    p.id = "20261122";
    p.policy_text = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.org\r\nmax_age: 86400\r\n";
    p.fetched = kContractStart;
    p.expires = kContractStart + std::chrono::days(days);
    p.last_used = kContractStart;
    p.attempted_id = "20261122";
    p.attempted = kContractStart;
    p.failures = 2;
    p.failure_code = "sts_webpki";
    p.failure_detail = "it's \"expired\"";
    p.forced = kContractStart - std::chrono::hours(1);
    p.refresh_due = p.expires - std::chrono::hours(6);
    return p;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqlitePolicyCacheTest, RemembersEveryFieldOverARestart) {
  StoredPolicy saved = policy("example.org", 7);
  ASSERT_TRUE(await(cache().save(saved)));
  reopen();
  auto loaded = await(cache().load(saved.domain));
  ASSERT_TRUE(loaded) << loaded.error().sentence();
  ASSERT_TRUE(*loaded);
  EXPECT_TRUE(**loaded == saved);
  EXPECT_FALSE(*await(cache().load(name("example.net"))));
}

TEST_F(SqlitePolicyCacheTest, SavingAgainReplaces) {
  StoredPolicy p = policy("example.org", 7);
  ASSERT_TRUE(await(cache().save(p)));
  p.id = "new";
  ASSERT_TRUE(await(cache().save(p)));
  EXPECT_EQ((*await(cache().load(p.domain)))->id, "new");
}

TEST_F(SqlitePolicyCacheTest, TouchMovesForwardOnlyAndMakesNoRow) {
  StoredPolicy p = policy("example.org", 7);
  ASSERT_TRUE(await(cache().save(p)));
  ASSERT_TRUE(await(cache().touch(p.domain, kContractStart + std::chrono::hours(24))));
  ASSERT_TRUE(await(cache().touch(p.domain, kContractStart - std::chrono::hours(24))));
  ASSERT_TRUE(await(cache().touch(name("example.net"), kContractStart)));
  reopen();
  EXPECT_EQ((*await(cache().load(p.domain)))->last_used, kContractStart + std::chrono::hours(24));
  EXPECT_FALSE(*await(cache().load(name("example.net"))));
}

TEST_F(SqlitePolicyCacheTest, DueGivesTheLongestDueFirst) {
  ASSERT_TRUE(await(cache().save(policy("a.example.org", 3))));
  ASSERT_TRUE(await(cache().save(policy("b.example.org", 1))));
  ASSERT_TRUE(await(cache().save(policy("c.example.org", 90))));
  StoredPolicy unused = policy("d.example.org", 1);
  unused.last_used = kContractStart - std::chrono::days(30);
  ASSERT_TRUE(await(cache().save(unused)));
  WallTime later = kContractStart + std::chrono::days(10);
  auto due = await(cache().due(later, kContractStart - std::chrono::days(1), 10));
  ASSERT_TRUE(due) << due.error().sentence();
  ASSERT_EQ(due->size(), 2U);
  EXPECT_EQ((*due)[0].domain.text(), "b.example.org");
  EXPECT_EQ(await(cache().due(later, kContractStart, 1))->size(), 1U);
}

TEST_F(SqlitePolicyCacheTest, ForgetsOnlyWhatExpiredOrHoldsNothingAndIsUnused) {
  ASSERT_TRUE(await(cache().save(policy("expired.example.org", 1))));
  ASSERT_TRUE(await(cache().save(policy("valid.example.org", 90))));
  StoredPolicy empty = policy("empty.example.org", 90);
  empty.policy_text.clear();
  ASSERT_TRUE(await(cache().save(empty)));
  StoredPolicy used = policy("used.example.org", 1);
  used.last_used = kContractStart + std::chrono::days(9);
  ASSERT_TRUE(await(cache().save(used)));
  WallTime now = kContractStart + std::chrono::days(10);
  auto forgotten = await(cache().forget_unused(now, kContractStart + std::chrono::days(5)));
  ASSERT_TRUE(forgotten) << forgotten.error().sentence();
  EXPECT_EQ(*forgotten, 2U);
  EXPECT_TRUE(*await(cache().load(name("valid.example.org"))));
  EXPECT_TRUE(*await(cache().load(name("used.example.org"))));
}

TEST_F(SqlitePolicyCacheTest, RemoveTakesOneRow) {
  ASSERT_TRUE(await(cache().save(policy("example.org", 1))));
  ASSERT_TRUE(await(cache().remove(name("example.org"))));
  ASSERT_TRUE(await(cache().remove(name("example.org"))));
  EXPECT_FALSE(*await(cache().load(name("example.org"))));
}

}  // namespace
}  // namespace pawl::store
