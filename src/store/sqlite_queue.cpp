#include "store/sqlite_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/event.h"
#include "net/loop.h"

namespace pawl::store {

namespace {

using net::Task;

constexpr std::size_t kListRows = 1000;  // in one slice of the reader's time
constexpr std::size_t kActRows = 500;    // in one transaction
constexpr std::size_t kReadLimit = 256UL * 1024;

// Ids count the microseconds since 2020, so that queue ids sort by age and are ten characters.
constexpr WallTime kIdEpoch{std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}};

struct Prepared {
  StoredMessage stored;
  EnvelopeRecord record;
};

// What a new message is in the tables. Recipients from `first_hop` on in `next_hops` are its own.
Result<Prepared> prepare(NewMessage message, const std::vector<std::string>& next_hops,
                         std::size_t first_hop) {
  Prepared p;
  EnvelopeRecord& record = p.record;
  record.envelope = std::move(message.envelope);
  auto recipients = std::exchange(record.envelope.recipients, {});
  if (recipients.empty() || next_hops.size() < first_hop + recipients.size()) {
    return fail(Code::internal, fmt::format("a message with {} recipients and {} next hops",
                                            recipients.size(), next_hops.size() - first_hop));
  }
  record.size = message.size;
  record.eight_bit = message.eight_bit;
  record.tls_required_no = message.tls_required_no;
  record.arrived = message.arrived;
  record.origin = std::move(message.origin);
  record.hops = message.hops;
  record.recipient_count = static_cast<std::int32_t>(recipients.size());
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    QueuedRecipient r;
    r.index = static_cast<std::int32_t>(i);
    r.recipient = std::move(recipients[i]);
    r.next_hop = next_hops[first_hop + i];
    r.next_attempt = record.arrived;
    record.recipients.push_back(std::move(r));
  }
  TRY(p.stored.record, encode_record(record));
  p.stored.recipients = record.recipient_count;
  p.stored.spill = message.spill;
  p.stored.content = std::make_shared<const std::string>(std::move(message.content));
  return p;
}

}  // namespace

MessageId SqliteQueue::new_id(WallTime arrived) {
  MessageId wanted =
      std::chrono::duration_cast<std::chrono::microseconds>(arrived - kIdEpoch).count();
  MessageId last = last_id_.load();
  MessageId next = 0;
  do {
    next = std::max(wanted, last + 1);
  } while (!last_id_.compare_exchange_weak(last, next));
  return next;
}

Task<> SqliteQueue::write(std::function<Result<>()> work, bool patient) {
  net::Completion<void> written;
  commits_.post(
      {.work = std::move(work),
       .done = [written](Result<> result) mutable { written.complete(std::move(result)); },
       .patient = patient});
  co_return co_await written.wait();
}

Task<std::int64_t> SqliteQueue::spill(std::optional<std::int64_t> handle, std::string chunk) {
  // A spill's first chunk has no time of its own; the next free number is as good.
  std::int64_t to = handle ? *handle : new_id(kIdEpoch);
  auto bytes = std::make_shared<const std::string>(std::move(chunk));
  CO_TRY_VOID(co_await write([this, to, bytes] { return writer_.append_spill(to, *bytes); }));
  co_return to;
}

void SqliteQueue::discard(std::int64_t handle) {
  commits_.post({.work = [this, handle] { return writer_.drop_spill(handle); },
                 // A failure leaves it to the sweep at the next start.
                 .done = [](const Result<>&) {}});
}

Task<QueuedMessage> SqliteQueue::commit(NewMessage message, std::vector<std::string> next_hops) {
  CO_TRY(Prepared p, prepare(std::move(message), next_hops, 0));
  MessageId id = new_id(p.record.arrived);
  p.stored.id = id;
  auto stored = std::make_shared<const StoredMessage>(std::move(p.stored));
  claims_.add(id);
  auto written = co_await write([this, stored] { return writer_.insert(*stored); });
  if (!written) {
    claims_.drop(id);
    co_return fail(std::move(written).error());
  }
  QueuedMessage queued = to_queued(id, false, std::move(p.record));
  if (!stored->spill) queued.content.memory = stored->content;
  co_return queued;
}

Task<std::vector<QueuedMessage>> SqliteQueue::claim_due(WallTime now, std::size_t limit) {
  net::Completion<QueueReader::Claimed> claimed;
  reads_.post([this, now, limit, claimed]() mutable {
    claimed.complete(reader_.claim_due(now, limit, claims_));
  });
  CO_TRY(QueueReader::Claimed due, co_await claimed.wait());
  for (const auto& [id, why] : due.unreadable) CO_TRY_VOID(co_await set_aside(id, why));
  co_return std::move(due.messages);
}

