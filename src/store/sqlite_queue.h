// Queue over SQLite: turns each call into work for the store's two threads and waits for it on the
// loop that called. What the statements are stands in queue_writer and queue_reader.
#pragma once

#include <atomic>

#include "store/claims.h"
#include "store/group_commit.h"
#include "store/queue_reader.h"
#include "store/queue_writer.h"
#include "store/reader_thread.h"

namespace pawl {
class EventSink;
}

namespace pawl::store {

class SqliteQueue final : public Queue {
 public:
  SqliteQueue(GroupCommit& commits, QueueWriter& writer, ReaderThread& reads, QueueReader& reader,
              EventSink* events, MessageId largest)
      : commits_(commits),
        writer_(writer),
        reads_(reads),
        reader_(reader),
        events_(events),
        last_id_(largest) {}

  net::Task<std::int64_t> spill(std::optional<std::int64_t> handle, std::string chunk) override;
  void discard(std::int64_t handle) override;
  net::Task<QueuedMessage> commit(NewMessage message, std::vector<std::string> next_hops) override;
  net::Task<std::vector<QueuedMessage>> claim_due(WallTime now, std::size_t limit) override;
  net::Task<std::optional<WallTime>> next_due() override;
  void release(MessageId id) override;
  net::Task<std::string> read_content(MessageId id, std::uint64_t offset,
                                      std::size_t count) override;
  net::Task<> finish(Update update, std::vector<std::string> next_hops) override;
  net::Task<std::vector<QueuedMessage>> list(Filter filter) override;
  net::Task<Totals> totals() override;
  net::Task<std::size_t> set_held(Filter filter, bool held) override;
  net::Task<std::size_t> remove(Filter filter) override;
  net::Task<std::size_t> flush(Filter filter, WallTime now) override;

 private:
  MessageId new_id(WallTime arrived);
  net::Task<> write(std::function<Result<>()> work, bool patient = false);
  net::Task<std::size_t> act(Filter filter, Act act, WallTime now);
  net::Task<> set_aside(MessageId id, Error why);

  GroupCommit& commits_;
  QueueWriter& writer_;
  ReaderThread& reads_;
  QueueReader& reader_;
  EventSink* events_;
  Claims claims_;
  std::atomic<MessageId> last_id_;
};

}  // namespace pawl::store
