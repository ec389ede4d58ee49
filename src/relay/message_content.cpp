#include "relay/message_content.h"

#include <algorithm>

namespace pawl::relay {

namespace {

constexpr std::size_t kPiece = 256UL * 1024;

}  // namespace

net::Task<std::string_view> MessageContent::next() {
  if (offset_ >= message_.content.size) co_return std::string_view();
  if (const auto& memory = message_.content.memory) {
    std::string_view piece = std::string_view(*memory).substr(offset_, kPiece);
    offset_ += piece.size();
    co_return piece;
  }
  if (!queue_) co_return fail(Code::internal, "the content is neither in memory nor in a queue");
  CO_TRY(piece_, co_await queue_->read_content(message_.id, offset_, kPiece));
  offset_ += piece_.size();
  co_return std::string_view(piece_);
}

net::Task<bool> has_utf8_header(const store::QueuedMessage& message, store::Queue* queue) {
  if (!message.envelope.smtputf8 || !message.content.eight_bit) co_return false;
  MessageContent content(message, queue);
  CO_TRY(std::string_view piece, co_await content.next());
  std::string_view header = piece.substr(0, piece.find("\r\n\r\n"));
  co_return std::ranges::any_of(header, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

}  // namespace pawl::relay
