#include "dane/usable.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "base/limits.h"

namespace pawl::dane {
namespace {

constexpr std::uint8_t kTrustAnchor = 2;  // DANE-TA(2)
constexpr std::uint8_t kEndEntity = 3;    // DANE-EE(3)
constexpr std::uint8_t kCertificate = 0;  // selector Cert(0)
constexpr std::uint8_t kPublicKey = 1;    // selector SPKI(1)
constexpr std::size_t kSha256 = 32;
constexpr std::size_t kSha512 = 64;

// The whole of `data` is one DER object of the kind that the selector says, with a key in it. The
// same test that OpenSSL's SSL_dane_tlsa_add makes: what it would refuse is never demanded.
bool is_whole(const dns::Tlsa& record) {
  const auto* at = reinterpret_cast<const unsigned char*>(record.data.data());
  const auto* const end = at + record.data.size();
  const auto size = static_cast<long>(record.data.size());
  if (record.selector == kPublicKey) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(d2i_PUBKEY(nullptr, &at, size),
                                                             EVP_PKEY_free);
    return key && at == end;
  }
  const std::unique_ptr<X509, void (*)(X509*)> certificate(d2i_X509(nullptr, &at, size), X509_free);
  return certificate && at == end && X509_get0_pubkey(certificate.get()) != nullptr;
}

std::string has_length(const dns::Tlsa& record, std::size_t wanted) {
  return "its digest has " + std::to_string(record.data.size()) + " bytes instead of " +
         std::to_string(wanted);
}

}  // namespace

std::optional<std::string> why_unusable(const dns::Tlsa& record) {
  // rfc7672#3.1.3: PKIX-TA(0) and PKIX-EE(1) are not used: an SMTP client and server share no list
  // of authorities, and a forger of MX records would choose the name anyway.
  if (record.usage < kTrustAnchor)
    return "usage " + std::to_string(record.usage) +
           (record.usage == 0 ? " (PKIX-TA)" : " (PKIX-EE)") + " is not used for SMTP";
  if (record.usage > kEndEntity) return "usage " + std::to_string(record.usage) + " is unknown";
  if (record.selector != kCertificate && record.selector != kPublicKey)
    return "selector " + std::to_string(record.selector) + " is unknown";
  if (record.data.empty()) return "it has no certificate association data";
  switch (record.matching_type) {
    case 0:
      if (is_whole(record)) return std::nullopt;
      return record.selector == kPublicKey ? "its data is no public key"
                                           : "its data is no certificate";
    case 1:
      if (record.data.size() == kSha256) return std::nullopt;
      return has_length(record, kSha256);
    case 2:
      if (record.data.size() == kSha512) return std::nullopt;
      return has_length(record, kSha512);
    default:
      return "matching type " + std::to_string(record.matching_type) + " is unknown";
  }
}

Records sort_out(const std::vector<dns::Tlsa>& records) {
  Records sorted;
  for (const auto& record : records) {
    if (auto reason = why_unusable(record)) {
      sorted.unusable.push_back({record, *std::move(reason)});
    } else if (std::ranges::find(sorted.usable, record) == sorted.usable.end()) {
      if (sorted.usable.size() < limits::kTlsaRecords)
        sorted.usable.push_back(record);
      else
        sorted.unusable.push_back({record, "it is one of too many"});
    }
  }
  return sorted;
}

}  // namespace pawl::dane
