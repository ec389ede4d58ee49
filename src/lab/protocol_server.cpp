#include "lab/protocol_server.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lab/session_owner.h"
#include "starttls/server.h"

namespace pawl::lab {
namespace {

using starttls::Protocol;
using starttls::ServerEvent;

// The dialog's own words for: not in clear.
bool refuses_login_in_clear(std::string_view answer) {
  return answer.find("[PRIVACYREQUIRED]") != std::string_view::npos ||
         answer.find("-ERR [AUTH] logins need TLS") != std::string_view::npos ||
         answer.find("(ENCRYPT-NEEDED)") != std::string_view::npos ||
         answer.find("538 5.7.11") != std::string_view::npos;
}

class Session {
 public:
  Session(const ProtocolServer& server, Connection& client) : server_(server), client_(client) {}

  Result<> run(TlsStart start) {
    if (start == TlsStart::implicit) TRY_VOID(client_.start_tls(*server_.identity));
    bool clear_logins = server_.identity == nullptr && server_.accept_clear_login;
    make_dialog(client_.is_tls() || clear_logins);
    if (start == TlsStart::inside && starttls::row(server_.protocol).first_after_upgrade ==
                                         starttls::FirstAfterUpgrade::client) {
      dialog_->next();
      dialog_->sent();
    }
    while (true) {
      switch (dialog_->next()) {
        case ServerEvent::need_input: {
          if (takes_login_in_clear()) break;
          TRY_VOID(say());
          TRY(std::string line, client_.read_line());
          line_ = line + "\r\n";
          dialog_->feed(line_);
          break;
        }
        case ServerEvent::start_tls:
          if (client_.has_unread_input()) return fail(Code::starttls_injection);
          TRY_VOID(say());
          TRY_VOID(client_.start_tls(*server_.identity));
          dialog_->tls_started();
          break;
        case ServerEvent::authenticate:
          log_in();
          break;
        case ServerEvent::established:
          TRY_VOID(say());
          client_.unread(dialog_->take_input());
          return own();
        case ServerEvent::injection:
          return fail(Code::starttls_injection);
        case ServerEvent::closed:
          return say();
      }
    }
  }

 private:
  // `secure`: the dialog believes so, and takes logins.
  void make_dialog(bool secure) {
    const starttls::ProtocolRow& row = starttls::row(server_.protocol);
    dialog_ = row.make_server(row, {.hostname = server_.name,
                                    .starttls = server_.identity != nullptr,
                                    .implicit_tls = secure,
                                    .clear_mail = server_.accept_clear_login});
  }

  Result<> say() {
    TRY_VOID(client_.write(dialog_->output()));
    dialog_->sent();
    return {};
  }

  // Our dialogs know no login in clear. Another one, that believes to be inside TLS, hears the same
  // line again.
  bool takes_login_in_clear() {
    if (starts_with_ignoring_case(line_, "EHLO ") || starts_with_ignoring_case(line_, "LHLO ")) {
      hello_ = line_;
    }
    if (client_.is_tls() || !server_.accept_clear_login) return false;
    if (!refuses_login_in_clear(dialog_->output())) return false;
    make_dialog(true);
    dialog_->next();
    if (!hello_.empty()) {
      dialog_->feed(hello_);
      dialog_->next();
    }
    dialog_->sent();
    dialog_->feed(line_);
    return true;
  }

  void log_in() {
    bool right =
        dialog_->user() == server_.user && dialog_->password().reveal() == server_.password;
    if (!right) return dialog_->refuse();
    user_ = dialog_->user();
    SessionOwner{server_, client_, user_}.deposit(Deposit::Kind::login, {}, {});
    dialog_->accept();
  }

  Result<> own() {
    SessionOwner account{server_, client_, user_};
    if (server_.protocol == Protocol::imap) return serve_imap_account(account);
    if (server_.protocol == Protocol::pop3) return serve_pop3_account(account);
    if (server_.protocol == Protocol::sieve) return serve_sieve_account(account);
    Mailbox mailbox;
    MailServer mail{.name = server_.name,
                    .mailbox = &mailbox,
                    .lmtp = server_.protocol == Protocol::lmtp,
                    .taken = [&account](const ReceivedMail& received) {
                      account.deposit(Deposit::Kind::message, join(received.to, ","),
                                      received.content);
                    }};
    serve_mail(mail, client_, TlsStart::inside);
    return {};
  }

  const ProtocolServer& server_;
  Connection& client_;
  std::unique_ptr<starttls::ServerDialog> dialog_;
  std::string line_;   // the last of the client's
  std::string hello_;  // his EHLO
  std::string user_;
};

}  // namespace

void Deposits::add(Deposit deposit) {
  std::lock_guard lock(mutex_);
  deposits_.push_back(std::move(deposit));
  arrived_.notify_all();
}

std::vector<Deposit> Deposits::all() const {
  std::lock_guard lock(mutex_);
  return deposits_;
}

std::vector<Deposit> Deposits::of(Deposit::Kind kind) const {
  std::vector<Deposit> found = all();
  std::erase_if(found, [kind](const Deposit& deposit) { return deposit.kind != kind; });
  return found;
}

bool Deposits::wait_for(Deposit::Kind kind, std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return arrived_.wait_for(lock, patience, [&] {
    return std::ranges::any_of(deposits_,
                               [kind](const Deposit& deposit) { return deposit.kind == kind; });
  });
}

void serve_protocol(const ProtocolServer& server, Connection& client, TlsStart start) {
  // However the session ended, the connection ends: what arrived is in the deposits.
  [[maybe_unused]] Result<> ended = Session(server, client).run(start);
}

}  // namespace pawl::lab
