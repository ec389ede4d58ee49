#include "starttls/upgrading_server.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "starttls/string_argument.h"

namespace pawl::starttls {

namespace {

constexpr std::string_view kLineEnds("\r\n\0", 3);

}  // namespace

UpgradingServer::UpgradingServer(ServerOptions options)
    : options_(std::move(options)), secure_(options_.implicit_tls) {}

void UpgradingServer::feed(std::string_view bytes) {
  if (bytes.empty() || state_ == State::injected || state_ == State::closed) return;
  if (state_ == State::starting_tls) {
    // In clear where a ClientHello is due.
    state_ = State::injected;
    return;
  }
  input_.erase(0, at_);
  at_ = 0;
  input_.append(bytes);
}

ServerEvent UpgradingServer::next() {
  while (true) {
    switch (state_) {
      case State::beginning:
        state_ = State::command;
        say(Answer::greeting);
        break;
      case State::waiting:
        return ServerEvent::authenticate;
      case State::starting_tls:
        return ServerEvent::start_tls;
      case State::injected:
        wipe_input();
        return ServerEvent::injection;
      case State::established:
        return ServerEvent::established;
      case State::closed:
        wipe_input();
        return ServerEvent::closed;
      case State::command: {
        std::size_t begin = at_;
        auto command = read_command();
        if (command) obey(*command);
        // A password must not stay because the next command is late.
        std::fill(input_.begin() + static_cast<std::ptrdiff_t>(begin),
                  input_.begin() + static_cast<std::ptrdiff_t>(at_), '\0');
        if (!command && state_ == State::command) return ServerEvent::need_input;
        break;
      }
    }
  }
}

// One command: a line, and where the protocol has literals each literal and the line behind it.
// Only CRLF ends a line: a CR or LF alone may be a line's end to whoever stands before us, and what
// follows it a command we must not run.
std::optional<std::string_view> UpgradingServer::read_command() {
  while (true) {
    std::string_view window = std::string_view(input_).substr(at_, limits::kDialogCommand);
    std::size_t end = window.find_first_of(kLineEnds, std::min(line_, window.size()));
    bool cut = end == std::string_view::npos || (window[end] == '\r' && end + 1 == window.size());
    if (cut) {
      if (window.size() == limits::kDialogCommand) close(Answer::too_long);
      return std::nullopt;
    }
    if (window.substr(end, 2) != "\r\n") {
      close(Answer::bare_line_end);
      return std::nullopt;
    }
    std::string_view line = window.substr(line_, end - line_);
    if (line_ == 0) {
      kind_ = in_sasl() ? Kind::other : kind_of(line);
      // The gate. It stands before literals, so that none is invited that holds a secret, and
      // before the protocol reads the command.
      if (kind_ == Kind::login && !login_offered()) {
        refused_ = true;
        error(secure_ ? Answer::login_not_offered : Answer::login_in_clear);
        if (state_ != State::command) return std::nullopt;
      }
    }
    auto mark = has_literals() ? literal_mark(line) : std::nullopt;
    // A literal that was not invited does not come: this was the whole command.
    if (mark && !(refused_ && mark->waits)) {
      std::size_t next_line = end + 2 + mark->size;
      if (next_line >= limits::kDialogCommand || (mark->waits && invitation().empty())) {
        close(Answer::too_long);
        return std::nullopt;
      }
      if (mark->waits) put(invitation());  // once: the next call begins behind it
      line_ = next_line;
      continue;
    }
    line_ = 0;
    at_ += end + 2;
    if (std::exchange(refused_, false)) continue;
    return window.substr(0, end);
  }
}

void UpgradingServer::obey(std::string_view command) {
  if (in_sasl()) {
    auto line = sasl_line(command);
    if (line) return answer_sasl(*line, false);
    sasl_.reset();
    return error(Answer::login_malformed);
  }
  switch (kind_) {
    case Kind::upgrade:
      return upgrade();
    case Kind::upgrade_with_argument:
      return error(Answer::upgrade_with_argument);
    case Kind::login:
    case Kind::other:
      return run(command);
  }
}

void UpgradingServer::upgrade() {
  if (secure_) return error(Answer::upgrade_twice);
  if (!options_.starttls) return error(Answer::upgrade_not_offered);
  forget_session();
  if (at_ != input_.size()) {
    // Commands in clear behind the upgrade would run as if they had come under TLS (CVE-2011-0411).
    state_ = State::injected;
    return;
  }
  say(Answer::upgrade_begins);
  state_ = State::starting_tls;
}

void UpgradingServer::tls_started() {
  if (state_ != State::starting_tls) return;
  forget_session();
  wipe_input();
  output_.clear();
  secure_ = true;
  state_ = State::command;
  say(Answer::greeting_inside_tls);
}

void UpgradingServer::wipe_input() {
  std::ranges::fill(input_, '\0');
  input_.clear();
  at_ = 0;
  line_ = 0;
}

void UpgradingServer::forget_session() {
  sasl_.reset();
  credentials_ = {};
  errors_ = 0;
  forget();
}

void UpgradingServer::take_login(std::string_view user, std::string_view password) {
  if (!smtp::is_user_name(user) || !smtp::is_password(password)) {
    return error(Answer::login_malformed);
  }
  credentials_ = {.user = std::string(user), .password = Secret(std::string(password))};
  state_ = State::waiting;
}

void UpgradingServer::begin_sasl(std::string_view mechanism,
                                 std::optional<std::string_view> initial) {
  sasl_ = smtp::SaslExchange::start(mechanism);
  if (!sasl_) return error(Answer::mechanism_unknown);
  if (initial) return answer_sasl(*initial, true);
  say_challenge(sasl_->challenge());
}

void UpgradingServer::answer_sasl(std::string_view line, bool initial) {
  switch (sasl_->answer(line, initial)) {
    case smtp::SaslExchange::Outcome::challenge:
      return say_challenge(sasl_->challenge());
    case smtp::SaslExchange::Outcome::complete:
      credentials_ = sasl_->take();
      sasl_.reset();
      state_ = State::waiting;
      return;
    case smtp::SaslExchange::Outcome::refused:
      sasl_.reset();
      return error(!initial && line == "*" ? Answer::login_cancelled : Answer::login_malformed);
  }
}

void UpgradingServer::accept() {
  if (state_ != State::waiting) return;  // closed meanwhile
  state_ = State::established;
  say(Answer::logged_in);
}

void UpgradingServer::refuse() {
  if (state_ != State::waiting) return;
  credentials_ = {};
  state_ = State::command;
  error(Answer::login_wrong);
}

void UpgradingServer::time_out() {
  // A handshake that hangs is not spoken into, and a session with an owner is his.
  if (state_ == State::starting_tls) state_ = State::closed;
  if (state_ != State::established) close(Answer::timed_out);
}

void UpgradingServer::error(Answer answer) {
  say(answer);
  if (++errors_ > options_.max_errors) close(Answer::too_many_errors);
}

void UpgradingServer::close(Answer answer) {
  if (state_ == State::closed || state_ == State::injected) return;
  state_ = State::closed;
  say(answer);
  sasl_.reset();
  credentials_ = {};
}

std::string UpgradingServer::take_input() {
  if (state_ != State::established) return {};
  std::string rest = input_.substr(at_);
  input_ = {};
  at_ = 0;
  return rest;
}

}  // namespace pawl::starttls
