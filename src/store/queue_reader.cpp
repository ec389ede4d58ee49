#include "store/queue_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/queue_writer.h"

namespace pawl::store {

namespace {

WallTime from_milliseconds(std::int64_t value) {
  return WallTime(std::chrono::milliseconds(value));
}

// A read transaction: everything in it sees the same moment.
class Snapshot {
 public:
  explicit Snapshot(Database& database) : database_(database) {}
  Result<> begin() { return database_.execute("BEGIN"); }
  ~Snapshot() {
    if (database_.in_transaction()) (void)database_.execute("COMMIT").has_value();
  }

 private:
  Database& database_;
};

}  // namespace

QueuedMessage to_queued(MessageId id, bool held, EnvelopeRecord record) {
  QueuedMessage message;
  message.id = id;
  message.envelope = std::move(record.envelope);
  message.content = {.size = record.size,
                     .eight_bit = record.eight_bit,
                     .tls_required_no = record.tls_required_no,
                     .memory = nullptr};
  message.arrived = record.arrived;
  message.origin = std::move(record.origin);
  message.held = held;
  message.recipients = std::move(record.recipients);
  return message;
}

Result<std::unique_ptr<QueueReader>> QueueReader::prepare(Database& database,
                                                          MessageId fresh_until) {
  std::unique_ptr<QueueReader> reader(new QueueReader(database, fresh_until));
  struct Row {
    Statement* statement;
    std::string_view sql;
  };
  const Row rows[] = {
      {&reader->fresh_,
       "SELECT id FROM message WHERE id > ?1 AND id <= ?2 AND due IS NULL AND held = 0 "
       "ORDER BY id"},
      {&reader->due_,
       "SELECT id FROM message WHERE due IS NOT NULL AND held = 0 AND due <= ?1 ORDER BY due"},
      {&reader->next_due_,
       "SELECT id, due FROM message WHERE due IS NOT NULL AND held = 0 ORDER BY due"},
      {&reader->record_, "SELECT held, record FROM message WHERE id = ?1"},
      {&reader->slice_,
       "SELECT id, held, record FROM message WHERE id > ?1 AND (?2 IS NULL OR id = ?2) "
       "AND held >= ?3 ORDER BY id LIMIT ?4"},
      {&reader->content_, "SELECT substr(data, ?2, ?3) FROM content WHERE message = ?1"},
      {&reader->spill_of_, "SELECT spill FROM message WHERE id = ?1"},
      {&reader->spill_rows_,
       "SELECT position, data FROM spill WHERE handle = ?1 AND position >= "
       "(SELECT max(position) FROM spill WHERE handle = ?1 AND position <= ?2) "
       "ORDER BY position"},
      {&reader->totals_,
       "SELECT count(*), total(recipients), total(held), total(tried) FROM message"},
      {&reader->oldest_, "SELECT record FROM message ORDER BY id LIMIT 1"},
  };
  for (const Row& row : rows) {
    TRY(*row.statement, database.prepare(row.sql));
  }
  return reader;
}

Result<std::vector<MessageId>> QueueReader::pick(WallTime now, std::size_t limit, Claims& claims) {
  return claims.locked([&](auto& claimed) -> Result<std::vector<MessageId>> {
    std::vector<MessageId> picked;
    auto take_from = [&](Statement& statement, MessageId* walked) -> Result<> {
      while (picked.size() < limit) {
        TRY(bool row, statement.step());
        if (!row) {
          if (walked != nullptr) *walked = fresh_until_;
          break;
        }
        MessageId id = statement.integer(0);
        if (walked != nullptr) *walked = id;
        if (claimed.insert(id).second) picked.push_back(id);
      }
      statement.reset();
      return {};
    };
    auto walk = [&]() -> Result<> {
      if (fresh_after_ < fresh_until_) {
        TRY_VOID(take_from(fresh_.bind(1, fresh_after_).bind(2, fresh_until_), &fresh_after_));
      }
      return take_from(due_.bind(1, now.time_since_epoch().count()), nullptr);
    };
    if (auto walked = walk(); !walked) {
      for (MessageId id : picked) claimed.erase(id);
      fresh_after_ = 0;  // what was walked past and is not claimed is found again
      return fail(std::move(walked).error());
    }
    return picked;
  });
}

Result<QueueReader::Claimed> QueueReader::claim_due(WallTime now, std::size_t limit,
                                                    Claims& claims) {
  Snapshot snapshot(database_);
  TRY_VOID(snapshot.begin());
  TRY(auto ids, pick(now, limit, claims));
  Claimed result;
  for (MessageId id : ids) {
    auto step = record_.bind(1, id).step();
    if (!step) {
      result.unreadable.emplace_back(id, std::move(step).error());
      continue;
    }
    auto record = *step ? decode_record(record_.blob(1)) : fail(Code::store, "the row is gone");
    record_.reset();
    if (!record) {
      result.unreadable.emplace_back(id, std::move(record).error());
      continue;
    }
    // One that is found through its place among the formerly in flight is due as a whole.
    std::erase_if(record->recipients,
                  [&](const QueuedRecipient& r) { return r.next_attempt > now; });
    result.messages.push_back(to_queued(id, false, *std::move(record)));
  }
  return result;
}

Result<std::optional<WallTime>> QueueReader::next_due(Claims& claims) {
  return claims.locked([&](auto& claimed) -> Result<std::optional<WallTime>> {
    std::optional<WallTime> next;
    if (fresh_after_ < fresh_until_) return WallTime{};
    for (;;) {
      TRY(bool row, next_due_.step());
      if (!row) break;
      if (claimed.contains(next_due_.integer(0))) continue;
      next = from_milliseconds(next_due_.integer(1));
      break;
    }
    next_due_.reset();
    return next;
  });
}

Result<std::string> QueueReader::read_content(MessageId id, std::uint64_t offset,
                                              std::size_t count) {
  TRY(bool present, spill_of_.bind(1, id).step());
  std::optional<std::int64_t> handle;
  if (present && !spill_of_.is_null(0)) handle = spill_of_.integer(0);
  spill_of_.reset();
  if (handle) return read_spill(*handle, offset, count);
  // substr() counts from 1.
  content_.bind(1, id)
      .bind(2, static_cast<std::int64_t>(offset) + 1)
      .bind(3, static_cast<std::int64_t>(count));
  TRY(bool found, content_.step());
  std::string piece(found ? content_.blob(0) : std::string_view{});
  content_.reset();
  if (!found) return fail(Code::not_found, "message " + queue_id(id) + " is not in the queue");
  return piece;
}

Result<std::string> QueueReader::read_spill(std::int64_t handle, std::uint64_t offset,
                                            std::size_t count) {
  std::string piece;
  spill_rows_.bind(1, handle).bind(2, static_cast<std::int64_t>(offset));
  while (piece.size() < count) {
    TRY(bool row, spill_rows_.step());
    if (!row) break;
    auto position = static_cast<std::uint64_t>(spill_rows_.integer(0));
    std::string_view data = spill_rows_.blob(1);
    std::uint64_t skip = offset + piece.size() - position;
    if (skip >= data.size()) continue;
    piece += data.substr(skip, count - piece.size());
  }
  spill_rows_.reset();
  return piece;
}

Result<Totals> QueueReader::totals() {
  Totals totals;
  TRY_VOID(totals_.step());
  auto column = [&](int place) { return static_cast<std::uint64_t>(totals_.integer(place)); };
  totals.messages = column(0);
  totals.recipients = column(1);
  totals.held = column(2);
  totals.deferred = column(3);
  totals_.reset();
  TRY(bool any, oldest_.step());
  if (any) {
    if (auto record = decode_record(oldest_.blob(0)); record) totals.oldest = record->arrived;
  }
  oldest_.reset();
  return totals;
}

Result<bool> QueueReader::list(const Filter& filter, std::size_t rows, MessageId& after,
                               std::vector<QueuedMessage>& into) {
  slice_.bind(1, after).bind(3, filter.held_only ? 1 : 0).bind(4, static_cast<std::int64_t>(rows));
  if (filter.id) {
    slice_.bind(2, *filter.id);
  } else {
    slice_.bind_null(2);
  }
  std::size_t seen = 0;
  bool full = false;
  while (!full) {
    TRY(bool row, slice_.step());
    if (!row) break;
    ++seen;
    after = slice_.integer(0);
    auto record = decode_record(slice_.blob(2));
    if (!record) {
      // Shown all the same, with what is wrong in the place of the origin: a person must find it.
      QueuedMessage message;
      message.id = after;
      message.held = slice_.integer(1) != 0;
      message.origin = record.error().sentence();
      if (filter.domain.empty() && filter.sender.empty()) into.push_back(std::move(message));
    } else if (matches(filter, *record)) {
      into.push_back(to_queued(after, slice_.integer(1) != 0, *std::move(record)));
    }
    full = filter.limit != 0 && into.size() >= filter.limit;
  }
  slice_.reset();
  return !full && seen == rows;
}

}  // namespace pawl::store
