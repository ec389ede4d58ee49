// The attacker on the path between a sender and one MX host: a relay of bytes that listens on the
// host's own address and port and passes everything on to the real server behind it, until told
// otherwise. It may be told at any time; a connection keeps the trick it began with.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "lab/connection.h"
#include "lab/eavesdropper.h"
#include "lab/mail_server.h"
#include "lab/socket.h"

namespace pawl::lab {

enum class PathTrick : unsigned char {
  listen_only,         // reads what passes and changes nothing
  remove_capability,   // STARTTLS is cut out of the EHLO reply, and refused with 502 if asked for
  mask_capability,     // overwritten by as many X; the command likewise
  rewrite_command,     // the capability stays, the client's command becomes XXXXXXXX
  answer_454,          // "454 4.7.0 TLS not available" to STARTTLS
  answer_500,          // "500 5.5.1 unrecognized" to STARTTLS
  cut_handshake,       // hangs up on the ClientHello
  stall_handshake,     // swallows the ClientHello and keeps the connection open
  swap_certificate,    // terminates TLS with a certificate of its own and takes the mail
  inject_response,     // plaintext behind the server's 220, in the same packet
  inject_command,      // plaintext behind the client's STARTTLS, in the same packet
  splice_to_implicit,  // answers 220 itself and joins the handshake to the implicit-TLS port
};

class MxPath {
 public:
  struct Options {
    Endpoint server;            // the real one, in clear with STARTTLS
    Endpoint implicit_server;   // the same server's implicit-TLS port
    std::string name;           // the host, for the attacker's own replies
    Mailbox* stolen = nullptr;  // what the attacker took under its own TLS; not null
  };
  explicit MxPath(Options options) : options_(std::move(options)) {}

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

 private:
  Options options_;
  Eavesdropper ear_;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  PathTrick trick_ = PathTrick::listen_only;
  std::shared_ptr<TlsIdentity> identity_;
};

}  // namespace pawl::lab
