// What TLS a host offers: versions, cipher suites in its order, groups, kinds of certificates,
// found by asking with ClientHellos (tls/hello.h) and reading the first flight of the answer, a
// connection each, several side by side. No handshake is finished, no key is computed: so old
// suites that no library of today speaks are seen as well. A host that turns connections away is
// asked more slowly, one at a time in the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probe/session.h"

namespace pawl::probe {

struct SuiteSeen {
  std::uint16_t id = 0;
  std::string name;          // IANA: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
  std::string key_exchange;  // "x25519", "DH 2048", "RSA"
  bool forward_secrecy = false;
  bool weak = false;  // RC4, 3DES, NULL, export, anonymous, MD5
};

struct VersionSeen {
  std::string name;  // "SSLv3", "TLSv1.0" ... "TLSv1.3"
  std::uint16_t wire = 0;
  bool offered = false;
  std::vector<SuiteSeen> suites;     // in the server's order where it has one
  std::optional<bool> server_order;  // the server chooses, not the client; nothing: one suite only
};

struct Enumeration {
  std::vector<VersionSeen> versions;  // oldest first, all that were asked for
  std::vector<std::string> groups;    // in the order in which the server took them
  bool rsa_certificate = false;
  bool ecdsa_certificate = false;
  // What TLS 1.3 shows in secret only, or does not have: false where nothing older is offered.
  bool ocsp_stapled = false;
  bool secure_renegotiation = false;    // RFC 5746
  bool extended_master_secret = false;  // RFC 7627
  bool compression = false;             // TLS compression is taken (CRIME)
  bool fallback_scsv =
      false;  // RFC 7507: an inappropriate fallback is refused; one version: always
  int connections = 0;
  std::chrono::milliseconds took{};
  std::optional<Error> error;  // it ended early; what stands above is what was seen until then
};

struct EnumerationOptions {
  int side_by_side = 4;  // connections at a time: mail servers count them
  std::chrono::milliseconds time_limit{60'000};
};

// `session`: where to, which protocol and how (mode is taken as required).
net::Task<Enumeration> enumerate(SessionOptions session, EnumerationOptions options = {});

}  // namespace pawl::probe
