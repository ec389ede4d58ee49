// The durable queue. What commit() returned survives kill -9 and power loss until finish() removed
// it: delivered, or returned to its sender with a reason (DESIGN section 2, promise 4).
//
// Costs grow with work in flight, not with the queue: nothing here keeps a list of all messages in
// memory. Many commits and finishes share one fsync (group commit on the store's own thread).
// All functions may be called on any loop; each completes on the loop that called.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/task.h"
#include "smtp/envelope.h"

namespace pawl::store {

using MessageId = std::int64_t;
std::string queue_id(MessageId id);  // what people see: "3F7K2Q9ZB1"
std::optional<MessageId> parse_queue_id(std::string_view text);

// The bytes of a message in canonical form (CRLF, not dot-stuffed), trace fields included.
struct Content {
  std::uint64_t size = 0;
  bool eight_bit = false;        // holds bytes above 127
  bool tls_required_no = false;  // header TLS-Required: No (RFC 8689 section 5)
  // Held in memory while the message is in flight for the first time; null: Queue::read_content.
  std::shared_ptr<const std::string> memory;
};

struct NewMessage {
  smtp::Envelope envelope;
  std::string content;                // what has not been spilled
  std::optional<std::int64_t> spill;  // earlier chunks, from Queue::spill
  std::uint64_t size = 0;             // of all of it
  bool eight_bit = false;
  bool tls_required_no = false;
  WallTime arrived{};
  std::string origin;  // "smtp 192.0.2.7 as joe", "sendmail uid 1000", "dsn 3F7K..."
  int hops = 0;
};

// One recipient of a queued message, with how it stands.
struct QueuedRecipient {
  std::int32_t index = 0;  // place in the envelope, stable
  smtp::Recipient recipient;
  std::string next_hop;  // NextHop::key() of relay/, how the scheduler groups
  int attempts = 0;
  WallTime next_attempt{};
  bool delay_notified = false;
  std::string last_status;  // "4.7.5"
  std::string last_text;    // the sentence of the last outcome
};

struct QueuedMessage {
  MessageId id = 0;
  smtp::Envelope envelope;  // its own list of recipients is empty: they stand in `recipients`
  Content content;
  WallTime arrived{};
  std::string origin;
  bool held = false;
  std::vector<QueuedRecipient> recipients;  // without those that are done
};

// All that is set must hold.
struct Filter {
  std::optional<MessageId> id = std::nullopt;
  std::string domain = {};  // recipient domain; what is done is done to its recipients only
  std::string sender = {};
  bool held_only = false;
  std::size_t limit = 0;  // 0: no limit
};

struct Totals {
  std::uint64_t messages = 0;
  std::uint64_t recipients = 0;
  std::uint64_t held = 0;
  std::uint64_t deferred = 0;  // tried at least once
  std::optional<WallTime> oldest;
};

// What a delivery attempt changed, in one transaction: recipients done or deferred, and the
// messages that say so (DSNs), so that no crash loses both.
struct Update {
  MessageId id = 0;
  std::vector<std::int32_t> done = {};  // delivered, or failed and reported by one of `dsn`
  struct Deferral {
    std::int32_t index = 0;
    WallTime next_attempt{};
    std::string status = {};
    std::string text = {};
    bool delay_notified = false;
  };
  std::vector<Deferral> deferred = {};
  std::vector<NewMessage> dsn = {};
  // Other recipients of the message are still in flight: the claim stays until their update comes.
  bool keep_claim = false;
};

class Queue {
 public:
  virtual ~Queue() = default;

  // Writes a chunk of a message that is too large to hold; the first call passes nothing and gets
  // the handle. Chunks that no commit claimed are swept at start-up.
  virtual net::Task<std::int64_t> spill(std::optional<std::int64_t> handle, std::string chunk) = 0;
  // The message will not come: its chunks go, unless a message names them after all (a commit that
  // came through and could not say so). Needs no answer; the sweep is the second net.
  virtual void discard(std::int64_t handle) { (void)handle; }

  // Durable when it returns. Errors: disk_full (452), store (451). `next_hops` gives each
  // recipient's group. The message is claimed by the caller: claim_due will not return it until
  // release() or finish(), or a restart.
  virtual net::Task<QueuedMessage> commit(NewMessage message,
                                          std::vector<std::string> next_hops) = 0;

  // Messages with recipients due at `now`, oldest first, not held, not claimed; claims them. Only
  // recipients that are due stand in each. Content::memory is null.
  virtual net::Task<std::vector<QueuedMessage>> claim_due(WallTime now, std::size_t limit) = 0;
  virtual net::Task<std::optional<WallTime>> next_due() = 0;
  virtual void release(MessageId id) = 0;  // takes effect soon, without an answer

  // `handle(piece)` for the content front to back in pieces of at most 256 KiB.
  virtual net::Task<std::string> read_content(MessageId id, std::uint64_t offset,
                                              std::size_t count) = 0;

  // Applies the update and releases the claim (unless keep_claim). After an error nothing has
  // changed and the claim stays: ask again. A message that a person removed meanwhile is no error;
  // its update is dropped, DSNs included. New messages in Update::dsn go to the queue
  // unclaimed and due at once. `next_hops` as in commit, one per recipient of each DSN in order.
  virtual net::Task<> finish(Update update, std::vector<std::string> next_hops) = 0;

  // For people: list, look, hold, release, remove, try now.
  virtual net::Task<std::vector<QueuedMessage>> list(Filter filter) = 0;
  virtual net::Task<Totals> totals() = 0;
  virtual net::Task<std::size_t> set_held(Filter filter, bool held) = 0;
  virtual net::Task<std::size_t> remove(Filter filter) = 0;
  virtual net::Task<std::size_t> flush(Filter filter, WallTime now) = 0;  // due now
};

}  // namespace pawl::store
