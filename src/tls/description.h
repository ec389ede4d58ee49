// What a handshake negotiated and what the peer proved. Logs, DSNs, reports, pages are views of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "tls/profile.h"

namespace pawl::tls {

struct Certificate {
  std::string subject;  // RFC 2253 text
  std::string issuer;
  std::vector<std::string> dns_names;  // subjectAltName dNSName
  WallTime not_before{};
  WallTime not_after{};
  std::string sha256;       // of the DER, lower-case hex
  std::string spki_sha256;  // of the SubjectPublicKeyInfo, lower-case hex
  std::string key;          // "EC P-256", "RSA 2048"
};

struct Description {
  std::optional<Version> version;  // nothing before the handshake got that far
  std::string cipher_suite;        // IANA name
  std::string group;               // "x25519"; empty if none
  bool forward_secrecy = false;
  bool resumed = false;
  std::string alpn;
  std::vector<Certificate> chain;  // as sent, leaf first

  // Each demand's outcome: nothing = not asked. An error says why in words, with the code that the
  // reports need (certificate_expired, certificate_host_mismatch, tlsa_mismatch, ...).
  std::optional<Result<>> dane;
  std::optional<Result<>> pkix;
  std::optional<Result<>> pkix_observed;
  std::optional<Result<>> fingerprint;
  std::optional<dns::Tlsa> matched_tlsa;
  std::string matched_name;

  // "TLSv1.3 with TLS_AES_256_GCM_SHA384, x25519, authenticated by TLSA 3 1 1 0b9f..."
  std::string sentence() const;
};

// Did the peer prove everything the profile demands? The first demand that failed otherwise.
Result<> judge(const ClientProfile& profile, const Description& description);

}  // namespace pawl::tls
