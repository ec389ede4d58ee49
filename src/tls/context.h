// Internal to tls/: what the connections of one side share.
#pragma once

#include "tls/engine.h"
#include "tls/openssl.h"
#include "tls/session_cache.h"

namespace pawl::tls {

class ClientContext {
 public:
  ClientContext(SslContextPointer context, StorePointer anchors, bool resumption,
                const Clock* clock);
  SSL_CTX* get() const { return context_.get(); }
  X509_STORE* anchors() const { return anchors_.get(); }
  SessionCache* sessions() { return resumption_ ? &sessions_ : nullptr; }
  WallTime now() const;

 private:
  SslContextPointer context_;
  StorePointer anchors_;  // of PKIX; DANE never sees them
  bool resumption_;
  const Clock* clock_;
  SessionCache sessions_;
};

class ServerContext {
 public:
  SslContextPointer context;
  std::string alpn;  // in wire form (rfc7301#3.1), best first
  bool alpn_required = false;
  struct Staple {
    CertificatePointer leaf;
    std::string response;  // DER
  };
  std::vector<Staple> staples;
};

// OpenSSL's call-backs of a client; they find their Engine through the SSL.
int verify_during_handshake(X509_STORE_CTX* context, void*);
int keep_new_session(SSL* ssl, SSL_SESSION* session);

int to_openssl(Version version);
// Offers the suites and signature algorithms of one kind of certificate only.
Result<> ask_for(SSL* ssl, CertificateKind kind);
std::string alpn_wire(const std::vector<std::string>& protocols);

}  // namespace pawl::tls
