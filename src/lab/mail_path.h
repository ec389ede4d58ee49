// The attacker on the path between a mail client and one server, whichever protocol they speak: a
// relay of bytes that listens on the server's own address and port and passes everything on to the
// real server behind it, until told otherwise. It may be told at any time; a connection keeps the
// trick it began with. The only attacker of the lab.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "lab/connection.h"
#include "lab/eavesdropper.h"
#include "lab/mail_server.h"
#include "lab/path_trick.h"
#include "lab/secret_search.h"
#include "lab/socket.h"

namespace pawl::lab {

class MailPath {
 public:
  struct Options {
    Endpoint server;           // the real one, in clear with its upgrade command
    Endpoint implicit_server;  // the same server's implicit-TLS port
    std::string name;          // the host, for the attacker's own replies
    // What the attacker took under its own TLS as an SMTP server. Null: it reads along and passes
    // everything on to the real server instead.
    Mailbox* stolen = nullptr;
    starttls::Protocol protocol = starttls::Protocol::smtp;
    // The path to the implicit-TLS port: the client's first byte is TLS.
    bool implicit = false;
    SecretSearch* secrets = nullptr;  // hears what crosses in clear, both ways, if set
  };
  explicit MailPath(Options options) : options_(std::move(options)) {}

  // Before the first connection: the real server.
  void lead_to(const Endpoint& server, const Endpoint& implicit_server) {
    options_.server = server;
    options_.implicit_server = implicit_server;
  }
  // The identity is for swap_certificate.
  void set(PathTrick trick, std::shared_ptr<TlsIdentity> identity = {});
  void serve(Socket& client);  // one connection; a TcpServer::Handler

  Eavesdropper& ear() { return ear_; }
  int connections() const { return connections_; }
  // A ClientHello came where one may come.
  int handshakes() const { return handshakes_; }

 private:
  Options options_;
  Eavesdropper ear_;
  std::atomic<int> connections_ = 0;
  std::atomic<int> handshakes_ = 0;
  std::mutex mutex_;
  PathTrick trick_ = PathTrick::listen_only;
  std::shared_ptr<TlsIdentity> identity_;
};

}  // namespace pawl::lab
