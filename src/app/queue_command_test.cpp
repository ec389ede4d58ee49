// pawl queue, as a person types it, beside a store that is open as the relay has it.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "app/command.h"
#include "store/queue_test_support.h"
#include "store/sqlite_store.h"

namespace pawl::app {
namespace {

class QueueCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(directory_.file("pawl.toml"))
        << "store = \"sqlite:" << directory_.file("q.db") << "\"\n";
    auto opened = store::SqliteStore::open({.path = directory_.file("q.db")});
    ASSERT_TRUE(opened) << opened.error().sentence();
    store_ = *std::move(opened);
    for (const char* to : {"ann@example.org", "bob@example.net"}) {
      auto message = store::message_to({to});
      auto hops = store::hops_of(message);
      auto queued = store::await(store_->queue().commit(std::move(message), hops));
      ASSERT_TRUE(queued) << queued.error().sentence();
      ids_.push_back(store::queue_id(queued->id));
    }
  }
  int run(std::vector<std::string> words) {
    words.insert(words.begin(), "queue");
    words.insert(words.end(), {"--config", directory_.file("pawl.toml")});
    testing::internal::CaptureStdout();
    int status = run_program(words);
    std::fflush(stdout);
    out_ = testing::internal::GetCapturedStdout();
    return status;
  }
  std::string read(const std::string& name) {
    std::stringstream text;
    text << std::ifstream(directory_.file(name)).rdbuf();
    return text.str();
  }
  std::size_t left() { return store::await(store_->queue().list({}))->size(); }

  store::TemporaryDirectory directory_;
  std::unique_ptr<store::SqliteStore> store_;
  std::vector<std::string> ids_;
  std::string out_;
};

TEST_F(QueueCommandTest, ListsAndFilters) {
  EXPECT_EQ(run({"list"}), 0);
  EXPECT_NE(out_.find("ann@example.org"), std::string::npos);
  EXPECT_NE(out_.find("2 messages in the queue"), std::string::npos);
  EXPECT_EQ(run({"list", "--domain", "example.net", "--json"}), 0);
  EXPECT_EQ(out_.find("ann@example.org"), std::string::npos);
  EXPECT_NE(out_.find("\"queue_id\":\"" + ids_[1] + "\""), std::string::npos);
}

TEST_F(QueueCommandTest, ShowsHoldsReleasesAndRemoves) {
  EXPECT_EQ(run({"hold", ids_[0]}), 0);
  EXPECT_EQ(run({"show", ids_[0]}), 0);
  EXPECT_NE(out_.find("held"), std::string::npos);
  EXPECT_EQ(run({"release", "--held"}), 0);
  EXPECT_EQ(out_, "1 messages released\n");
  EXPECT_EQ(run({"flush", "--all"}), 0);
  EXPECT_EQ(run({"remove", ids_[0]}), 0);
  EXPECT_EQ(left(), 1U);
  EXPECT_NE(run({"show", ids_[0]}), 0) << "it is gone";
}

TEST_F(QueueCommandTest, AForgottenFilterChangesNothing) {
  for (const char* verb : {"remove", "hold", "release", "flush"})
    EXPECT_EQ(run({verb}), 64) << verb;
  EXPECT_EQ(left(), 2U);
  EXPECT_EQ(run({"remove", "no-id"}), 64);
}

TEST_F(QueueCommandTest, ExportWritesContentAndEnvelopeAndKeepsTheQueue) {
  std::string to = directory_.file("out");
  EXPECT_EQ(run({"export", to}), 0);
  EXPECT_EQ(read("out/" + ids_[0] + ".eml"), "Subject: hello\r\n\r\nbody\r\n");
  std::string envelope = read("out/" + ids_[1] + ".json");
  EXPECT_NE(envelope.find("\"sender\": \"joe@example.com\""), std::string::npos) << envelope;
  EXPECT_NE(envelope.find("\"address\": \"bob@example.net\""), std::string::npos) << envelope;
  EXPECT_EQ(left(), 2U);
  EXPECT_EQ(run({"export", to}), 0) << "a second time, over the first";
}

}  // namespace
}  // namespace pawl::app
