#include "smtp/server.h"

#include <utility>

#include "base/text.h"

namespace pawl::smtp {

namespace {

// More than this is not kept by a session that waits for a command.
constexpr std::size_t kIdleBuffer = 16UL * 1024;

}  // namespace

Server::Server(const ServerOptions& options, bool tls)
    : options_(options), tls_(tls), scanner_(content_limits()) {
  reply("220 " + options_.hostname + (options_.lmtp ? " LMTP" : " ESMTP"));
}

void Server::feed(std::string_view bytes) {
  input_.erase(0, at_);
  at_ = 0;
  input_.append(bytes);
}

std::string Server::take() {
  return std::exchange(output_, {});
}

std::string Server::take_content() {
  return std::exchange(content_, {});
}

void Server::reply(std::string_view text) {
  output_ += text;
  output_ += "\r\n";
}

// rfc2033#4.2: the content is answered once for each recipient that was accepted.
void Server::reply_to_content(std::string_view text) {
  std::size_t count = options_.lmtp ? envelope_.recipients.size() : 1;
  forget_transaction();
  for (; count > 0; --count) reply(text);
}

void Server::error(std::string_view text) {
  reply(text);
  if (++errors_ > options_.max_errors) close("421 4.7.0 too many errors");
}

void Server::close(std::string_view text) {
  if (state_ == State::closed) return;
  reply(text);
  forget_transaction();
  state_ = State::closed;
}

void Server::forget_transaction() {
  if (message_open_) aborted_ = true;
  message_open_ = false;
  mail_given_ = false;
  chunked_ = false;
  envelope_ = {};
  recipient_ = {};
  content_ = {};
}

// rfc3207#4.2: nothing that was learnt in clear is known afterwards. The counters of errors are no
// knowledge of the client's but our patience with it, and go on.
void Server::forget_session() {
  forget_transaction();
  hello_.clear();
  extensions_ = false;
  user_.clear();
  sasl_.reset();
  credentials_ = {};
}

void Server::tls_started() {
  forget_session();
  input_ = {};
  at_ = 0;
  tls_ = true;
  state_ = State::command;
}

void Server::shut_down() {
  stopping_ = true;
  if (!in_message()) close("421 4.3.2 " + options_.hostname + " is shutting down");
}

void Server::time_out() {
  close("421 4.4.2 " + options_.hostname + " waited too long");
}

ServerEvent Server::wait_for_answer(ServerEvent event) {
  awaited_ = event;
  state_ = State::waiting;
  return event;
}

void Server::accept(std::string_view text) {
  if (state_ != State::waiting) return;  // closed meanwhile
  state_ = State::command;
  switch (awaited_) {
    case ServerEvent::sender:
      mail_given_ = true;
      reply("250 2.1.0 sender accepted");
      break;
    case ServerEvent::recipient:
      envelope_.recipients.push_back(std::move(recipient_));
      recipient_ = {};
      reply("250 2.1.5 recipient accepted");
      break;
    case ServerEvent::authenticate:
      reply("235 2.7.0 authenticated");
      break;
    case ServerEvent::message_end:
      message_open_ = false;
      idle_commands_ = 0;
      reply_to_content("250 2.0.0 " + std::string(text.empty() ? "accepted" : text));
      break;
    default:
      break;
  }
}

void Server::refuse(std::string_view text) {
  if (state_ != State::waiting) return;
  state_ = State::command;
  switch (awaited_) {
    case ServerEvent::sender:
      forget_transaction();
      error(text);
      break;
    case ServerEvent::recipient:
      error(text);
      break;
    case ServerEvent::authenticate:
      user_.clear();
      reply(text);
      if (++auth_failures_ >= options_.max_auth_failures) {
        close("421 4.7.0 too many failed authentications");
      }
      break;
    case ServerEvent::message_begin:
      message_open_ = false;
      if (chunked_) {
        // The chunk is on its way all the same and must not be read as commands.
        chunk_refusal_ = text;
        forget_transaction();
        state_ = State::chunk;
        return;
      }
      forget_transaction();
      reply(text);
      break;
    case ServerEvent::message_end:
      message_open_ = false;
      reply_to_content(text);
      break;
    default:
      break;
  }
  if (text.starts_with("421")) state_ = State::closed;
}

ServerEvent Server::next() {
  while (true) {
    if (std::exchange(aborted_, false)) return ServerEvent::message_aborted;
    if (stopping_ && state_ == State::command) shut_down();
    std::optional<ServerEvent> event;
    switch (state_) {
      case State::closed:
        return ServerEvent::closed;
      case State::waiting:
        return awaited_;
      case State::starting_tls:
        return ServerEvent::start_tls;
      case State::command:
      case State::auth:
        event = read_line();
        break;
      case State::data:
        event = read_data();
        break;
      case State::chunk:
        event = read_chunk();
        break;
    }
    if (event == ServerEvent::need_input && at_ == input_.size()) {
      input_.clear();
      at_ = 0;
      if (state_ == State::command && input_.capacity() > kIdleBuffer) input_ = {};
    }
    if (event) return *event;
  }
}

// Only CRLF ends a line (rfc5321#2.3.8). A CR or LF alone may be a line's end to whoever stands
// before us, and what follows it a command we must not run, so the session ends.
std::optional<ServerEvent> Server::read_line() {
  std::string_view rest = std::string_view(input_).substr(at_);
  std::string_view window = rest.substr(0, limits::kSmtpCommandLine);
  std::size_t end = window.find_first_of("\r\n");
  bool cut = end == std::string_view::npos || end + 1 == window.size();
  if (cut && window.size() == limits::kSmtpCommandLine) {
    close("500 5.5.2 the line is too long");
    return std::nullopt;
  }
  if (end == std::string_view::npos || (cut && window[end] == '\r')) {
    return ServerEvent::need_input;
  }
  if (window[end] == '\n' || window[end + 1] != '\n') {
    close("500 5.5.2 a line ends with CR LF; one of them came alone");
    return std::nullopt;
  }
  at_ += end + 2;
  return run(window.substr(0, end));
}

}  // namespace pawl::smtp
