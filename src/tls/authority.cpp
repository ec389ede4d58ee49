#include "tls/authority.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "tls/openssl.h"
#include "tls/tlsa_match.h"

namespace pawl::tls {

namespace {

using ExtensionPointer = OpensslPointer<X509_EXTENSION, X509_EXTENSION_free>;

KeyPointer make_key(KeyKind kind) {
  switch (kind) {
    case KeyKind::ec_p256:
      return KeyPointer(EVP_EC_gen("P-256"));
    case KeyKind::rsa_2048:
      return KeyPointer(EVP_RSA_gen(2048));
    case KeyKind::rsa_1024:
      return KeyPointer(EVP_RSA_gen(1024));
    case KeyKind::ed25519:
      return KeyPointer(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  return nullptr;
}

std::string pem_text(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
  BioPointer bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return pem_text(bio.get());
}

std::string to_pem(EVP_PKEY* key) {
  BioPointer bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return pem_text(bio.get());
}

void set_time(ASN1_TIME* field, WallTime time) {
  ASN1_TIME_set(field, std::chrono::floor<Seconds>(time).time_since_epoch().count());
}

struct Signer {
  X509* certificate;  // null: self-signed
  EVP_PKEY* key;
};

Result<CertificatePointer> make_certificate(const LeafOptions& options, EVP_PKEY* key,
                                            Signer signer, bool is_authority) {
  CertificatePointer made(X509_new());
  X509* certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  set_time(X509_getm_notBefore(certificate), options.not_before);
  set_time(X509_getm_notAfter(certificate), options.not_after);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto add = [&](const char* field, const std::string& value) {
    X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.data()),
                               static_cast<int>(value.size()), -1, 0);
  };
  add("O", "Pawl lab");
  if (!options.common_name.empty()) add("CN", options.common_name);
  X509* issuer = signer.certificate ? signer.certificate : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));

  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  bool built = true;
  const auto extend = [&](int nid, const std::string& value) {
    const ExtensionPointer extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    built = built && extension && X509_add_ext(certificate, extension.get(), -1) == 1;
  };
  extend(NID_subject_key_identifier, "hash");
  if (signer.certificate) extend(NID_authority_key_identifier, "keyid:always");
  if (is_authority) {
    extend(NID_basic_constraints, "critical,CA:TRUE");
    extend(NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    extend(NID_basic_constraints, "critical,CA:FALSE");
    extend(NID_key_usage, "critical,digitalSignature");
    extend(NID_ext_key_usage, "serverAuth,clientAuth");
  }
  if (!options.dns_names.empty()) {
    std::string names;
    for (const std::string& name : options.dns_names)
      names += (names.empty() ? "DNS:" : ",DNS:") + name;
    extend(NID_subject_alt_name, names);
  }
  const EVP_MD* digest = options.sha1 ? EVP_sha1() : EVP_sha256();
  if (EVP_PKEY_get_base_id(signer.key) == EVP_PKEY_ED25519) digest = nullptr;
  if (!built || X509_sign(certificate, signer.key, digest) == 0) {
    return fail(Code::internal, "a test certificate cannot be made: " + take_openssl_error());
  }
  return made;
}

LeafOptions authority_options(std::string name, WallTime now) {
  return {.common_name = std::move(name),
          .not_before = now - std::chrono::days(365),
          .not_after = now + std::chrono::days(3650)};
}

}  // namespace

struct Authority::State {
  CertificatePointer certificate;
  KeyPointer key;
  std::string certificate_pem;
  std::string chain_pem;  // what a leaf must carry behind it: empty for a root
};

Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::~Authority() = default;
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;

LeafOptions leaf_for(std::vector<std::string> dns_names, WallTime now) {
  return {.dns_names = std::move(dns_names),
          .not_before = now - std::chrono::days(1),
          .not_after = now + std::chrono::days(90)};
}

