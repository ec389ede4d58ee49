// Certificates to test with: a private authority, and leaves that are right or wrong in the way a
// test or the lab asks for. Values in, PEM text out; time is an argument. Not for production: the
// keys are small and the serial numbers are all there is of a register.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "dns/record.h"

namespace pawl::tls {

// What an OCSP response says, for Authority::ocsp_response.
struct OcspOptions {
  bool revoked = false;
  WallTime this_update{};
  WallTime next_update{};
};

// rsa_1024 is too small for anybody, which a test may want.
enum class KeyKind : unsigned char { ec_p256, rsa_2048, ed25519, rsa_1024 };

// A certificate with its chain, and the key: what a server is configured with.
struct Identity {
  std::string certificate_pem;  // leaf first, then the intermediates
  std::string key_pem;
};

struct LeafOptions {
  std::vector<std::string> dns_names{};  // subjectAltName; none: the extension is left out
  std::string common_name{};             // empty: the subject has no CN
  WallTime not_before{};
  WallTime not_after{};
  KeyKind key = KeyKind::ec_p256;
  bool sha1 = false;  // signed with a hash that is broken
};

// A leaf for these names that is valid from a day before `now` to 90 days after it.
LeafOptions leaf_for(std::vector<std::string> dns_names, WallTime now);

class Authority {
 public:
  // A self-signed root, valid from a year before `now` to ten years after it.
  static Result<Authority> make(std::string name, WallTime now, KeyKind key = KeyKind::ec_p256);
  ~Authority();
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;

  // An authority below this one; what it issues carries its certificate in the chain.
  Result<Authority> intermediate(std::string name, WallTime now) const;
  Result<Identity> issue(const LeafOptions& options) const;

  // Says, signed by this authority, how the first certificate of the PEM text stands (DER).
  Result<std::string> ocsp_response(std::string_view certificate_pem,
                                    const OcspOptions& options) const;

  const std::string& certificate_pem() const;  // of this authority, for ClientContextOptions

 private:
  struct State;
  explicit Authority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

Result<Identity> self_signed(const LeafOptions& options);

// The TLSA record that the first certificate of the PEM text matches (RFC 6698 section 2.1):
// selector 0 or 1, matching type 0, 1 or 2.
Result<dns::Tlsa> tlsa_for(std::string_view certificate_pem, std::uint8_t usage,
                           std::uint8_t selector, std::uint8_t matching_type);

}  // namespace pawl::tls
