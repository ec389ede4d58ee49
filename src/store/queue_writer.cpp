#include "store/queue_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace pawl::store {

namespace {

// A row of spilled content; larger ones would be read as a whole for a few bytes.
constexpr std::size_t kSpillRow = 256UL * 1024;

std::int64_t milliseconds(WallTime time) {
  return time.time_since_epoch().count();
}

bool in_domain(const Filter& filter, const QueuedRecipient& r) {
  return filter.domain.empty() || equal_ignoring_case(r.recipient.domain.text(), filter.domain);
}

std::int64_t tried(const EnvelopeRecord& record) {
  return std::ranges::any_of(record.recipients,
                             [](const QueuedRecipient& r) { return r.attempts > 0; })
             ? 1
             : 0;
}

// Applies what an attempt said to the recipients that are left. Unknown indices were finished
// before, perhaps by a person: no error.
void apply(const Update& update, EnvelopeRecord& record) {
  std::erase_if(record.recipients, [&](const QueuedRecipient& r) {
    return std::ranges::find(update.done, r.index) != update.done.end();
  });
  for (const Update::Deferral& deferral : update.deferred) {
    auto found = std::ranges::find(record.recipients, deferral.index, &QueuedRecipient::index);
    if (found == record.recipients.end()) continue;
    ++found->attempts;
    found->next_attempt = deferral.next_attempt;
    found->last_status = deferral.status.substr(0, kRecordText);
    found->last_text = deferral.text.substr(0, kRecordText);
    found->delay_notified = found->delay_notified || deferral.delay_notified;
  }
}

}  // namespace

bool matches(const Filter& filter, const EnvelopeRecord& record) {
  if (!filter.sender.empty() && !equal_ignoring_case(filter.sender, record.envelope.sender)) {
    return false;
  }
  return std::ranges::any_of(record.recipients,
                             [&](const QueuedRecipient& r) { return in_domain(filter, r); });
}

Result<std::unique_ptr<QueueWriter>> QueueWriter::prepare(Database& database) {
  std::unique_ptr<QueueWriter> writer(new QueueWriter);
  struct Row {
    Statement* statement;
    std::string_view sql;
  };
  const Row rows[] = {
      {&writer->insert_message_,
       "INSERT INTO message(id, due, held, total, recipients, tried, spill, record) "
       "VALUES(?1, ?2, 0, ?3, ?3, 0, ?4, ?5)"},
      {&writer->insert_content_, "INSERT INTO content(message, data) VALUES(?1, ?2)"},
      {&writer->insert_spill_, "INSERT INTO spill(handle, position, data) VALUES(?1, ?2, ?3)"},
      {&writer->select_count_, "SELECT total, recipients, spill FROM message WHERE id = ?1"},
      {&writer->select_record_, "SELECT record FROM message WHERE id = ?1"},
      {&writer->select_slice_,
       "SELECT id, spill, record FROM message WHERE id > ?1 AND (?2 IS NULL OR id = ?2) "
       "AND held >= ?3 ORDER BY id LIMIT ?4"},
      {&writer->spill_end_,
       "SELECT position + length(data) FROM spill WHERE handle = ?1 "
       "ORDER BY position DESC LIMIT 1"},
      {&writer->delete_message_, "DELETE FROM message WHERE id = ?1"},
      {&writer->delete_content_, "DELETE FROM content WHERE message = ?1"},
      // Not what a message names: whoever discards may not know that its commit came through.
      {&writer->delete_spill_,
       "DELETE FROM spill WHERE handle = ?1 "
       "AND NOT EXISTS (SELECT 1 FROM message WHERE spill = ?1)"},
      {&writer->update_message_,
       "UPDATE message SET due = ?2, recipients = ?3, tried = ?4, record = ?5 WHERE id = ?1"},
      {&writer->put_back_, "UPDATE message SET due = 0 WHERE id = ?1 AND due IS NULL"},
      // A message that was in flight when it was held comes back due at once.
      {&writer->set_held_, "UPDATE message SET held = ?2, due = coalesce(due, 0) WHERE id = ?1"},
      {&writer->largest_,
       "SELECT max(coalesce((SELECT max(id) FROM message), 0), "
       "coalesce((SELECT max(handle) FROM spill), 0))"},
      {&writer->next_spill_, "SELECT min(handle) FROM spill WHERE handle > ?1"},
      {&writer->spill_claimed_, "SELECT 1 FROM message WHERE spill = ?1"},
  };
  for (const Row& row : rows) {
    TRY(*row.statement, database.prepare(row.sql));
  }
  return writer;
}

