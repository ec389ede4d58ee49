// One accepted connection as a line protocol sees it, in clear or, after start_tls, under TLS by
// OpenSSL itself (not tls/, which is under test). Blocking; one thread.
// Errors: as socket.h; tls_handshake.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "lab/socket.h"

struct ssl_ctx_st;
struct ssl_st;

namespace pawl::lab {

// A certificate chain with its key, ready to serve. Any thread.
class TlsIdentity {
 public:
  static Result<std::shared_ptr<TlsIdentity>> make(std::string_view chain_pem,
                                                   std::string_view key_pem);
  // Takes over a context made elsewhere (tls_offer.h).
  static std::shared_ptr<TlsIdentity> adopt(ssl_ctx_st* context);
  ~TlsIdentity();
  ssl_ctx_st* context() const { return context_; }

 private:
  explicit TlsIdentity(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

class Connection {
 public:
  explicit Connection(Socket& socket) : socket_(socket) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Without its line ending (CRLF, or LF alone). A line over 16 KiB is an error (too_large).
  Result<std::string> read_line();
  Result<std::string> read_exactly(std::size_t size);
  // What has come, after what was left by the two above; empty: something of TLS's own.
  Result<std::string> read_some();
  // Puts bytes back in front of what has come: they are read again.
  void unread(std::string_view bytes) { buffered_.insert(0, bytes); }
  Result<> write(std::string_view text);
  // As server; `received` is what came of the handshake already.
  Result<> start_tls(const TlsIdentity& identity, std::string_view received = {});
  // As client, and without looking at the certificate: for the attacker.
  Result<> start_tls_as_client();
  bool is_tls() const { return tls_ != nullptr; }
  std::string sni() const;
  // Hears every byte that comes, and whether it came inside TLS.
  void set_overhear(std::function<void(std::string_view bytes, bool tls)> overhear) {
    overhear_ = std::move(overhear);
  }
  // What has come in and was not read yet.
  bool has_unread_input() const;
  Socket& socket() { return socket_; }

 private:
  Result<std::string> receive();

  Socket& socket_;
  ssl_st* tls_ = nullptr;
  std::string buffered_;
  std::function<void(std::string_view, bool)> overhear_;
};

}  // namespace pawl::lab
