// SMTP, submission and LMTP until the session has an owner: the machine of smtp/server.h, which
// knows STARTTLS and AUTH, given one line at a time so that nothing of the owner's is consumed.
// Who logs in owns the session, and so does who says MAIL where that is allowed.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "smtp/server.h"
#include "starttls/dialogs.h"

namespace pawl::starttls {

namespace {

smtp::ServerOptions machine_options(Protocol protocol, ServerOptions options) {
  return {.hostname = std::move(options.hostname),
          .lmtp = protocol == Protocol::lmtp,
          .starttls = options.starttls,
          .auth = options.authentication,
          .clear_mail = options.clear_mail,
          .max_errors = options.max_errors};
}

class SmtpServer final : public ServerDialog {
 public:
  SmtpServer(Protocol protocol, bool tls, ServerOptions options)
      : options_(machine_options(protocol, std::move(options))),
        // rfc6409#4.3: mail is submitted by somebody.
        login_first_(protocol == Protocol::submission && options_.auth),
        machine_(std::in_place, options_, tls) {}

  void feed(std::string_view bytes) override {
    if (bytes.empty() || end_) return;
    if (upgrading_) {
      // In clear where a ClientHello is due.
      end_ = ServerEvent::injection;
      return;
    }
    input_.erase(0, at_);
    line_ = at_ = 0;
    input_.append(bytes);
  }

  ServerEvent next() override {
    while (true) {
      if (end_) return *end_;
      if (established_) return ServerEvent::established;
      switch (machine_->next()) {
        case smtp::ServerEvent::need_input:
          if (!feed_line()) return ServerEvent::need_input;
          break;
        case smtp::ServerEvent::sender:
          if (login_first_) {
            machine_->refuse("530 5.7.0 log in first");
          } else {
            at_ = line_;  // MAIL is the owner's
            established_ = true;
          }
          break;
        case smtp::ServerEvent::authenticate:
          if (!credentials_) credentials_ = machine_->take_credentials();
          return ServerEvent::authenticate;
        case smtp::ServerEvent::start_tls:
          upgrading_ = true;
          // CVE-2011-0411: the machine was given the line alone and cannot know.
          if (at_ == input_.size()) return ServerEvent::start_tls;
          end_ = ServerEvent::injection;
          machine_->sent();
          break;
        case smtp::ServerEvent::injection:
          end_ = ServerEvent::injection;
          break;
        default:  // closed; content does not come before an owner
          end_ = ServerEvent::closed;
          break;
      }
    }
  }

  std::string_view output() const override { return machine_->output(); }
  void sent() override { machine_->sent(); }

  // A new machine: nothing from before the handshake can be in it, nor the count of errors.
  void tls_started() override {
    if (!upgrading_ || end_) return;
    upgrading_ = false;
    std::ranges::fill(input_, '\0');
    input_.clear();
    line_ = at_ = 0;
    credentials_.reset();
    machine_.emplace(options_, true);
    machine_->sent();  // no greeting inside TLS
  }

  void accept() override {
    if (!credentials_ || end_) return;
    machine_->accept();
    established_ = true;
  }
  void refuse() override {
    if (!credentials_ || end_) return;
    credentials_.reset();
    machine_->refuse("535 5.7.8 wrong user name or password");
  }
  void time_out() override {
    if (established_ || end_) return;
    // A handshake that hangs is not spoken into.
    if (!upgrading_) machine_->time_out();
    end_ = ServerEvent::closed;
    credentials_.reset();
  }

  bool secure() const override { return machine_->tls(); }
  std::string_view user() const override {
    return credentials_ ? std::string_view(credentials_->user) : std::string_view();
  }
  const Secret& password() const override {
    static const Secret kNone;
    return credentials_ ? credentials_->password : kNone;
  }
  std::string_view client_name() const override { return machine_->hello(); }

  std::string take_input() override {
    if (!established_) return {};
    std::string rest = input_.substr(at_);
    input_ = {};
    at_ = 0;
    return rest;
  }

 private:
  // Gives the machine one line with its end, or as much of one as is too long for it. What is
  // whole in the buffer stays until the next, for it may be the owner's.
  bool feed_line() {
    std::fill(input_.begin() + static_cast<std::ptrdiff_t>(line_),
              input_.begin() + static_cast<std::ptrdiff_t>(at_), '\0');
    std::string_view rest = std::string_view(input_).substr(at_);
    std::size_t end = rest.substr(0, limits::kSmtpCommandLine).find('\n');
    bool whole = end != std::string_view::npos;
    if (!whole && rest.size() < limits::kSmtpCommandLine) return false;
    std::string_view line = rest.substr(0, whole ? end + 1 : limits::kSmtpCommandLine);
    line_ = at_;
    at_ += line.size();
    machine_->feed(line);
    return true;
  }

  smtp::ServerOptions options_;
  bool login_first_;
  std::optional<smtp::Server> machine_;
  std::string input_;
  std::size_t line_ = 0;  // where the line begins that the machine has been given
  std::size_t at_ = 0;    // what stands before is consumed
  bool upgrading_ = false;
  bool established_ = false;
  std::optional<ServerEvent> end_;
  std::optional<smtp::Credentials> credentials_;
};

}  // namespace

std::unique_ptr<ServerDialog> make_smtp_server(const ProtocolRow& protocol, ServerOptions options) {
  bool tls = options.implicit_tls;
  return std::make_unique<SmtpServer>(protocol.protocol, tls, std::move(options));
}

}  // namespace pawl::starttls
