// Owns the work in flight: takes messages the moment they are durable, and those that fall due;
// groups recipients by next hop, one transaction for each; keeps each destination within its limit
// and a dead one from starving the others; turns what an attempt saw into the queue's next state,
// with the DSNs in the same stroke.
//
// Memory grows with work in flight, bounded by SchedulerLimits, never with the queue. One scheduler
// for each loop; all of them share the queue, whose claims keep them from one another's messages.
// Everything here is called on its loop, unless it says otherwise.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/event.h"
#include "net/loop.h"
#include "relay/delivery.h"
#include "relay/notices.h"
#include "relay/retry_schedule.h"
#include "relay/settlement.h"
#include "store/queue.h"

namespace pawl::relay {

// Sees every attempt before the queue knows of it: log lines, metrics and alerts are made here.
class DeliveryObserver {
 public:
  virtual ~DeliveryObserver() = default;
  // `settlement.outcomes` says what came of each recipient. Must not block.
  virtual void attempted(const DeliveryJob& job, const DeliveryResult& result,
                         const Settlement& settlement) = 0;
  // A message that cannot be delivered has nobody to be told: for the postmaster.
  virtual void double_bounce(const store::QueuedMessage& message, const Notice& notice) = 0;
};

struct SchedulerLimits {
  std::size_t deliveries = 200;  // transactions at a time
  std::size_t per_destination = 20;
  std::size_t recording = 128;             // delivered, and the queue does not know it durably yet
  std::size_t messages = 2000;             // in flight; more wait in the queue
  std::size_t bytes = 64UL * 1024 * 1024;  // of content kept in memory
  std::size_t claim = 200;                 // messages in one look at the queue
  std::chrono::milliseconds look_again{2000};  // for what another process made due
  Seconds first_pause = Seconds{30};           // of a destination nobody could reach; doubles
  Seconds longest_pause = std::chrono::minutes{10};
};

struct SchedulerSettings {
  RetrySchedule retry;
  SchedulerLimits limits;
  NoticeSettings notices;
  std::uint64_t seed = 1;  // of the jitter
};

struct SchedulerServices {
  net::Loop* loop = nullptr;
  store::Queue* queue = nullptr;
  Deliverer* deliverer = nullptr;
  const Clock* clock = nullptr;
  EventSink* events = nullptr;           // may be null
  DeliveryObserver* observer = nullptr;  // may be null
};

class Scheduler {
 public:
  Scheduler(SchedulerSettings settings, SchedulerServices services);
  ~Scheduler();

  // A message that commit() just returned: claimed, its content still in memory.
  void accept(store::QueuedMessage message);
  // Claims what falls due, until stop(). Spawn it once.
  net::Task<> run();
  // No new work; what is under way may finish until the deadline, the rest is released. After a
  // deadline that passed, deliveries that were cut off may be made again: each is an event.
  net::Task<> stop(MonoTime deadline);
  // New settings for what is settled from now on (reload).
  void change(SchedulerSettings settings);

  struct Load {
    std::size_t messages = 0;
    std::size_t deliveries = 0;
    std::size_t destinations = 0;
    std::size_t bytes = 0;
  };
  Load load() const;

 private:
  struct InFlight;
  struct Work;
  struct Destination;

  void add(store::QueuedMessage message);
  void dispatch();
  bool start_one(Destination& destination);
  std::size_t concurrency(const Destination& destination) const;
  net::Task<> attempt(std::shared_ptr<Work> work);
  net::Task<> skip(std::shared_ptr<Work> work, Error why, WallTime until);
  net::Task<> conclude(std::shared_ptr<Work> work, DeliveryJob job, DeliveryResult result,
                       Settlement settlement);
  net::Task<> record(std::shared_ptr<Work> work, store::Update update,
                     std::vector<std::string> next_hops);
  net::Task<Notices> notices_for(const DeliveryJob& job, const DeliveryResult& result,
                                 const Settlement& settlement);
  DeliveryJob job_of(const Work& work) const;
  Seconds first_pause() const;
  void note_reachability(Destination& destination, const Settlement& settlement);
  void leave_destination(Work& work);
  void finished(const Work& work);
  bool is_forgettable(const Destination& destination) const;
  void forget_idle(const std::string& key);
  void emit(Severity severity, std::string name, store::MessageId id, std::string error = {});
  double jitter();

  SchedulerSettings settings_;
  SchedulerServices services_;
  std::unordered_map<std::string, std::unique_ptr<Destination>> destinations_;
  std::deque<Destination*> ring_;  // those that have waiting work, in turn
  std::size_t messages_ = 0;
  std::size_t deliveries_ = 0;
  std::size_t recording_ = 0;
  std::size_t bytes_ = 0;
  std::size_t open_work_ = 0;  // works that are not recorded yet, waiting ones included
  bool stopping_ = false;
  std::uint64_t random_;
  std::unique_ptr<net::Signal> wake_;
  std::unique_ptr<net::Signal> idle_;
};

}  // namespace pawl::relay
