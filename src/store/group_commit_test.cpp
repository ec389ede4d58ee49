// When the writing thread begins a transaction, and with whom.
#include "store/group_commit.h"

#include <sqlite3.h>

#include <atomic>
#include <future>

#include "store/queue_test_support.h"

namespace pawl::store {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

extern "C" int count_commit(void* commits) {
  ++*static_cast<std::atomic<int>*>(commits);
  return 0;  // let it be
}

class GroupCommitTest : public testing::Test {
 protected:
  void open(GroupCommit::Options options) {
    auto database = Database::open({.path = directory_.file("file.db")});
    ASSERT_TRUE(database) << database.error().sentence();
    ASSERT_TRUE((*database)->execute("CREATE TABLE line(n INTEGER)"));
    sqlite3_commit_hook((*database)->raw(), count_commit, &commits_);
    group_ = std::make_unique<GroupCommit>(*std::move(database), options);
  }
  std::future<void> post(bool patient) {
    auto done = std::make_shared<std::promise<void>>();
    group_->post({.work =
                      [database = &group_->database()] {
                        return database->execute("INSERT INTO line VALUES(1)");
                      },
                  .done =
                      [done](const Result<>& result) {
                        EXPECT_TRUE(result);
                        done->set_value();
                      },
                  .patient = patient});
    return done->get_future();
  }

  TemporaryDirectory directory_;
  std::atomic<int> commits_{0};
  std::unique_ptr<GroupCommit> group_;
};

TEST_F(GroupCommitTest, APatientRequestSharesTheCommitOfTheNextThatIsNot) {
  open({.patience = hours(1)});
  auto patient = post(true);
  // Time enough to be done alone, were it not to wait.
  EXPECT_EQ(patient.wait_for(milliseconds(50)), std::future_status::timeout);
  post(false).get();
  patient.get();
  EXPECT_EQ(commits_, 1);
}

TEST_F(GroupCommitTest, APatientRequestWaitsNoLongerThanItsPatience) {
  open({.patience = milliseconds(5)});
  post(true).get();
}

TEST_F(GroupCommitTest, PatientRequestsGoWhenThereAreEnough) {
  open({.patience = hours(1), .patient_requests = 3});
  auto first = post(true);
  auto second = post(true);
  auto third = post(true);
  first.get();
  second.get();
  third.get();
  EXPECT_EQ(commits_, 1);
}

TEST_F(GroupCommitTest, WhatWaitsIsDoneAtTheEnd) {
  open({.patience = hours(1)});
  auto patient = post(true);
  group_.reset();
  EXPECT_EQ(patient.wait_for(milliseconds(0)), std::future_status::ready);
}

}  // namespace
}  // namespace pawl::store
