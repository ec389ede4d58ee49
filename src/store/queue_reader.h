// What looks into the queue's tables: a connection of its own, so that the WAL lets it read beside
// the writer. Belongs to the thread of its connection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/claims.h"
#include "store/envelope_record.h"
#include "store/sqlite_database.h"

namespace pawl::store {

class QueueReader {
 public:
  // `fresh_until`: messages up to this id that were in flight when the last process ended are due.
  static Result<std::unique_ptr<QueueReader>> prepare(Database& database, MessageId fresh_until);

  struct Claimed {
    std::vector<QueuedMessage> messages;
    // Records that cannot be read, with why. They stay claimed: the caller puts them on hold, so
    // that one rotten row does not stand in the way of the queue.
    std::vector<std::pair<MessageId, Error>> unreadable;
  };
  Result<Claimed> claim_due(WallTime now, std::size_t limit, Claims& claims);
  Result<std::optional<WallTime>> next_due(Claims& claims);
  Result<std::string> read_content(MessageId id, std::uint64_t offset, std::size_t count);
  Result<Totals> totals();

  // One slice of a listing: appends what the filter selects among the next `rows` rows behind
  // `after`, which moves on. False: there is no more. Content::memory is null.
  Result<bool> list(const Filter& filter, std::size_t rows, MessageId& after,
                    std::vector<QueuedMessage>& into);

 private:
  QueueReader(Database& database, MessageId fresh_until)
      : database_(database), fresh_until_(fresh_until) {}
  Result<std::vector<MessageId>> pick(WallTime now, std::size_t limit, Claims& claims);
  Result<std::string> read_spill(std::int64_t handle, std::uint64_t offset, std::size_t count);

  Database& database_;
  // Walks once through the messages that the last process had in flight; behind it none is left.
  MessageId fresh_after_ = 0;
  MessageId fresh_until_;
  Statement fresh_, due_, next_due_, record_, slice_, content_, spill_of_, spill_rows_, totals_,
      oldest_;
};

QueuedMessage to_queued(MessageId id, bool held, EnvelopeRecord record);

}  // namespace pawl::store
