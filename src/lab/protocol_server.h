// A server of the lab in any protocol of the table (starttls/protocols.def), for real clients: our
// own server dialog until the login, then as much of IMAP, POP3, ManageSieve, SMTP and LMTP as
// fetchers, mail programs and senders need. What a client leaves here is kept, with how it came.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "lab/connection.h"
#include "lab/mail_server.h"
#include "starttls/protocol.h"

namespace pawl::lab {

// Something a client did that a server keeps.
struct Deposit {
  enum class Kind : unsigned char {
    login,    // user and password were right
    message,  // sent (SMTP, LMTP) or appended (IMAP)
    script,   // put (ManageSieve)
    fetched,  // the message of ProtocolServer::content was read
  };
  Kind kind = Kind::login;
  starttls::Protocol protocol = starttls::Protocol::smtp;
  std::string server;   // ProtocolServer::name
  std::string user;     // empty: nobody logged in
  std::string place;    // mailbox, script name, or the recipients with commas between them
  std::string content;  // of a message or a script
  bool over_tls = false;
  std::string sni;
};

// Where servers put what they took. Thread-safe.
class Deposits {
 public:
  void add(Deposit deposit);
  std::vector<Deposit> all() const;
  std::vector<Deposit> of(Deposit::Kind kind) const;
  // Waits until one of the kind is there; false: the time came first.
  bool wait_for(Deposit::Kind kind, std::chrono::milliseconds patience) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<Deposit> deposits_;
};

struct ProtocolServer {
  starttls::Protocol protocol = starttls::Protocol::imap;
  std::string name;                       // in the greeting
  std::shared_ptr<TlsIdentity> identity;  // null: an old server without TLS
  std::string user;
  std::string password;
  std::string content;           // the one message the account holds, lines ending in CRLF
  Deposits* deposits = nullptr;  // not null
  // What comes in clear is taken as well, as many servers do, so that a client who shows his
  // password shows his mail too. It is never offered: LOGINDISABLED and its like stand.
  bool accept_clear_login = true;
};

// Until the client leaves. With TlsStart::inside nothing is greeted, but where the protocol has the
// server speak first after the handshake.
void serve_protocol(const ProtocolServer& server, Connection& client, TlsStart start);

}  // namespace pawl::lab