Result<Authority> Authority::make(std::string name, WallTime now, KeyKind kind) {
  auto state = std::make_unique<State>();
  state->key = make_key(kind);
  TRY(state->certificate, make_certificate(authority_options(std::move(name), now),
                                           state->key.get(), {nullptr, state->key.get()}, true));
  state->certificate_pem = to_pem(state->certificate.get());
  return Authority(std::move(state));
}

Result<Authority> Authority::intermediate(std::string name, WallTime now) const {
  auto state = std::make_unique<State>();
  state->key = make_key(KeyKind::ec_p256);
  TRY(state->certificate,
      make_certificate(authority_options(std::move(name), now), state->key.get(),
                       {state_->certificate.get(), state_->key.get()}, true));
  state->certificate_pem = to_pem(state->certificate.get());
  state->chain_pem = state->certificate_pem + state_->chain_pem;
  return Authority(std::move(state));
}

Result<Identity> Authority::issue(const LeafOptions& options) const {
  const KeyPointer key = make_key(options.key);
  TRY(auto certificate,
      make_certificate(options, key.get(), {state_->certificate.get(), state_->key.get()}, false));
  return Identity{to_pem(certificate.get()) + state_->chain_pem, to_pem(key.get())};
}

Result<std::string> Authority::ocsp_response(std::string_view certificate_pem,
                                             const OcspOptions& options) const {
  TRY(auto certificates, read_certificates(certificate_pem, "the certificate for OCSP"));
  const OpensslPointer<OCSP_BASICRESP, OCSP_BASICRESP_free> basic(OCSP_BASICRESP_new());
  const OpensslPointer<OCSP_CERTID, OCSP_CERTID_free> id(
      OCSP_cert_to_id(EVP_sha1(), sk_X509_value(certificates.get(), 0), state_->certificate.get()));
  const OpensslPointer<ASN1_TIME, ASN1_TIME_free> this_update(ASN1_TIME_new());
  const OpensslPointer<ASN1_TIME, ASN1_TIME_free> next_update(ASN1_TIME_new());
  set_time(this_update.get(), options.this_update);
  set_time(next_update.get(), options.next_update);
  OCSP_basic_add1_status(
      basic.get(), id.get(), options.revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
      OCSP_REVOKED_STATUS_NOSTATUS, options.revoked ? this_update.get() : nullptr,
      this_update.get(), next_update.get());
  if (OCSP_basic_sign(basic.get(), state_->certificate.get(), state_->key.get(), EVP_sha256(),
                      nullptr, OCSP_NOTIME | OCSP_NOCERTS) != 1) {
    return fail(Code::internal, "an OCSP response cannot be made: " + take_openssl_error());
  }
  const OpensslPointer<OCSP_RESPONSE, OCSP_RESPONSE_free> response(
      OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  unsigned char* bytes = nullptr;
  const int size = i2d_OCSP_RESPONSE(response.get(), &bytes);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(bytes);
  return der;
}

const std::string& Authority::certificate_pem() const {
  return state_->certificate_pem;
}

Result<Identity> self_signed(const LeafOptions& options) {
  const KeyPointer key = make_key(options.key);
  TRY(auto certificate, make_certificate(options, key.get(), {nullptr, key.get()}, false));
  return Identity{to_pem(certificate.get()), to_pem(key.get())};
}

Result<dns::Tlsa> tlsa_for(std::string_view certificate_pem, std::uint8_t usage,
                           std::uint8_t selector, std::uint8_t matching_type) {
  TRY(auto certificates, read_certificates(certificate_pem, "the certificate for a TLSA record"));
  auto data = association_data(certificate_der(sk_X509_value(certificates.get(), 0)), selector,
                               matching_type);
  if (!data) {
    return fail(Code::invalid_argument, "TLSA selectors are 0 and 1, matching types 0 to 2");
  }
  return dns::Tlsa{usage, selector, matching_type, *std::move(data)};
}

}  // namespace pawl::tls
