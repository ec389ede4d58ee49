// The client side of SMTP, submission and LMTP behind the face that all protocols have. The rules
// of rfc3207 stand in smtp/client.h and not here; here its words become those of client.h, and
// commands of send() pass beside it, which has no need of them.
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "smtp/client.h"
#include "starttls/dialogs.h"

namespace pawl::starttls {

namespace {

constexpr std::size_t kInputRoom = 4096;
constexpr std::size_t kOutputRoom = 512;
constexpr std::size_t kEvents = 4;

smtp::ClientOptions smtp_options(const ProtocolRow& protocol, const ClientOptions& options) {
  smtp::ClientOptions result;
  if (protocol.protocol == Protocol::lmtp) result.protocol = smtp::Protocol::lmtp;
  result.helo = options.client_name;
  result.tls_required = options.mode == Mode::required;
  result.tls_forbidden = options.mode == Mode::never;
  result.secure = options.implicit_tls;
  result.ask_unoffered = options.ask_unoffered;
  result.clear_login = options.mode != Mode::required;
  return result;
}

// Reads on from `from`, where a line starts. How far the reply goes that starts the input; 0: it is
// not all here, and `from` is where its next line starts.
Result<std::size_t> reply_end(std::string_view input, std::size_t& from) {
  while (true) {
    std::size_t end = input.find("\r\n", from);
    if (end == std::string_view::npos) return 0;
    std::string_view line = input.substr(from, end - from);
    bool shaped = line.size() >= 3 && parse_decimal(line.substr(0, 3), 599) && line[0] >= '2' &&
                  line.substr(0, 3) == input.substr(0, 3) &&
                  line.find_first_of("\r\n") == std::string_view::npos &&
                  (line.size() == 3 || line[3] == ' ' || line[3] == '-');
    if (!shaped) return fail(Code::dialog_protocol, "not an SMTP reply: " + printable(line));
    from = end + 2;
    if (line.size() == 3 || line[3] == ' ') return from;
  }
}

class SmtpClient final : public ClientDialog {
 public:
  SmtpClient(const ProtocolRow& protocol, ClientOptions options);

  void feed(std::string_view bytes) override;
  void end_of_input() override;
  void abort(Error error) override;
  std::string_view output() const override;
  void sent() override;
  std::optional<ClientEvent> next_event() override;
  void tls_established() override;
  void log_in(std::string_view user, const Secret& password) override;
  void send(std::string_view command) override;
  void log_out() override;
  bool secure() const override { return client_.secure(); }
  const Error& error() const override { return *error_; }
  std::string_view reply() const override;
  const std::vector<std::string_view>& capabilities() const override { return capabilities_; }
  bool upgrade_offered() const override { return upgrade_offered_; }
  const std::optional<Error>& downgrade() const override { return downgrade_; }

 private:
  enum class Stage : std::uint8_t { opening, upgrading, idle, login, command, goodbye, over };

  void take_in();  // what the machine has come to
  void keep_capabilities();
  void on_ready();
  void read_replies();
  void count_recipients(char answer);
  void fail_session(Error error);
  Error in_our_words(const Error& error) const;

  ClientOptions options_;
  smtp::Client client_;
  bool lmtp_;
  Stage stage_ = Stage::opening;
  std::vector<ClientEvent> events_;
  std::size_t next_event_ = 0;
  std::optional<Error> error_;
  std::optional<Error> downgrade_;
  bool upgrade_offered_ = false;
  std::vector<std::string> keywords_;
  std::vector<std::string_view> capabilities_;  // of keywords_

