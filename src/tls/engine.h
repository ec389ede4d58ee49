// One TLS connection as a machine over memory: ciphertext in and out on one side, plaintext on the
// other. A client engine completes the handshake whatever the certificate is, and describes it;
// judge() decides. So a failure can be named before the session is closed, and an opportunistic
// session never fails on a certificate (RFC 7435).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "tls/description.h"
#include "tls/profile.h"

namespace pawl::tls {

// Shared by the connections of one side; immutable after construction, any thread.
class ClientContext;  // trust anchors, session cache
class ServerContext;  // certificate and key; a reload makes a new one

struct ClientContextOptions {
  std::string ca_file;  // PEM; empty: the system's /etc/ssl/certs/ca-certificates.crt
  bool resumption = true;
};
struct ServerContextOptions {
  // One or two (RSA and ECDSA) certificate chains with keys, PEM files. SNI selects none: one name.
  struct KeyPair {
    std::string certificate_file;
    std::string key_file;
  };
  std::vector<KeyPair> key_pairs;
  Version min_version = Version::tls1_0;  // opportunistic: old TLS beats none
  std::vector<std::string> alpn;
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
};

// Starts at once: the ClientHello is ready to take().
Result<std::unique_ptr<Engine>> make_client_engine(const std::shared_ptr<ClientContext>& context,
                                                   const ClientProfile& profile);
Result<std::unique_ptr<Engine>> make_server_engine(const std::shared_ptr<ServerContext>& context);

}  // namespace pawl::tls
