// The records Pawl asks the DNS for, as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "dns/name.h"

namespace pawl::dns {

enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  ds = 43,
  rrsig = 46,
  dnskey = 48,
  tlsa = 52,
};
std::string_view name(Type type);  // "MX"

struct Mx {
  std::uint16_t preference = 0;
  Name exchange;  // the root is the null MX of RFC 7505
  auto operator<=>(const Mx&) const = default;
};

// RFC 6698 section 2. What is usable is decided in dane/, not here: any value may be held.
struct Tlsa {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching_type = 0;
  std::string data;
  std::string text() const;  // "3 1 1 0b9fa5a5..."
  auto operator<=>(const Tlsa&) const = default;
};

struct Srv {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  Name target;
  auto operator<=>(const Srv&) const = default;
};

}  // namespace pawl::dns
