// One server of the lab (protocol_server.h) with the attacker before it, for a client that does not
// know: our own (dialog_matrix.h) or a foreign one (foreign_client.h). When the client is gone,
// judge() says what the bytes say. The client's word counts for nothing.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lab/identity.h"
#include "lab/mail_path.h"
#include "lab/protocol_server.h"
#include "lab/scratch.h"
#include "lab/secret_search.h"

namespace pawl::lab {

inline constexpr std::string_view kLabHost = "mail.lab.test";
inline constexpr std::string_view kLabUser = "labuser";
// Names in a namespace's /etc/hosts: kLabHost, and where the attacker refers to.
inline const IpAddress kLabAddress = IpAddress::v4(127, 0, 0, 9);
inline const IpAddress kAttackerAddress = IpAddress::v4(127, 0, 0, 66);

// What all attacked servers share: who is trusted, and the secrets, new in each run.
struct Grounds {
  static Result<std::unique_ptr<Grounds>> make();

  Grounds(Scratch directory, tls::Authority trusted)
      : scratch(std::move(directory)), authority(std::move(trusted)) {}

  Scratch scratch;
  tls::Authority authority;
  std::string ca_file;
  KnownSecrets secrets;
  std::string message;  // one that carries the marked words, lines ending in CRLF
  std::string message_file;
  LabIdentity server;  // for kLabHost, by the authority
};

// What the bytes say.
struct Judgement {
  Leak leak;                     // by the words that only the lab knows
  std::size_t bytes_leaked = 0;  // by counting
  std::string excerpt;
  int connections = 0;
  int handshakes = 0;               // ClientHellos
  bool spoke_in_tls = false;        // the real server heard a command inside TLS
  std::optional<bool> used_forged;  // what the attacker slipped in; nothing: he slipped in nothing
  std::vector<Deposit> deposits;    // what the real server took

  bool leaked() const { return bytes_leaked > 0 || leak.any(); }
  bool got(Deposit::Kind kind) const;
  // Whoever finds the words must have counted bytes.
  bool consistent() const { return bytes_leaked > 0 || !leak.any(); }
};

class AttackedServer {
 public:
  struct Options {
    starttls::Protocol protocol = starttls::Protocol::imap;
    bool implicit_tls = false;
    const UpgradeAttackRow* attack = nullptr;  // not null
    // Where the client connects to. Port 0: a free one; it has the standard one in a namespace.
    Endpoint at{IpAddress::v4(127, 0, 0, 1), 0};
  };
  // The grounds outlive it. Errors: invalid_argument (the attack cannot be played there); as
  // socket.h.
  static Result<std::unique_ptr<AttackedServer>> open(const Grounds& grounds, Options options);
  ~AttackedServer();

  const Endpoint& front() const { return front_; }  // the attacker's, where the client connects to
  // Ends every connection and waits for it.
  Judgement judge();

 private:
  AttackedServer(const Grounds& grounds, const Options& options);
  Result<> start();
  void serve_real(Socket& client, TlsStart start);
  void serve_referred(Socket& client);
  std::optional<bool> used_forged(const Judgement& judgement) const;

  const Grounds& grounds_;
  Options options_;
  Deposits deposits_;
  SecretSearch secrets_;
  ProtocolServer server_;
  MailPath path_;
  LabIdentity attacker_;  // of the host that he refers to: valid for its own name
  std::atomic<int> visits_of_referred_ = 0;
  mutable std::mutex mutex_;
  std::string heard_in_tls_;  // what the real server was told inside TLS
  Endpoint front_;
  // Last, so that their threads are gone before what they serve.
  std::unique_ptr<TcpServer> back_;
  std::unique_ptr<TcpServer> path_server_;
};

}  // namespace pawl::lab
