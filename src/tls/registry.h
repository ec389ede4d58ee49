// IANA's numbers of TLS as names and properties: cipher suites (suites.def) and groups
// (groups.def). What a ClientHello offers and what a server's first flight chose.
// Pure tables; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pawl::tls {

// Versions on the wire.
inline constexpr std::uint16_t kSsl3 = 0x0300;
inline constexpr std::uint16_t kTls10 = 0x0301;
inline constexpr std::uint16_t kTls11 = 0x0302;
inline constexpr std::uint16_t kTls12 = 0x0303;
inline constexpr std::uint16_t kTls13 = 0x0304;

enum class KeyExchange : std::uint8_t { tls13, ecdhe, dhe, ecdh, dh, rsa, rsa_export };
enum class Authentication : std::uint8_t { tls13, rsa, ecdsa, dss, none };

struct Suite {
  std::uint16_t id;
  std::string_view name;  // "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"

  KeyExchange key_exchange() const;
  Authentication authentication() const;  // tls13: any, the suite does not say
  bool forward_secrecy() const;
  // No encryption or authentication to speak of: NULL, EXPORT, anonymous, RC2, RC4, MD5, and
  // ciphers of 64-bit blocks (DES, 3DES, IDEA).
  bool weak() const;
  bool exists_in(std::uint16_t version) const;
};

std::span<const Suite> suites();                // by number
const Suite* find_suite(std::uint16_t id);      // null: not in the table
std::string_view suite_name(std::uint16_t id);  // "unknown" for what is not in the table

// What a version knows, in the order a client of today prefers, in lists that every server can
// read: some fail at more than 128 suites. The first list holds what nearly every server offers.
std::vector<std::vector<std::uint16_t>> suites_to_offer(std::uint16_t version);

struct Group {
  std::uint16_t id;
  std::string_view name;  // "x25519"
  bool before_tls13;
  bool in_tls13;
};

inline constexpr std::uint16_t kSecp256r1 = 0x0017;
inline constexpr std::uint16_t kX25519 = 0x001D;

std::span<const Group> groups();  // the order in which a client of today prefers them
const Group* find_group(std::uint16_t id);
std::vector<std::uint16_t> groups_to_offer(std::uint16_t version);

// RSA, ECDSA (EdDSA with it), DSS; everything that is registered and was ever in use.
std::vector<std::uint16_t> rsa_signatures();
std::vector<std::uint16_t> ecdsa_signatures();
std::vector<std::uint16_t> all_signatures();

}  // namespace pawl::tls
