// One TLS connection as a machine over memory: ciphertext in and out on one side, plaintext on the
// other. A client engine completes the handshake whatever the certificate is, and describes it;
// judge() decides. So a failure can be named before the session is closed, and an opportunistic
// session never fails on a certificate (RFC 7435).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "tls/description.h"
#include "tls/profile.h"

namespace pawl::tls {

// Shared by the connections of one side; immutable after construction, any thread.
class ClientContext;  // trust anchors, session cache
class ServerContext;  // certificate and key; a reload makes a new one

struct ClientContextOptions {
  std::string ca_file{};  // PEM; empty: ca_pem, or the system's /etc/ssl/certs/ca-certificates.crt
  std::string ca_pem{};   // the same as text; empty: none
  bool resumption = true;
  // For the dates of certificates and sessions; must outlive the context. Null: the system's.
  const Clock* clock = nullptr;
};
struct ServerContextOptions {
  // One or two (RSA and ECDSA) certificate chains with keys, PEM files. SNI selects none: one name.
  struct KeyPair {
    std::string certificate_file{};  // leaf first, then its chain
    std::string key_file{};
    std::string certificate_pem{};  // instead of the files, the same as text
    std::string key_pem{};
    std::string ocsp_response{};  // DER, stapled where a client asks (RFC 6066 section 8)
  };
  std::vector<KeyPair> key_pairs{};
  Version min_version = Version::tls1_0;  // opportunistic: old TLS beats none
  Version max_version = Version::tls1_3;  // lower only to stand for an old server in a test
  std::vector<std::string> alpn{};        // what is spoken here, best first; empty: ALPN is ignored
  // RFC 7301 section 3.2: nothing in common ends the handshake with no_application_protocol. Off,
  // such a client is served without ALPN: mail servers gain nothing from turning it away.
  bool alpn_required = false;
};

Result<std::shared_ptr<ClientContext>> make_client_context(const ClientContextOptions& options);
Result<std::shared_ptr<ServerContext>> make_server_context(const ServerContextOptions& options);

class Engine {
 public:
  enum class State : unsigned char { handshaking, open, closed, failed };

  virtual ~Engine() = default;
  virtual State state() const = 0;
  virtual void feed(std::string_view ciphertext) = 0;  // from the peer; drives the handshake
  virtual std::string take() = 0;  // ciphertext for the peer; empty: nothing now
  virtual void write(std::string_view plaintext) = 0;  // only when open
  virtual std::string read() = 0;                      // plaintext that has come; empty: none yet
  virtual void close() = 0;                            // queues close_notify
  virtual const Error& error() const = 0;              // when failed
  virtual const Description& description() const = 0;  // complete once open
  // The fatal alert the peer sent (RFC 8446 section 6.2), if one ended the session.
  virtual std::optional<std::uint8_t> alert() const = 0;
};

// The peer speaks none of the protocols of profile.alpn: try once more without (RFC 7301).
constexpr std::uint8_t kAlertNoApplicationProtocol = 120;

// Starts at once: the ClientHello is ready to take(). `peer` says whom this connection goes to
// (host and address): sessions are resumed only under an equal profile.key() and an equal peer; a
// resumed session is described by the proof of the handshake it came from. Empty: no resumption.
Result<std::unique_ptr<Engine>> make_client_engine(const std::shared_ptr<ClientContext>& context,
                                                   const ClientProfile& profile,
                                                   std::string_view peer = {});
Result<std::unique_ptr<Engine>> make_server_engine(const std::shared_ptr<ServerContext>& context);

}  // namespace pawl::tls
