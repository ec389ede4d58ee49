#include <openssl/ssl.h>

#include "tls/context.h"

namespace pawl::tls {

namespace {

constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::size_t kSessions = 4096;  // some 4 KiB each

Result<StorePointer> load_anchors(const ClientContextOptions& options) {
  std::string where = "the trusted authorities";
  std::string pem = options.ca_pem;
  if (!options.ca_file.empty() || pem.empty()) {
    where = options.ca_file.empty() ? kSystemAuthorities : options.ca_file;
    auto text = read_file(where);
    if (!text && options.ca_file.empty()) {
      return fail(Code::config_invalid,
                  text.error().detail + "; install the package ca-certificates, or name a file");
    }
    if (!text) return fail(std::move(text).error());
    pem = *std::move(text);
  }
  TRY(auto certificates, read_certificates(pem, where));
  StorePointer store(X509_STORE_new());
  for (int i = 0; i < sk_X509_num(certificates.get()); ++i) {
    X509_STORE_add_cert(store.get(), sk_X509_value(certificates.get(), i));
  }
  ERR_clear_error();
  return store;
}

}  // namespace

ClientContext::ClientContext(SslContextPointer context, StorePointer anchors, bool resumption,
                             const Clock* clock)
    : context_(std::move(context)),
      anchors_(std::move(anchors)),
      resumption_(resumption),
      clock_(clock),
      sessions_(kSessions) {}

WallTime ClientContext::now() const {
  if (clock_) return clock_->now();
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Result<std::shared_ptr<ClientContext>> make_client_context(const ClientContextOptions& options) {
  TRY(auto anchors, load_anchors(options));
  SslContextPointer context(SSL_CTX_new(TLS_client_method()));
  // Opportunistic TLS takes what there is, old versions included (rfc7435#3); an engine whose peer
  // must prove something raises both floors for itself.
  if (!context || SSL_CTX_set_cipher_list(context.get(), "DEFAULT:@SECLEVEL=0") != 1 ||
      SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION) != 1 ||
      SSL_CTX_dane_enable(context.get()) != 1) {
    return fail(Code::internal, "the TLS client context: " + take_openssl_error());
  }
  // rfc7671#5.1, rfc7672#3.1.1: DANE-EE binds the key to the name by itself.
  SSL_CTX_dane_set_flags(context.get(), DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), verify_during_handshake, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  if (options.resumption) {
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), keep_new_session);
  } else {
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  }
  return std::make_shared<ClientContext>(std::move(context), std::move(anchors), options.resumption,
                                         options.clock);
}

// TLS 1.2 chooses the certificate by the suite and TLS 1.3 by the signature algorithm
// (rfc8446#4.2.3), which TLS 1.2 knows as well.
Result<> ask_for(SSL* ssl, CertificateKind kind) {
  const bool rsa = kind == CertificateKind::rsa;
  const char* suites = rsa ? "DEFAULT:!aECDSA:@SECLEVEL=0" : "DEFAULT:!aRSA:@SECLEVEL=0";
  const char* signatures =
      rsa ? "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:"
            "rsa_pss_pss_sha384:rsa_pss_pss_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1"
          : "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:ECDSA+SHA1";
  if (SSL_set_cipher_list(ssl, suites) == 1 && SSL_set1_sigalgs_list(ssl, signatures) == 1) {
    return {};
  }
  return fail(Code::internal, "to ask for one kind of certificate: " + take_openssl_error());
}

}  // namespace pawl::tls
