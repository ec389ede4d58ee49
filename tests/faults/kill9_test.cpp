// Accepted is durable (DESIGN section 2, promise 4): `pawl relay` is killed with SIGKILL at random
// moments while clients hand it 1,000 messages and it delivers them, and is started again over the
// same file. None may be lost, and every copy that comes twice must be explained by a kill, from
// what clients, receiver and queue file say (audit.h).
//
// Three stretches: the receiver takes nothing, so that kills meet mail coming in and a queue that
// grows; both ways at once; no client any more, so that kills meet the work of recovery itself.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <random>
#include <thread>

#include "lab/mail_server.h"
#include "lab/namespace.h"
#include "lab/socket.h"
#include "net/loop.h"
#include "relay/scheduler.h"
#include "tests/faults/load.h"
#include "tests/faults/relay_process.h"
#include "tls/authority.h"

namespace pawl::faults {
namespace {

using std::chrono::milliseconds;
using testing::Each;
using testing::IsEmpty;
using testing::Le;

constexpr int kMessages = 1000;
constexpr int kClients = 10;
constexpr int kKillsPerStretch = 8;
constexpr auto kPatience = std::chrono::seconds(60);

std::uint64_t chosen_seed() {
  if (const char* given = std::getenv("PAWL_FAULT_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device()();
}

// A receiving server that can be told to wait, before any reply it gives.
class Receiver {
 public:
  Result<> start(const Endpoint& at) {
    net::SystemClock clock;
    TRY(auto authority, tls::Authority::make("Fault Root", clock.now()));
    TRY(auto issued, authority.issue(tls::leaf_for({"mx.test"}, clock.now())));
    server_.name = "mx.test";
    TRY(server_.identity, lab::TlsIdentity::make(issued.certificate_pem, issued.key_pem));
    server_.mailbox = &mailbox_;
    server_.before_reply = [this] { waits_.wait(true); };
    listener_ = std::make_unique<lab::TcpServer>();
    TRY_VOID(listener_->listen(at, [this](lab::Socket& socket) {
      lab::Connection connection(socket);
      lab::serve_mail(server_, connection, lab::TlsStart::starttls);
    }));
    return {};
  }
  ~Receiver() { stop(); }

  void wait(bool yes) {
    waits_ = yes;
    waits_.notify_all();
  }
  // Everything that dead senders still had on the wire is in the mailbox then.
  void stop() {
    wait(false);
    listener_.reset();
  }
  int count() const { return static_cast<int>(mailbox_.count()); }
  std::vector<lab::ReceivedMail> mails() const { return mailbox_.all(); }

 private:
  lab::Mailbox mailbox_;
  lab::MailServer server_;
  std::atomic<bool> waits_{false};
  std::unique_ptr<lab::TcpServer> listener_;  // a thread: made in the namespace
};

class KillNine : public testing::Test {
 protected:
  void SetUp() override {
    auto entered = lab::enter_namespace();
    ASSERT_TRUE(entered) << entered.error().sentence();
    scratch_.emplace(*lab::Scratch::make());
    auto started = receiver_.start(options_.next_hop);
    ASSERT_TRUE(started) << started.error().sentence();
    fmt::print("seed {}\n", seed_);
    start();
  }

  void start() {
    auto child = start_relay(*scratch_, ++life_, options_);
    ASSERT_TRUE(child) << child.error().sentence();
    relay_.emplace(*std::move(child));
  }

  // Until `reached` says so. False: the relay ended by itself, or nothing moves any more.
  template <class Reached>
  bool wait_until(Reached reached) {
    auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!reached()) {
      if (!relay_->running() || std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
  }

  void kill(const Load& load) {
    // Not in step with what was waited for.
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 20'000));
    ASSERT_TRUE(relay_->running()) << "the relay ended by itself: " << log_of(*scratch_);
    awaiting_.push_back(load.awaiting());
    relay_->kill();
    auto queued = queued_copies(*scratch_);
    ASSERT_TRUE(queued) << queued.error().sentence();
    kills_.push_back({life_, *std::move(queued)});
    start();
  }

  // Kills at random marks of `counter` between `from` and `to`. Marks that lie close together are
  // lives that end while they begin.
  template <class Counter>
  void kill_between(const Load& load, int from, int to, Counter counter) {
    std::vector<int> marks(kKillsPerStretch);
    for (int& mark : marks) mark = from + static_cast<int>(random_() % unsigned(to - from));
    std::ranges::sort(marks);
    for (int mark : marks) {
      ASSERT_TRUE(wait_until([&] { return counter() >= mark; }))
          << "stuck at " << counter() << " of " << mark << ": " << log_of(*scratch_);
      ASSERT_NO_FATAL_FAILURE(kill(load));
    }
  }

  Findings findings(const Load& load) {
    std::vector<Arrival> arrivals;
    for (const lab::ReceivedMail& mail : receiver_.mails()) {
      Copy copy;
      EXPECT_TRUE(parse_sender(mail.from, copy)) << "mail of <" << mail.from << "> arrived";
      bool intact = mail.content.ends_with("\r\n" + content(copy, seed_)) &&
                    std::cmp_equal(mail.to.size(), recipients_of(copy.message));
      arrivals.push_back({copy, parse_life(mail.hello), intact});
      EXPECT_TRUE(mail.over_tls);
    }
    return audit(load.submissions(), arrivals, kills_);
  }

  std::uint64_t seed_ = chosen_seed();
  std::minstd_rand random_{static_cast<unsigned>(seed_)};
  RelayOptions options_{.listen = {IpAddress::v4(127, 0, 0, 1), 25},
                        .next_hop = {IpAddress::v4(127, 0, 0, 2), 25}};
  std::optional<lab::Scratch> scratch_;
  Receiver receiver_;
  std::optional<lab::Child> relay_;
  int life_ = 0;
  std::vector<Kill> kills_;
  std::vector<int> awaiting_;  // clients that waited for a 250 at each kill
};

TEST_F(KillNine, LosesNothingAndExplainsEveryDuplicate) {
  receiver_.wait(true);
  Load load({options_.listen, kMessages, kClients, seed_});
  auto acknowledged = [&] { return load.acknowledged(); };
  ASSERT_NO_FATAL_FAILURE(kill_between(load, 0, kMessages * 3 / 10, acknowledged));
  receiver_.wait(false);
  ASSERT_NO_FATAL_FAILURE(kill_between(load, kMessages * 3 / 10, kMessages * 8 / 10, acknowledged));
  receiver_.wait(true);
  ASSERT_TRUE(wait_until([&] { return load.all_acknowledged(); })) << log_of(*scratch_);
  load.join();
  receiver_.wait(false);
  // Every message arrives once at least, so the marks are reached.
  ASSERT_NO_FATAL_FAILURE(kill_between(load, std::min(receiver_.count(), kMessages - 1), kMessages,
                                       [&] { return receiver_.count(); }));
  std::uint64_t left = 1;
  ASSERT_TRUE(wait_until([&] {
    auto length = queue_length(*scratch_);
    if (length) left = *length;
    return left == 0;
  })) << left
      << " messages stay in the queue: " << log_of(*scratch_);
  relay_->stop();
  receiver_.stop();

  Findings found = findings(load);
  auto sum = [](const std::vector<std::size_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  };
  fmt::print(
      "{} kills, {} messages, {} submissions, {} arrivals\n"
      "at the kills: {} to {} messages queued, {} clients waiting for a 250 in all\n"
      "duplicates: {} delivered, and killed before that was recorded; "
      "{} committed, and killed before the 250 was out\n",
      kills_.size(), kMessages, load.submissions().size(), receiver_.count(),
      std::ranges::min(kills_, {}, [](const Kill& k) { return k.queued.size(); }).queued.size(),
      std::ranges::max(kills_, {}, [](const Kill& k) { return k.queued.size(); }).queued.size(),
      std::accumulate(awaiting_.begin(), awaiting_.end(), 0), sum(found.delivered_not_recorded),
      sum(found.committed_not_acknowledged));
  EXPECT_EQ(sanitizer_report(*scratch_), "");
  EXPECT_THAT(load.refusals(), IsEmpty());
  EXPECT_THAT(found.lost, IsEmpty());
  EXPECT_THAT(found.damaged, IsEmpty());
  EXPECT_THAT(found.unexplained, IsEmpty());
  // The kills met what they were meant for.
  EXPECT_GT(std::accumulate(awaiting_.begin(), awaiting_.end(), 0), 0);
  EXPECT_THAT(kills_, testing::Contains(testing::Field(&Kill::queued, testing::Not(IsEmpty()))));
  // What is repeated was under way or being recorded, never more (docs/durability.md).
  constexpr std::size_t kRecording = relay::SchedulerLimits{}.recording;
  EXPECT_THAT(found.delivered_not_recorded, Each(Le(options_.deliveries + kRecording)));
  EXPECT_THAT(found.committed_not_acknowledged, Each(Le(std::size_t{kClients})));
}

}  // namespace
}  // namespace pawl::faults
