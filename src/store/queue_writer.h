// What changes the queue's tables, as statements inside a transaction that somebody else begins and
// commits (group_commit.h). Belongs to the thread of its connection. Every function may be run
// again after a rollback: nothing is consumed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/envelope_record.h"
#include "store/sqlite_database.h"

namespace pawl::store {

// A message ready to be written.
struct StoredMessage {
  MessageId id = 0;
  std::string record;  // encode_record
  std::int32_t recipients = 0;
  std::optional<WallTime> due;  // nothing: in flight from the beginning
  std::optional<std::int64_t> spill;
  std::shared_ptr<const std::string> content;  // the last of it, if there is a spill
};

// What people do to the messages that a filter selects.
enum class Act : unsigned char { hold, unhold, remove, flush };

class QueueWriter {
 public:
  static Result<std::unique_ptr<QueueWriter>> prepare(Database& database);

  Result<> insert(const StoredMessage& message);
  Result<> finish(const Update& update, const std::vector<StoredMessage>& dsn);
  Result<> put_back(MessageId id);  // a message in flight since it came becomes due at once
  Result<> hold_row(MessageId id);  // without a look into its record

  Result<> append_spill(std::int64_t handle, std::string_view chunk);
  Result<> drop_spill(std::int64_t handle);
  Result<> sweep_spills();  // those that no message claims

  // At most `limit` rows behind the message `after`: `after` moves on, and the number of messages
  // that were touched is added. False: there is no more. A transaction of a moment for each slice
  // lets a relay work on the same file while a person removes a million messages.
  struct Progress {
    MessageId after = 0;
    std::size_t touched = 0;
  };
  Result<bool> act_on(const Filter& filter, Act act, WallTime now, std::size_t limit,
                      Progress& progress);

  Result<MessageId> largest_id();  // of messages and spills, 0 if there are none

 private:
  QueueWriter() = default;
  Result<> erase(MessageId id, std::optional<std::int64_t> spill);
  Result<> rewrite(MessageId id, const EnvelopeRecord& record, std::optional<WallTime> due);
  Result<> update_recipients(const Update& update);
  Result<bool> act_on_row(const Filter& filter, Act act, WallTime now, MessageId id,
                          std::optional<std::int64_t> spill, std::string_view bytes);

  Statement insert_message_, insert_content_, insert_spill_;
  Statement select_count_, select_record_, select_slice_, spill_end_;
  Statement delete_message_, delete_content_, delete_spill_;
  Statement update_message_, put_back_, set_held_;
  Statement largest_, next_spill_, spill_claimed_;
};

// Does the filter select this message? (id and held_only are asked in SQL.)
bool matches(const Filter& filter, const EnvelopeRecord& record);

}  // namespace pawl::store
