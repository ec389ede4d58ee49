#include "tls/verify.h"

#include <openssl/core_names.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "tls/reference_name.h"

namespace pawl::tls {

namespace {

// 112 bits: RSA 2048, SHA-2. What public authorities have had to keep to for years (rfc9325#4.5).
constexpr int kPkixAuthLevel = 2;

std::string name_text(const X509_NAME* name) {
  BioPointer bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::vector<std::string> dns_names(X509* certificate) {
  std::vector<std::string> names;
  OpensslPointer<GENERAL_NAMES, GENERAL_NAMES_free> found(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found.get(), i);
    if (name->type != GEN_DNS) continue;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  return names;
}

std::string key_text(X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (!key) return "unknown";
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return "RSA " + std::to_string(EVP_PKEY_get_bits(key));
    case EVP_PKEY_EC:
      return "EC P-" + std::to_string(EVP_PKEY_get_bits(key));
    case EVP_PKEY_ED25519:
      return "Ed25519";
    case EVP_PKEY_ED448:
      return "Ed448";
    default:
      return std::string(EVP_PKEY_get0_type_name(key)) + " " +
             std::to_string(EVP_PKEY_get_bits(key));
  }
}

std::string names_text(const std::vector<std::string>& names) {
  if (names.empty()) return "no DNS name";
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + printable(name, 80);
  return printable(text, 300);
}

Result<> verify_chain(X509_STORE* store, STACK_OF(X509) * chain, WallTime now) {
  StoreContextPointer context(X509_STORE_CTX_new());
  ERR_clear_error();
  if (!context || X509_STORE_CTX_init(context.get(), store, sk_X509_value(chain, 0), chain) != 1) {
    return fail(Code::internal, "X509_STORE_CTX_init: " + take_openssl_error());
  }
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_auth_level(parameters, kPkixAuthLevel);
  X509_VERIFY_PARAM_set_time(parameters,
                             std::chrono::floor<Seconds>(now).time_since_epoch().count());
  if (X509_verify_cert(context.get()) == 1) return {};
  const int error = X509_STORE_CTX_get_error(context.get());
  X509* at = X509_STORE_CTX_get_current_cert(context.get());
  ERR_clear_error();
  return fail(verification_error(
      error, at ? printable(name_text(X509_get_subject_name(at))) : std::string("the chain")));
}

Result<> verify_names(const Certificate& leaf, const std::vector<std::string>& references,
                      std::string* matched) {
  const std::string_view found = find_match(leaf.dns_names, references);
  if (found.empty()) {
    return fail(Code::certificate_host_mismatch, names_text(references) +
                                                     " was asked for, the certificate is for " +
                                                     names_text(leaf.dns_names));
  }
  if (matched->empty()) *matched = found;
  return {};
}

}  // namespace

Certificate describe_certificate(X509* certificate, bool whole) {
  Certificate out;
  out.subject = name_text(X509_get_subject_name(certificate));
  out.issuer = name_text(X509_get_issuer_name(certificate));
  out.dns_names = dns_names(certificate);
  out.not_before = to_wall_time(X509_get0_notBefore(certificate));
  out.not_after = to_wall_time(X509_get0_notAfter(certificate));
  out.sha256 = to_hex(sha256(certificate_der(certificate)));
  out.spki_sha256 = to_hex(sha256(public_key_der(certificate)));
  out.key = key_text(certificate);
  if (const EVP_PKEY* key = X509_get0_pubkey(certificate)) out.key_bits = EVP_PKEY_get_bits(key);
  out.self_signed = (X509_get_extension_flags(certificate) & EXFLAG_SS) != 0;
  if (!whole) return out;
  out.der = certificate_der(certificate);
  out.signature_algorithm = OBJ_nid2sn(X509_get_signature_nid(certificate));
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  out.serial = to_hex({reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                       static_cast<std::size_t>(ASN1_STRING_length(serial))});
  return out;
}

Error verification_error(int error, const std::string& where) {
  Code code = Code::certificate_invalid;
  switch (error) {
    case X509_V_ERR_DANE_NO_MATCH:
      code = Code::tlsa_mismatch;
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
      code = Code::certificate_host_mismatch;
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      code = Code::certificate_expired;
      break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
      code = Code::certificate_untrusted;
      break;
    default:
      break;
  }
  return Error(code, where + ": " + X509_verify_cert_error_string(error));
}

Result<> verify_pkix(X509_STORE* store, STACK_OF(X509) * chain, const Certificate& leaf,
                     const PkixDemand& demand, WallTime now, std::string* matched) {
  // rfc9525#6: reference names against DNS-IDs only; the CN is never looked at.
  auto names = verify_names(leaf, demand.names, matched);
  if (names && !demand.also_names.empty()) names = verify_names(leaf, demand.also_names, matched);
  auto trusted = verify_chain(store, chain, now);
  if (trusted) return names;
  if (names) return trusted;
  return fail(trusted.error().code, trusted.error().detail + "; and " + names.error().detail);
}

Result<> verify_fingerprint(const Certificate& leaf, const std::vector<std::string>& fingerprints) {
  const bool found = std::any_of(fingerprints.begin(), fingerprints.end(), [&](const auto& wanted) {
    return equal_ignoring_case(wanted, leaf.sha256) ||
           equal_ignoring_case(wanted, leaf.spki_sha256);
  });
  if (found) return {};
  return fail(Code::fingerprint_mismatch, "the certificate's SHA-256 is " + leaf.sha256 +
                                              ", its public key's is " + leaf.spki_sha256);
}

}  // namespace pawl::tls