// One rotten row may not stop the queue: it is held, with an event, for a person to look at.
Task<> SqliteQueue::set_aside(MessageId id, Error why) {
  if (events_ != nullptr) {
    events_->emit({.severity = Severity::error,
                   .name = "queue.unreadable",
                   .fields = {{"queue_id", queue_id(id)}, {"error", why.sentence()}}});
  }
  auto held = co_await write([this, id] { return writer_.hold_row(id); });
  claims_.drop(id);
  co_return held;
}

Task<std::optional<WallTime>> SqliteQueue::next_due() {
  net::Completion<std::optional<WallTime>> found;
  reads_.post([this, found]() mutable { found.complete(reader_.next_due(claims_)); });
  co_return co_await found.wait();
}

void SqliteQueue::release(MessageId id) {
  commits_.post({.work = [this, id] { return writer_.put_back(id); },
                 // Were it not written, the message would wait for the next start: it is durable.
                 .done = [this, id](const Result<>&) { claims_.drop(id); },
                 .patient = true});
}

Task<std::string> SqliteQueue::read_content(MessageId id, std::uint64_t offset, std::size_t count) {
  net::Completion<std::string> read;
  reads_.post([this, id, offset, count, read]() mutable {
    read.complete(reader_.read_content(id, offset, std::min(count, kReadLimit)));
  });
  co_return co_await read.wait();
}

Task<> SqliteQueue::finish(Update update, std::vector<std::string> next_hops) {
  auto dsn = std::make_shared<std::vector<StoredMessage>>();
  std::size_t hop = 0;
  for (NewMessage& message : update.dsn) {
    CO_TRY(Prepared p, prepare(std::move(message), next_hops, hop));
    hop += p.record.recipients.size();
    p.stored.id = new_id(p.record.arrived);
    p.stored.due = p.record.arrived;
    dsn->push_back(std::move(p.stored));
  }
  update.dsn.clear();
  bool keep = update.keep_claim;
  MessageId id = update.id;
  auto shared = std::make_shared<const Update>(std::move(update));
  // Patient: no client waits for it, and a crash before it repeats a delivery but loses nothing.
  auto written =
      co_await write([this, shared, dsn] { return writer_.finish(*shared, *dsn); }, true);
  // Only now: see claims.h.
  if (written && !keep) claims_.drop(id);
  co_return written;
}

Task<std::vector<QueuedMessage>> SqliteQueue::list(Filter filter) {
  std::vector<QueuedMessage> all;
  MessageId after = 0;
  struct Slice {
    MessageId after = 0;
    bool more = false;
    std::vector<QueuedMessage> messages;
  };
  for (bool more = true; more;) {
    Filter rest = filter;
    if (filter.limit != 0) rest.limit = filter.limit - all.size();
    net::Completion<Slice> listed;
    reads_.post([this, rest, after, listed]() mutable {
      Slice slice{.after = after, .more = false, .messages = {}};
      auto read = reader_.list(rest, kListRows, slice.after, slice.messages);
      if (!read) return listed.complete(fail(std::move(read).error()));
      slice.more = *read;
      listed.complete(std::move(slice));
    });
    CO_TRY(Slice slice, co_await listed.wait());
    std::ranges::move(slice.messages, std::back_inserter(all));
    after = slice.after;
    more = slice.more;
  }
  co_return all;
}

Task<Totals> SqliteQueue::totals() {
  net::Completion<Totals> counted;
  reads_.post([this, counted]() mutable { counted.complete(reader_.totals()); });
  co_return co_await counted.wait();
}

Task<std::size_t> SqliteQueue::act(Filter filter, Act act, WallTime now) {
  struct Round {
    QueueWriter::Progress before;
    QueueWriter::Progress after;
    bool more = true;
  };
  auto round = std::make_shared<Round>();
  while (round->more) {
    round->before = round->after;
    CO_TRY_VOID(co_await write([this, filter, act, now, round]() -> Result<> {
      round->after = round->before;  // this may be a second run
      TRY(round->more, writer_.act_on(filter, act, now, kActRows, round->after));
      return {};
    }));
  }
  co_return round->after.touched;
}

Task<std::size_t> SqliteQueue::set_held(Filter filter, bool held) {
  co_return co_await act(std::move(filter), held ? Act::hold : Act::unhold, {});
}
Task<std::size_t> SqliteQueue::remove(Filter filter) {
  co_return co_await act(std::move(filter), Act::remove, {});
}
Task<std::size_t> SqliteQueue::flush(Filter filter, WallTime now) {
  co_return co_await act(std::move(filter), Act::flush, now);
}

}  // namespace pawl::store
