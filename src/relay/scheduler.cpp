#include "relay/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pawl::relay {

namespace {

using net::Task;

constexpr std::size_t kHeaderBytes = 64UL * 1024;  // as much of a header section as a DSN quotes
constexpr std::chrono::milliseconds kFirstRecordWait{500};
constexpr std::chrono::milliseconds kLongestRecordWait{30'000};

MonoTime steady_in(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

}  // namespace

// A message, shared by the works on its destinations.
struct Scheduler::InFlight {
  store::QueuedMessage message;
  std::size_t unrecorded = 0;  // works whose update is not in the queue yet
  std::size_t bytes = 0;
};

// One message for one destination.
struct Scheduler::Work {
  std::shared_ptr<InFlight> flight;
  std::vector<std::size_t> recipients;  // places in flight->message.recipients
  Destination* destination = nullptr;   // null once the attempt is over
};

struct Scheduler::Destination {
  std::string key;
  std::deque<std::shared_ptr<Work>> waiting;
  std::size_t running = 0;
  bool in_ring = false;
  int failures = 0;  // in a row, of reaching anybody
  WallTime paused_until{};
  std::optional<Error> why;  // the last such failure
};

Scheduler::Scheduler(SchedulerSettings settings, SchedulerServices services)
    : settings_(std::move(settings)), services_(services), random_(settings_.seed | 1U) {}
Scheduler::~Scheduler() = default;

void Scheduler::change(SchedulerSettings settings) {
  settings_ = std::move(settings);
}

Scheduler::Load Scheduler::load() const {
  return {messages_, deliveries_, destinations_.size(), bytes_};
}

double Scheduler::jitter() {
  // xorshift: spread is all that is asked of it.
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  return static_cast<double>(random_ % 2001) / 1000.0 - 1.0;
}

void Scheduler::emit(Severity severity, std::string name, store::MessageId id, std::string error) {
  if (services_.events == nullptr) return;
  Event event{severity, std::move(name), {{"queue_id", store::queue_id(id)}}};
  if (!error.empty()) event.fields.emplace_back("error", std::move(error));
  services_.events->emit(event);
}

void Scheduler::accept(store::QueuedMessage message) {
  const SchedulerLimits& limits = settings_.limits;
  if (stopping_ || messages_ >= limits.messages) {
    services_.queue->release(message.id);
    return;
  }
  // Beyond the limit the content is read from the queue when its turn comes.
  if (bytes_ + message.content.size > limits.bytes) message.content.memory.reset();
  add(std::move(message));
  dispatch();
}

void Scheduler::add(store::QueuedMessage message) {
  if (message.recipients.empty()) {
    services_.queue->release(message.id);
    return;
  }
  auto flight = std::make_shared<InFlight>();
  flight->message = std::move(message);
  flight->bytes = flight->message.content.memory ? flight->message.content.memory->size() : 0;
  ++messages_;
  bytes_ += flight->bytes;
  std::unordered_map<std::string_view, std::shared_ptr<Work>> works;
  const auto& recipients = flight->message.recipients;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    auto& work = works[recipients[i].next_hop];
    if (!work) {
      auto& destination = destinations_[recipients[i].next_hop];
      if (!destination) {
        destination = std::make_unique<Destination>();
        destination->key = recipients[i].next_hop;
      }
      work = std::make_shared<Work>();
      work->flight = flight;
      work->destination = destination.get();
      destination->waiting.push_back(work);
      ++flight->unrecorded;
      ++open_work_;
      if (!destination->in_ring) {
        destination->in_ring = true;
        ring_.push_back(destination.get());
      }
    }
    work->recipients.push_back(i);
  }
}

// A destination that could not be reached is asked by one attempt at a time until it answers; while
// it rests nobody asks, and what is for it is put back at full speed.
std::size_t Scheduler::concurrency(const Destination& destination) const {
  bool rests = services_.clock->now() < destination.paused_until;
  return destination.failures > 0 && !rests ? 1 : settings_.limits.per_destination;
}

// Destinations take turns, one delivery each: a thousand messages for one of them stand behind the
// first message for another.
void Scheduler::dispatch() {
  std::size_t turns = ring_.size();
  while (turns > 0 && deliveries_ < settings_.limits.deliveries &&
         recording_ < settings_.limits.recording && !stopping_) {
    Destination* destination = ring_.front();
    ring_.pop_front();
    bool started = start_one(*destination);
    if (destination->waiting.empty()) {
      destination->in_ring = false;
    } else {
      ring_.push_back(destination);
    }
    turns = started ? ring_.size() : turns - 1;
  }
}

bool Scheduler::start_one(Destination& destination) {
  if (destination.waiting.empty() || destination.running >= concurrency(destination)) return false;
  auto work = std::move(destination.waiting.front());
  destination.waiting.pop_front();
  ++destination.running;
  ++deliveries_;
  if (services_.clock->now() < destination.paused_until && destination.why) {
    services_.loop->spawn(skip(work, *destination.why, destination.paused_until));
  } else {
    services_.loop->spawn(attempt(work));
  }
  return true;
}

DeliveryJob Scheduler::job_of(const Work& work) const {
  const store::QueuedMessage& whole = work.flight->message;
  DeliveryJob job;
  job.message.id = whole.id;
  job.message.envelope = whole.envelope;
  job.message.content = whole.content;
  job.message.arrived = whole.arrived;
  job.message.origin = whole.origin;
  for (std::size_t place : work.recipients) {
    job.message.recipients.push_back(whole.recipients[place]);
    job.attempt = std::max(job.attempt, whole.recipients[place].attempts + 1);
  }
  return job;
}

namespace {

DeliveryResult all_deferred(const DeliveryJob& job, const Error& error) {
  DeliveryResult result;
  for (const store::QueuedRecipient& r : job.message.recipients) {
    RecipientOutcome outcome;
    outcome.index = r.index;
    outcome.status = std::string(row(error.code).enhanced_status);
    outcome.error = error;
    result.outcomes.push_back(std::move(outcome));
  }
  return result;
}

}  // namespace

Task<> Scheduler::attempt(std::shared_ptr<Work> work) {
  DeliveryJob job = job_of(*work);
  DeliveryResult result;
  auto next_hop = NextHop::parse(work->destination->key);
  if (!next_hop) {
    result = all_deferred(job, next_hop.error());
  } else {
    job.next_hop = *next_hop;
    auto delivered = co_await services_.deliverer->deliver(job);
    result = delivered ? *std::move(delivered) : all_deferred(job, delivered.error());
  }
  Settlement settlement =
      settle(job.message, result, settings_.retry, services_.clock->now(), jitter());
  note_reachability(*work->destination, settlement);
  if (services_.observer != nullptr) services_.observer->attempted(job, result, settlement);
  leave_destination(*work);
  co_return co_await conclude(work, std::move(job), std::move(result), std::move(settlement));
}

// The destination rests: this message waits until then, without an attempt of its own.
Task<> Scheduler::skip(std::shared_ptr<Work> work, Error why, WallTime until) {
  DeliveryJob job = job_of(*work);
  DeliveryResult result = all_deferred(job, why);
  WallTime now = services_.clock->now();
  Settlement settlement = settle(job.message, result, settings_.retry, now, jitter());
  auto most = static_cast<double>(std::min(first_pause(), Seconds{10}).count()) * 1000.0;
  auto spread = std::chrono::milliseconds(static_cast<std::int64_t>((jitter() + 1.0) / 2.0 * most));
  for (auto& deferral : settlement.update.deferred) deferral.next_attempt = until + spread;
  leave_destination(*work);
  co_return co_await conclude(work, std::move(job), std::move(result), std::move(settlement));
}

// A destination rests no longer than the mail that found it unreachable waits for its next attempt.
Seconds Scheduler::first_pause() const {
  return std::min(settings_.limits.first_pause, settings_.retry.waits.front());
}

void Scheduler::note_reachability(Destination& destination, const Settlement& settlement) {
  if (settlement.unreachable == nullptr) {
    destination.failures = 0;
    destination.paused_until = {};
    destination.why.reset();
    return;
  }
  Seconds pause = first_pause();
  Seconds longest = std::min(settings_.limits.longest_pause, settings_.retry.waits.back());
  for (int i = 0; i < destination.failures && pause < longest; ++i) pause *= 2;
  WallTime now = services_.clock->now();
  // Attempts that ran side by side and failed together are one failure.
  if (now >= destination.paused_until) {
    ++destination.failures;
    destination.paused_until = now + std::min(pause, std::max(longest, first_pause()));
  }
  destination.why = *settlement.unreachable;
}

Task<Notices> Scheduler::notices_for(const DeliveryJob& job, const DeliveryResult& result,
                                     const Settlement& settlement) {
  if (settlement.notices.empty() && settlement.double_bounces.empty()) co_return Notices{};
  const store::Content& content = job.message.content;
  std::string original;
  if (content.memory) {
    original = *content.memory;
  } else {
    std::uint64_t wanted = needs_whole_message(settlement, job.message)
                               ? content.size
                               : std::min<std::uint64_t>(content.size, kHeaderBytes);
    while (original.size() < wanted) {
      auto piece = co_await services_.queue->read_content(
          job.message.id, original.size(), static_cast<std::size_t>(wanted) - original.size());
      // A DSN that quotes less is better than none.
      if (!piece || piece->empty()) break;
      original += *piece;
    }
  }
  co_return make_notices(settlement, job.message, result, original, original.size() == content.size,
                         settings_.notices, services_.clock->now());
}

Task<> Scheduler::conclude(std::shared_ptr<Work> work, DeliveryJob job, DeliveryResult result,
                           Settlement settlement) {
  auto notices = co_await notices_for(job, result, settlement);
  std::vector<std::string> next_hops;
  if (notices) {
    settlement.update.dsn = std::move(notices->messages);
    next_hops = std::move(notices->next_hops);
    for (const Notice& notice : notices->undeliverable) {
      settlement.double_bounces.push_back(notice);
    }
  }
  if (services_.observer != nullptr) {
    for (const Notice& notice : settlement.double_bounces) {
      services_.observer->double_bounce(job.message, notice);
    }
  }
  co_return co_await record(std::move(work), std::move(settlement.update), std::move(next_hops));
}

// Until the queue knows, the message stays claimed: trying it again would deliver it twice.
Task<> Scheduler::record(std::shared_ptr<Work> work, store::Update update,
                         std::vector<std::string> next_hops) {
  InFlight& flight = *work->flight;
  auto wait = kFirstRecordWait;
  for (;;) {
    update.keep_claim = flight.unrecorded > 1;
    auto recorded = co_await services_.queue->finish(update, next_hops);
    if (recorded) break;
    emit(Severity::error, "queue.unrecorded", update.id, recorded.error().sentence());
    // At the end of the process what is not recorded is tried again by the next one.
    if (stopping_) break;
    CO_TRY_VOID(co_await net::sleep_for(wait));
    wait = std::min(wait * 2, kLongestRecordWait);
  }
  --flight.unrecorded;
  // Two updates that crossed both kept the claim; whoever is last gives it up.
  if (flight.unrecorded == 0 && update.keep_claim) services_.queue->release(update.id);
  finished(*work);
  co_return Result<>{};
}

// The next message goes while the queue still writes down what became of this one: a destination
// does not wait for our disk, until SchedulerLimits::recording have gathered: so many, and those
// under way, are what a kill can repeat.
void Scheduler::leave_destination(Work& work) {
  Destination& destination = *std::exchange(work.destination, nullptr);
  --destination.running;
  --deliveries_;
  ++recording_;
  std::string key = destination.key;
  dispatch();
  forget_idle(key);
}

void Scheduler::finished(const Work& work) {
  --open_work_;
  if (recording_-- == settings_.limits.recording) dispatch();
  if (work.flight->unrecorded == 0) {
    bool was_full = messages_ >= settings_.limits.messages;
    --messages_;
    bytes_ -= work.flight->bytes;
    if (was_full && wake_) wake_->notify();
  }
  if (open_work_ == 0 && stopping_ && idle_) idle_->notify();
}

// A destination that could not be reached is remembered until its mail came back once more.
bool Scheduler::is_forgettable(const Destination& d) const {
  constexpr std::chrono::hours kMemory{2};
  bool remembered = d.failures > 0 && services_.clock->now() < d.paused_until + kMemory;
  return d.waiting.empty() && d.running == 0 && !d.in_ring && !remembered;
}

void Scheduler::forget_idle(const std::string& key) {
  auto found = destinations_.find(key);
  if (found != destinations_.end() && is_forgettable(*found->second)) destinations_.erase(found);
}

Task<> Scheduler::run() {
  while (!stopping_) {
    std::erase_if(destinations_, [this](const auto& d) { return is_forgettable(*d.second); });
    const SchedulerLimits& limits = settings_.limits;
    std::size_t room = limits.messages - std::min(limits.messages, messages_);
    std::size_t wanted = std::min(room, limits.claim);
    std::chrono::milliseconds wait = limits.look_again;
    if (wanted > 0) {
      auto due = co_await services_.queue->claim_due(services_.clock->now(), wanted);
      if (!due) {
        emit(Severity::error, "queue.unclaimed", 0, due.error().sentence());
      } else {
        for (store::QueuedMessage& message : *due) {
          if (stopping_) {
            services_.queue->release(message.id);
          } else {
            add(std::move(message));
          }
        }
        dispatch();
        if (due->size() == wanted) continue;
        auto next = co_await services_.queue->next_due();
        if (next && *next) wait = std::min(wait, std::max(**next - services_.clock->now(), {}));
      }
    }
    if (stopping_) break;
    wake_ = std::make_unique<net::Signal>();
    // A floor keeps a message that is due but claimed by another scheduler from a busy loop.
    auto woken = co_await wake_->wait_until(
        steady_in(std::max(wait, std::min(limits.look_again, std::chrono::milliseconds(20)))));
    if (!woken) co_return fail(std::move(woken).error());
  }
  co_return Result<>{};
}

Task<> Scheduler::stop(MonoTime deadline) {
  stopping_ = true;
  if (wake_) wake_->notify();
  for (Destination* destination : std::exchange(ring_, {})) {
    destination->in_ring = false;
    for (auto& work : std::exchange(destination->waiting, {})) {
      InFlight& flight = *work->flight;
      --open_work_;
      // Its other works, if any is under way, record with the claim kept; the last gives it up.
      if (--flight.unrecorded == 0) {
        services_.queue->release(flight.message.id);
        --messages_;
        bytes_ -= flight.bytes;
      }
    }
  }
  if (open_work_ > 0) {
    idle_ = std::make_unique<net::Signal>();
    CO_TRY(bool done, co_await idle_->wait_until(deadline));
    if (!done && services_.events != nullptr) {
      services_.events->emit({.severity = Severity::warning,
                              .name = "delivery.cut_off",
                              .fields = {{"deliveries", fmt::format("{}", open_work_)}}});
    }
  }
  co_return Result<>{};
}

}  // namespace pawl::relay
