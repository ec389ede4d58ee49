// A lab server whose TLS is as old or as weak as one wants it, or has two kinds of keys. Errors:
// certificate_invalid, invalid_argument (what OpenSSL does not know).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lab/connection.h"
#include "tls/authority.h"
#include "tls/profile.h"

namespace pawl::lab {

struct TlsOffer {
  std::vector<tls::Identity> identities;  // of different kinds of keys
  tls::Version oldest = tls::Version::tls1_2;
  tls::Version newest = tls::Version::tls1_3;
  std::string cipher_list{};  // up to TLS 1.2, as OpenSSL writes it; empty: its default
  std::string groups{};       // "X25519:P-256"; empty: OpenSSL's default
  bool small_dh = false;      // DHE over a group of 1024 bits
};
Result<std::shared_ptr<TlsIdentity>> make_offer(const TlsOffer& offer);

}  // namespace pawl::lab