  // Commands of send() and their replies.
  std::string out_;
  std::string in_;
  std::size_t reply_end_ = 0;  // in_ is one whole reply, or LMTP's several
  std::size_t scanned_ = 0;    // behind reply_end_: whole lines of the reply that is coming in
  std::size_t replies_due_ = 0;
  std::size_t recipients_ = 0;  // LMTP answers for each of them at the end
  enum class Sent : std::uint8_t { other, mail, recipient, content } sent_ = Sent::other;
  bool content_next_ = false;
};

SmtpClient::SmtpClient(const ProtocolRow& protocol, ClientOptions options)
    : options_(std::move(options)),
      client_(smtp_options(protocol, options_)),
      lmtp_(protocol.protocol == Protocol::lmtp) {
  events_.reserve(kEvents);
  out_.reserve(kOutputRoom);
  in_.reserve(kInputRoom);
}

void SmtpClient::feed(std::string_view bytes) {
  if (stage_ == Stage::over || bytes.empty()) return;
  if (stage_ == Stage::command) {
    in_ += bytes;
    return read_replies();
  }
  in_.clear();
  reply_end_ = 0;
  client_.feed(bytes);
  take_in();
}

void SmtpClient::end_of_input() {
  if (stage_ == Stage::over) return;
  if (stage_ == Stage::command) {
    return fail_session(Error(Code::connection_lost, "before it answered a command"));
  }
  client_.end_of_input();
  take_in();
}

void SmtpClient::abort(Error error) {
  if (stage_ != Stage::over) fail_session(std::move(error));
}

std::string_view SmtpClient::output() const {
  if (stage_ == Stage::over) return {};
  return out_.empty() ? client_.output() : std::string_view(out_);
}

void SmtpClient::sent() {
  if (out_.empty()) return client_.sent();
  out_.clear();
}

std::optional<ClientEvent> SmtpClient::next_event() {
  if (next_event_ == events_.size()) return std::nullopt;
  ClientEvent event = events_[next_event_++];
  if (next_event_ == events_.size()) {
    events_.clear();
    next_event_ = 0;
  }
  return event;
}

void SmtpClient::take_in() {
  keep_capabilities();
  while (auto event = client_.next_event()) {
    switch (*event) {
      case smtp::ClientEvent::upgrade:
        stage_ = Stage::upgrading;
        events_.push_back(ClientEvent::upgrade);
        break;
      case smtp::ClientEvent::ready:
        on_ready();
        break;
      case smtp::ClientEvent::failed:
        fail_session(in_our_words(client_.error()));
        break;
      case smtp::ClientEvent::closed:
        stage_ = Stage::over;
        events_.push_back(ClientEvent::closed);
        break;
      case smtp::ClientEvent::want_content:
      case smtp::ClientEvent::outcome:
        break;  // no transaction is ever begun here
    }
  }
}

// The machine forgets them with the upgrade command; who looks at the session does so later.
void SmtpClient::keep_capabilities() {
  const smtp::Capabilities& now = client_.capabilities();
  if (!secure() && now.starttls) upgrade_offered_ = true;
  if (!now.extended || now.keywords == keywords_) return;
  keywords_ = now.keywords;
  capabilities_.assign(keywords_.begin(), keywords_.end());
}

void SmtpClient::on_ready() {
  if (options_.mode == Mode::if_available && !secure()) {
    if (client_.starttls_refused()) {
      downgrade_ = in_our_words(*client_.starttls_refused());
    } else {
      downgrade_.emplace(
          Code::starttls_not_offered,
          "offered in clear: " + printable(join(client_.capabilities().keywords, " ")));
    }
  }
  events_.push_back(stage_ == Stage::login ? ClientEvent::logged_in : ClientEvent::ready);
  stage_ = Stage::idle;
}

// The codes that all protocols share.
Error SmtpClient::in_our_words(const Error& error) const {
  Code code = error.code;
  bool login = stage_ == Stage::login;
  if (code == Code::smtp_protocol) code = Code::dialog_protocol;
  if (code == Code::smtp_temporary) code = login ? Code::auth_failed : Code::connection_lost;
  if (code == Code::starttls_injection && stage_ == Stage::upgrading) {
    code = Code::unexpected_greeting;
  }
  if (code == Code::starttls_refused) {
    char answer = client_.last_reply().empty() ? ' ' : client_.last_reply().front();
    if (answer != '4' && answer != '5' && answer != '2') code = Code::dialog_protocol;
    if (!upgrade_offered_) code = Code::starttls_not_offered;
  }
  return {code, error.detail};
}

void SmtpClient::fail_session(Error error) {
  stage_ = Stage::over;
  out_.clear();
  error_ = std::move(error);
  events_.push_back(ClientEvent::failed);
}

void SmtpClient::tls_established() {
  if (stage_ != Stage::upgrading) return;
  capabilities_.clear();
  keywords_.clear();
  stage_ = Stage::opening;
  client_.tls_established();
  take_in();
}

void SmtpClient::log_in(std::string_view user, const Secret& password) {
  if (stage_ == Stage::over) return;
  if (stage_ != Stage::idle) {
    return fail_session(Error(Code::internal, "a login was begun out of turn"));
  }
  if (auto usable = check_login(user, password); !usable) {
    return fail_session(std::move(usable).error());
  }
  stage_ = Stage::login;
  auto credentials = std::make_shared<smtp::Credentials>();
  credentials->user = user;
  credentials->password = Secret(std::string(password.reveal()));
  client_.log_in(std::move(credentials));
  take_in();
}

void SmtpClient::send(std::string_view command) {
  if (stage_ == Stage::over) return;
  // `idle` is reached in clear only where that is allowed; held here all the same.
  if (stage_ != Stage::idle || (!secure() && options_.mode == Mode::required)) {
    return fail_session(Error(Code::internal, "a command was begun out of turn"));
  }
  stage_ = Stage::command;
  in_.clear();
  reply_end_ = scanned_ = 0;
  out_ += command;
  replies_due_ = 1;
  sent_ = Sent::other;
  if (content_next_) {
    sent_ = Sent::content;
    if (lmtp_) replies_due_ = std::max<std::size_t>(recipients_, 1);
  } else if (starts_with_ignoring_case(command, "MAIL")) {
    sent_ = Sent::mail;
  } else if (starts_with_ignoring_case(command, "RCPT")) {
    sent_ = Sent::recipient;
  }
}

void SmtpClient::read_replies() {
  if (in_.size() > limits::kDialogReply) {
    return fail_session(Error(Code::too_large, "one reply of the server has more than " +
                                                   std::to_string(limits::kDialogReply) +
                                                   " bytes"));
  }
  while (replies_due_ > 0) {
    std::string_view rest = std::string_view(in_).substr(reply_end_);
    auto end = reply_end(rest, scanned_);
    if (!end) return fail_session(std::move(end).error());
    if (*end == 0) return;
    count_recipients(rest.front());
    reply_end_ += *end;
    scanned_ = 0;
    --replies_due_;
  }
  if (reply_end_ != in_.size() || !out_.empty()) {
    return fail_session(Error(Code::dialog_protocol, "a reply that nobody asked for: " +
                                                         printable(in_.substr(reply_end_))));
  }
  stage_ = Stage::idle;
  events_.push_back(ClientEvent::reply);
}

// rfc2033#4.2: after the content LMTP answers once for each recipient it has accepted.
void SmtpClient::count_recipients(char answer) {
  if (sent_ == Sent::mail) recipients_ = 0;
  if (sent_ == Sent::recipient && answer == '2') ++recipients_;
  content_next_ = answer == '3' && sent_ != Sent::content;
}

void SmtpClient::log_out() {
  if (stage_ != Stage::idle) return;
  stage_ = Stage::goodbye;
  client_.quit();
  take_in();
}

std::string_view SmtpClient::reply() const {
  return reply_end_ > 0 ? std::string_view(in_).substr(0, reply_end_) : client_.last_reply();
}

}  // namespace

std::unique_ptr<ClientDialog> make_smtp_client(const ProtocolRow& protocol, ClientOptions options) {
  return std::make_unique<SmtpClient>(protocol, std::move(options));
}

}  // namespace pawl::starttls
