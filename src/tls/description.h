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
  int key_bits = 0;
  bool self_signed = false;  // subject and issuer are one, and its key can sign for it
  // Only where ClientProfile::keep_chain asked for it.
  std::string der;
  std::string signature_algorithm;  // "ecdsa-with-SHA256"
  std::string serial;               // lower-case hex
};

// What the host stapled to the handshake about its leaf certificate (rfc6066#8, RFC 6960).
struct Ocsp {
  enum class State : unsigned char { none, good, revoked, unknown, expired, unreadable };
  State state = State::none;
  WallTime this_update{};
  std::optional<WallTime> next_update;
  bool verified = false;  // signed by the leaf's issuer, or by whom it entrusted with that
  std::string detail;     // why it is unreadable or not verified

  // "none", "good until 2026-12-01", "revoked", "expired on 2026-11-01", "unreadable: ..."
  std::string text() const;
};

struct Description {
  std::optional<Version> version;  // nothing before the handshake got that far
  std::string cipher_suite;        // IANA name
  std::string group;               // "x25519"; empty if none
  bool forward_secrecy = false;
  bool resumed = false;
  std::string alpn;
  std::vector<Certificate> chain;  // as sent, leaf first
  std::optional<Ocsp> ocsp;        // only where ClientProfile::ask_ocsp asked for it

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
