// DATA and BDAT: how a message comes in.
#include <algorithm>
#include <utility>

#include "smtp/server.h"

namespace pawl::smtp {

ContentLimits Server::content_limits() const {
  return {
      .size = options_.max_size, .line = limits::kSmtpTextLine, .normalize = options_.normalize};
}

// One order of precedence, so that the reply does not depend on how the bytes were cut.
std::string Server::content_fault() const {
  const ContentFacts& seen = scanner_.facts();
  if (seen.too_large) {
    return "552 5.3.4 the message is larger than " + std::to_string(options_.max_size) + " bytes";
  }
  if (seen.bare_line_ending) return "550 5.6.11 a CR or LF stands alone; a line ends with CR LF";
  if (seen.line_too_long) {
    return "554 5.6.0 a line is longer than " + std::to_string(limits::kSmtpTextLine) + " bytes";
  }
  if (seen.hops > options_.max_hops) return "554 5.4.6 too many hops; the mail loops";
  return {};
}

std::optional<ServerEvent> Server::on_data(std::string_view argument) {
  if (!argument.empty()) {
    error("501 5.5.4 DATA stands alone");
  } else if (!mail_given_ || chunked_) {
    error("503 5.5.1 DATA follows MAIL and RCPT, and is not mixed with BDAT");
  } else if (envelope_.recipients.empty()) {
    error(options_.lmtp ? "503 5.5.1 no recipient was accepted"  // rfc2033#4.2
                        : "554 5.5.1 no recipient was accepted");
  } else {
    message_open_ = true;
    return wait_for_answer(ServerEvent::message_begin);
  }
  return std::nullopt;
}

std::optional<ServerEvent> Server::on_bdat(std::string_view argument) {
  auto bdat = parse_bdat(argument);
  if (!bdat) {
    // Nobody can tell where the chunk ends and the next command begins.
    close(bdat.error());
    return std::nullopt;
  }
  bdat_ = *bdat;
  chunk_left_ = bdat_.size;
  state_ = State::chunk;
  if (!mail_given_ || envelope_.recipients.empty()) {
    chunk_refusal_ = mail_given_ ? "554 5.5.1 no recipient was accepted"
                                 : "503 5.5.1 BDAT follows MAIL and RCPT";
    return std::nullopt;
  }
  if (chunked_) return std::nullopt;
  chunked_ = true;
  message_open_ = true;
  return wait_for_answer(ServerEvent::message_begin);
}

void Server::accept_message(std::string trace) {
  if (state_ != State::waiting || awaited_ != ServerEvent::message_begin) return;
  scanner_ = ContentScanner(content_limits());
  dots_ = {};
  content_ = std::move(trace);
  state_ = chunked_ ? State::chunk : State::data;
  if (!chunked_) reply("354 end the message with a dot on a line of its own");
}

// Hands out a full chunk; drops what can no longer be accepted.
std::optional<ServerEvent> Server::content_event() {
  if (!content_fault().empty()) {
    if (std::exchange(message_open_, false)) aborted_ = true;
    content_ = {};
    if (aborted_) return std::nullopt;
  }
  if (content_.size() >= options_.chunk) return ServerEvent::content;
  return at_ == input_.size() ? std::optional(ServerEvent::need_input) : std::nullopt;
}

std::optional<ServerEvent> Server::read_data() {
  std::size_t used = dots_.read(std::string_view(input_).substr(at_), scanner_, content_);
  at_ += used;
  return dots_.ended() ? end_message() : content_event();
}

std::optional<ServerEvent> Server::read_chunk() {
  std::size_t count =
      static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input_.size() - at_));
  if (chunk_refusal_.empty()) {
    scanner_.write(std::string_view(input_).substr(at_, count), content_);
  }
  at_ += count;
  chunk_left_ -= count;
  if (chunk_left_ == 0) return end_chunk();
  return chunk_refusal_.empty() ? content_event() : ServerEvent::need_input;
}

std::optional<ServerEvent> Server::end_chunk() {
  state_ = State::command;
  if (!chunk_refusal_.empty()) {
    idle(std::exchange(chunk_refusal_, {}));
    return std::nullopt;
  }
  if (bdat_.last) return end_message();
  if (std::string fault = content_fault(); !fault.empty()) {
    // rfc3030#2: a chunk that failed ends the transaction.
    forget_transaction();
    reply(fault);
    return std::nullopt;
  }
  reply("250 2.0.0 " + std::to_string(bdat_.size) + " bytes");
  if (content_.size() >= options_.chunk) return ServerEvent::content;
  return std::nullopt;
}

std::optional<ServerEvent> Server::end_message() {
  scanner_.finish(content_);
  if (std::string fault = content_fault(); !fault.empty()) {
    reply_to_content(fault);
    state_ = State::command;
    return std::nullopt;
  }
  return wait_for_answer(ServerEvent::message_end);
}

}  // namespace pawl::smtp