Result<> QueueWriter::insert(const StoredMessage& m) {
  if (m.spill) {
    if (!m.content->empty()) TRY_VOID(append_spill(*m.spill, *m.content));
  } else {
    TRY_VOID(insert_content_.bind(1, m.id).bind_blob(2, *m.content).run());
  }
  insert_message_.bind(1, m.id).bind(3, m.recipients).bind_blob(5, m.record);
  if (m.due) {
    insert_message_.bind(2, milliseconds(*m.due));
  } else {
    insert_message_.bind_null(2);
  }
  if (m.spill) {
    insert_message_.bind(4, *m.spill);
  } else {
    insert_message_.bind_null(4);
  }
  return insert_message_.run();
}

Result<> QueueWriter::finish(const Update& update, const std::vector<StoredMessage>& dsn) {
  TRY(bool present, select_count_.bind(1, update.id).step());
  std::int64_t total = present ? select_count_.integer(0) : 0;
  std::int64_t left = present ? select_count_.integer(1) : 0;
  std::optional<std::int64_t> spill;
  if (present && !select_count_.is_null(2)) spill = select_count_.integer(2);
  select_count_.reset();
  if (!present) return {};  // a person removed it
  // The usual case, all recipients done at once, never looks into the record. Where some went
  // before, their number would not prove that these are the ones that are left.
  if (update.deferred.empty() && left == total && std::cmp_equal(update.done.size(), total)) {
    TRY_VOID(erase(update.id, spill));
  } else {
    TRY_VOID(update_recipients(update));
  }
  for (const StoredMessage& message : dsn) TRY_VOID(insert(message));
  return {};
}

Result<> QueueWriter::update_recipients(const Update& update) {
  TRY(bool present, select_record_.bind(1, update.id).step());
  if (!present) return {};
  auto decoded = decode_record(select_record_.blob(0));
  select_record_.reset();
  if (!decoded) return fail(std::move(decoded).error());
  EnvelopeRecord record = *std::move(decoded);
  apply(update, record);
  return rewrite(update.id, record, record.due());
}

Result<> QueueWriter::rewrite(MessageId id, const EnvelopeRecord& record,
                              std::optional<WallTime> due) {
  if (record.recipients.empty()) {
    TRY(bool present, select_count_.bind(1, id).step());
    std::optional<std::int64_t> spill;
    if (present && !select_count_.is_null(2)) spill = select_count_.integer(2);
    select_count_.reset();
    return erase(id, spill);
  }
  TRY(std::string bytes, encode_record(record));
  update_message_.bind(1, id)
      .bind(3, static_cast<std::int64_t>(record.recipients.size()))
      .bind(4, tried(record))
      .bind_blob(5, bytes);
  if (due) {
    update_message_.bind(2, milliseconds(*due));
  } else {
    update_message_.bind_null(2);
  }
  return update_message_.run();
}

Result<> QueueWriter::erase(MessageId id, std::optional<std::int64_t> spill) {
  TRY_VOID(delete_message_.bind(1, id).run());
  if (spill) return drop_spill(*spill);
  return delete_content_.bind(1, id).run();
}

Result<> QueueWriter::put_back(MessageId id) {
  return put_back_.bind(1, id).run();
}

Result<> QueueWriter::hold_row(MessageId id) {
  return set_held_.bind(1, id).bind(2, 1).run();
}

