#include "lab/connection.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr std::size_t kLineLimit = 16UL * 1024;

Error openssl_error(Code code, std::string_view what) {
  char text[256] = "no reason given";
  if (unsigned long error = ERR_get_error(); error != 0)
    ERR_error_string_n(error, text, sizeof text);
  ERR_clear_error();
  return Error(code, fmt::format("{}: {}", what, text));
}

// Bytes that were read from the socket before TLS began come first, then the socket's own.
BIO* prefixed_input(Socket& socket, std::string_view received) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lab input");
    BIO_meth_set_read(made, [](BIO* bio, char* into, int size) -> int {
      auto* state = static_cast<std::pair<std::string, int>*>(BIO_get_data(bio));
      std::string& first = state->first;
      if (!first.empty()) {
        std::size_t count = std::min(first.size(), static_cast<std::size_t>(size));
        std::memcpy(into, first.data(), count);
        first.erase(0, count);
        return static_cast<int>(count);
      }
      return static_cast<int>(recv(state->second, into, static_cast<std::size_t>(size), 0));
    });
    BIO_meth_set_write(made, [](BIO* bio, const char* from, int size) -> int {
      auto* state = static_cast<std::pair<std::string, int>*>(BIO_get_data(bio));
      return static_cast<int>(
          send(state->second, from, static_cast<std::size_t>(size), MSG_NOSIGNAL));
    });
    BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH ? 1 : 0;
    });
    BIO_meth_set_destroy(made, [](BIO* bio) -> int {
      delete static_cast<std::pair<std::string, int>*>(BIO_get_data(bio));
      return 1;
    });
    return made;
  }();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, new std::pair<std::string, int>(received, socket.descriptor()));
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::make(std::string_view chain_pem,
                                                       std::string_view key_pem) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity(context));
  BIO* chain = BIO_new_mem_buf(chain_pem.data(), static_cast<int>(chain_pem.size()));
  bool good = true;
  for (int position = 0; X509* certificate = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
       ++position) {
    good = good && (position == 0 ? SSL_CTX_use_certificate(context, certificate)
                                  : SSL_CTX_add1_chain_cert(context, certificate)) == 1;
    X509_free(certificate);
  }
  ERR_clear_error();  // the end of the chain is an error to PEM_read
  BIO_free(chain);
  BIO* key = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
  EVP_PKEY* private_key = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
  BIO_free(key);
  good = good && private_key != nullptr && SSL_CTX_use_PrivateKey(context, private_key) == 1;
  EVP_PKEY_free(private_key);
  if (!good) return fail(openssl_error(Code::certificate_invalid, "loading a lab certificate"));
  return identity;
}

std::shared_ptr<TlsIdentity> TlsIdentity::adopt(ssl_ctx_st* context) {
  return std::shared_ptr<TlsIdentity>(new TlsIdentity(context));
}

TlsIdentity::~TlsIdentity() {
  SSL_CTX_free(context_);
}

Connection::~Connection() {
  if (tls_ == nullptr) return;
  SSL_shutdown(tls_);
  SSL_free(tls_);
  ERR_clear_error();
}

Result<std::string> Connection::receive() {
  std::string bytes;
  if (tls_ == nullptr) {
    TRY(bytes, socket_.read_some());
  } else {
    char part[16 * 1024];
    int got = SSL_read(tls_, part, sizeof part);
    // A message of TLS's own has come (a ticket); whoever polled must not wait for more.
    if (got <= 0 && SSL_get_error(tls_, got) == SSL_ERROR_WANT_READ) return std::string();
    if (got <= 0) {
      ERR_clear_error();
      return fail(Code::connection_lost);
    }
    bytes.assign(part, static_cast<std::size_t>(got));
  }
  if (overhear_) overhear_(bytes, is_tls());
  return bytes;
}

Result<std::string> Connection::read_some() {
  if (buffered_.empty()) return receive();
  return std::exchange(buffered_, {});
}

Result<std::string> Connection::read_line() {
  std::size_t end;
  while ((end = buffered_.find('\n')) == std::string::npos) {
    if (buffered_.size() > kLineLimit) return fail(Code::too_large);
    TRY(std::string more, receive());
    buffered_ += more;
  }
  std::string line = buffered_.substr(0, end);
  buffered_.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Result<std::string> Connection::read_exactly(std::size_t size) {
  while (buffered_.size() < size) {
    TRY(std::string more, receive());
    buffered_ += more;
  }
  std::string bytes = buffered_.substr(0, size);
  buffered_.erase(0, size);
  return bytes;
}

Result<> Connection::write(std::string_view text) {
  if (tls_ == nullptr) return socket_.write_all(text);
  if (!text.empty() && SSL_write(tls_, text.data(), static_cast<int>(text.size())) <= 0) {
    ERR_clear_error();
    return fail(Code::connection_lost);
  }
  return {};
}

Result<> Connection::start_tls(const TlsIdentity& identity, std::string_view received) {
  tls_ = SSL_new(identity.context());
  BIO* bio = prefixed_input(socket_, received);
  SSL_set_bio(tls_, bio, bio);
  buffered_.clear();  // nothing from before the handshake survives it
  if (SSL_accept(tls_) != 1) return fail(openssl_error(Code::tls_handshake, "lab server"));
  return {};
}

Result<> Connection::start_tls_as_client() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  tls_ = SSL_new(context);  // which keeps the context
  SSL_CTX_free(context);
  SSL_clear_mode(tls_, SSL_MODE_AUTO_RETRY);
  BIO* bio = prefixed_input(socket_, {});
  SSL_set_bio(tls_, bio, bio);
  buffered_.clear();
  if (SSL_connect(tls_) != 1) return fail(openssl_error(Code::tls_handshake, "lab attacker"));
  return {};
}

std::string Connection::sni() const {
  const char* name =
      tls_ != nullptr ? SSL_get_servername(tls_, TLSEXT_NAMETYPE_host_name) : nullptr;
  return name != nullptr ? name : "";
}

bool Connection::has_unread_input() const {
  return !buffered_.empty() || (tls_ == nullptr && !socket_.peek().empty());
}

}  // namespace pawl::lab
