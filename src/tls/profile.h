// What the peer of a connection must prove. A profile is a conjunction: every demand present must
// hold. It is derived from a policy::Verdict and is part of every key under which connections and
// TLS sessions are reused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/record.h"

namespace pawl::tls {

enum class Version : unsigned char { tls1_0, tls1_1, tls1_2, tls1_3 };
std::string_view name(Version version);  // "TLSv1.3"

// Authentication by TLSA (RFC 7671, RFC 7672 section 3). Only usable records stand here.
struct DaneDemand {
  std::vector<dns::Tlsa> records;
  std::string base_domain;               // TLSA base domain: SNI and first reference name
  std::vector<std::string> other_names;  // next-hop names, accepted by DANE-TA only
  auto operator<=>(const DaneDemand&) const = default;
};

// A chain to a trusted authority and a certificate for one of these names (RFC 6125, RFC 9525;
// DNS-IDs only, never the CN). A name that begins with '.' also matches any one label before it.
struct PkixDemand {
  std::vector<std::string> names;
  // When not empty, the certificate must be valid for one of these as well: a local rule and an
  // MTA-STS policy may ask for different names, and neither may lower the other.
  std::vector<std::string> also_names;
  auto operator<=>(const PkixDemand&) const = default;
};

// Which kind of certificate the host is asked to show. One that has two shows one per connection.
enum class CertificateKind : unsigned char {
  any,
  rsa,
  ecdsa,  // EdDSA as well: the suites of TLS 1.2 do not tell them apart (rfc8422#5.3)
};

struct ClientProfile {
  std::string sni;  // A-labels; empty: none is sent
  std::optional<DaneDemand> dane;
  std::optional<PkixDemand> pkix;
  // PKIX is looked at and described but is no demand: an MTA-STS certificate demand that a passing
  // DANE check has waived, so that the mismatch can be reported.
  std::optional<PkixDemand> pkix_observed;
  std::vector<std::string>
      fingerprints;  // SHA-256 of the certificate or its public key, lower-case hex
  Version min_version = Version::tls1_0;  // 1.2 where anything is promised
  Version max_version = Version::tls1_3;
  std::vector<std::string> alpn;
  CertificateKind certificate_kind = CertificateKind::any;
  bool ask_ocsp = false;    // asks for a stapled OCSP response: Description::ocsp
  bool keep_chain = false;  // Certificate::der and all that stands below it there are filled
  bool authenticated() const { return dane || pkix || !fingerprints.empty(); }
  Version floor() const;  // min_version, and never below 1.2 where the peer must prove anything
  // Equal keys, and only they, may share a connection or a TLS session.
  std::string key() const;
};

}  // namespace pawl::tls
