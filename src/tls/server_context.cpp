#include <openssl/ssl.h>

#include "tls/context.h"

namespace pawl::tls {

int to_openssl(Version version) {
  switch (version) {
    case Version::tls1_0:
      return TLS1_VERSION;
    case Version::tls1_1:
      return TLS1_1_VERSION;
    case Version::tls1_2:
      return TLS1_2_VERSION;
    case Version::tls1_3:
      return TLS1_3_VERSION;
  }
  return TLS1_3_VERSION;
}

std::string alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) continue;
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

namespace {

int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned int in_size, void* argument) {
  const auto& context = *static_cast<const ServerContext*>(argument);
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(
          &chosen, out_size, reinterpret_cast<const unsigned char*>(context.alpn.data()),
          static_cast<unsigned int>(context.alpn.size()), in, in_size) == OPENSSL_NPN_NEGOTIATED) {
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
  }
  return context.alpn_required ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

int staple(SSL* ssl, void* argument) {
  const auto& context = *static_cast<const ServerContext*>(argument);
  const X509* shown = SSL_get_certificate(ssl);
  for (const ServerContext::Staple& known : context.staples) {
    if (!shown || X509_cmp(known.leaf.get(), shown) != 0) continue;
    // OpenSSL frees what it is given.
    void* copy = OPENSSL_memdup(known.response.data(), known.response.size());
    SSL_set_tlsext_status_ocsp_resp(ssl, static_cast<unsigned char*>(copy),
                                    static_cast<long>(known.response.size()));
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

Result<> use_key_pair(ServerContext& made, const ServerContextOptions::KeyPair& pair) {
  std::string certificate_pem = pair.certificate_pem;
  std::string key_pem = pair.key_pem;
  const std::string certificate_at =
      pair.certificate_file.empty() ? std::string("the certificate") : pair.certificate_file;
  const std::string key_at = pair.key_file.empty() ? std::string("the key") : pair.key_file;
  if (!pair.certificate_file.empty()) {
    TRY(certificate_pem, read_file(pair.certificate_file));
  }
  if (!pair.key_file.empty()) {
    TRY(key_pem, read_file(pair.key_file));
  }
  TRY(auto chain, read_certificates(certificate_pem, certificate_at));
  TRY(auto key, read_private_key(key_pem, key_at));
  SSL_CTX* context = made.context.get();
  CertificatePointer leaf(sk_X509_shift(chain.get()));
  ERR_clear_error();
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(Code::config_invalid,
                key_at + " is not the key of the first certificate of " + certificate_at);
  }
  if (SSL_CTX_use_cert_and_key(context, leaf.get(), key.get(), chain.get(), 1) != 1) {
    return fail(Code::config_invalid, certificate_at + ": " + take_openssl_error());
  }
  if (!pair.ocsp_response.empty()) {
    made.staples.push_back({std::move(leaf), pair.ocsp_response});
    SSL_CTX_set_tlsext_status_cb(context, staple);
    SSL_CTX_set_tlsext_status_arg(context, &made);
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<ServerContext>> make_server_context(const ServerContextOptions& options) {
  if (options.key_pairs.empty()) {
    return fail(Code::config_invalid, "a TLS server needs a certificate and its key");
  }
  auto made = std::make_shared<ServerContext>();
  made->context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made->context.get();
  // Without a floor whoever can only speak old TLS is better served by it than by clear text.
  const bool any_version = options.min_version < Version::tls1_2;
  if (!context ||
      SSL_CTX_set_cipher_list(context, any_version ? "DEFAULT:@SECLEVEL=0" : "DEFAULT") != 1 ||
      SSL_CTX_set_min_proto_version(context, to_openssl(options.min_version)) != 1 ||
      SSL_CTX_set_max_proto_version(context, to_openssl(options.max_version)) != 1) {
    return fail(Code::internal, "the TLS server context: " + take_openssl_error());
  }
  for (const auto& pair : options.key_pairs) TRY_VOID(use_key_pair(*made, pair));
  SSL_CTX_set_dh_auto(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Tickets keep the state at the client; one is enough for a client that connects again.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  constexpr unsigned char kSessionIdContext[] = "pawl";
  SSL_CTX_set_session_id_context(context, kSessionIdContext, sizeof kSessionIdContext - 1);
  made->alpn = alpn_wire(options.alpn);
  made->alpn_required = options.alpn_required;
  if (!made->alpn.empty()) SSL_CTX_set_alpn_select_cb(context, select_alpn, made.get());
  return made;
}

}  // namespace pawl::tls