Result<> QueueWriter::append_spill(std::int64_t handle, std::string_view chunk) {
  TRY(bool present, spill_end_.bind(1, handle).step());
  std::int64_t position = present ? spill_end_.integer(0) : 0;
  spill_end_.reset();
  for (std::size_t at = 0; at < chunk.size(); at += kSpillRow) {
    std::string_view piece = chunk.substr(at, kSpillRow);
    TRY_VOID(insert_spill_.bind(1, handle)
                 .bind(2, position + static_cast<std::int64_t>(at))
                 .bind_blob(3, piece)
                 .run());
  }
  return {};
}

Result<> QueueWriter::drop_spill(std::int64_t handle) {
  return delete_spill_.bind(1, handle).run();
}

Result<> QueueWriter::sweep_spills() {
  std::int64_t handle = 0;
  for (;;) {
    TRY_VOID(next_spill_.bind(1, handle).step());
    if (next_spill_.is_null(0)) break;
    handle = next_spill_.integer(0);
    next_spill_.reset();
    TRY(bool claimed, spill_claimed_.bind(1, handle).step());
    spill_claimed_.reset();
    if (!claimed) TRY_VOID(drop_spill(handle));
  }
  next_spill_.reset();
  return {};
}

Result<bool> QueueWriter::act_on(const Filter& filter, Act act, WallTime now, std::size_t limit,
                                 Progress& progress) {
  struct Row {
    MessageId id;
    std::optional<std::int64_t> spill;
    std::string record;
  };
  std::vector<Row> rows;
  select_slice_.bind(1, progress.after)
      .bind(3, filter.held_only ? 1 : 0)
      .bind(4, static_cast<std::int64_t>(limit));
  if (filter.id) {
    select_slice_.bind(2, *filter.id);
  } else {
    select_slice_.bind_null(2);
  }
  for (;;) {
    TRY(bool row, select_slice_.step());
    if (!row) break;
    std::optional<std::int64_t> spill;
    if (!select_slice_.is_null(1)) spill = select_slice_.integer(1);
    rows.push_back({select_slice_.integer(0), spill, std::string(select_slice_.blob(2))});
  }
  select_slice_.reset();
  for (const Row& row : rows) {
    if (filter.limit != 0 && progress.touched >= filter.limit) return false;
    TRY(bool touched, act_on_row(filter, act, now, row.id, row.spill, row.record));
    progress.after = row.id;
    if (touched) ++progress.touched;
  }
  return rows.size() == limit;
}

Result<bool> QueueWriter::act_on_row(const Filter& filter, Act act, WallTime now, MessageId id,
                                     std::optional<std::int64_t> spill, std::string_view bytes) {
  auto decoded = decode_record(bytes);
  if (!decoded) {
    // A record that cannot be read can still be removed by its id, and by nothing else.
    if (!filter.id || act != Act::remove) return false;
    TRY_VOID(erase(id, spill));
    return true;
  }
  EnvelopeRecord record = *std::move(decoded);
  if (!matches(filter, record)) return false;
  switch (act) {
    case Act::hold:
    case Act::unhold:
      TRY_VOID(set_held_.bind(1, id).bind(2, act == Act::hold ? 1 : 0).run());
      break;
    case Act::remove:
      std::erase_if(record.recipients,
                    [&](const QueuedRecipient& r) { return in_domain(filter, r); });
      TRY_VOID(rewrite(id, record, record.due()));
      break;
    case Act::flush:
      for (QueuedRecipient& r : record.recipients) {
        if (in_domain(filter, r)) r.next_attempt = std::min(r.next_attempt, now);
      }
      TRY_VOID(rewrite(id, record, record.due()));
      break;
  }
  return true;
}

Result<MessageId> QueueWriter::largest_id() {
  TRY_VOID(largest_.step());
  MessageId id = largest_.integer(0);
  largest_.reset();
  return id;
}

}  // namespace pawl::store
