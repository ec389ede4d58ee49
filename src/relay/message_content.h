// A queued message's content as a connection reads it: from memory while it is there, else from
// the queue in pieces. One loop.
#pragma once

#include "relay/outbound_session.h"
#include "store/queue.h"

namespace pawl::relay {

class MessageContent : public ContentSource {
 public:
  // Both must outlive this; `queue` may be null if the content is in memory.
  MessageContent(const store::QueuedMessage& message, store::Queue* queue)
      : message_(message), queue_(queue) {}
  std::uint64_t size() const override { return message_.content.size; }
  net::Task<std::string_view> next() override;

 private:
  const store::QueuedMessage& message_;
  store::Queue* queue_;
  std::uint64_t offset_ = 0;
  std::string piece_;
};

// Does the header hold bytes above 127 (RFC 6532)? Looks only where it can matter.
net::Task<bool> has_utf8_header(const store::QueuedMessage& message, store::Queue* queue);

}  // namespace pawl::relay
