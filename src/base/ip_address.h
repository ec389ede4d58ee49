// An IPv4 or IPv6 address, and networks of them. RFC 4291, RFC 5952 for the text.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl {

class IpAddress {
 public:
  static Result<IpAddress> parse(std::string_view text);        // without brackets
  static Result<IpAddress> from_bytes(std::string_view bytes);  // 4 or 16, network order
  static IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);

  bool is_v4() const { return v4_; }
  std::string bytes() const;  // 4 or 16, network order
  std::string text() const;
  // Loopback, private, link-local, multicast, unspecified, documentation, and the addresses that
  // carry such an IPv4 address inside (mapped, NAT64, 6to4). What a policy fetch must not reach.
  bool is_special() const;
  bool is_loopback() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  bool v4_ = true;
  std::array<std::uint8_t, 16> bytes_{};
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::string text() const;  // 192.0.2.1:25, [2001:db8::1]:25
  static Result<Endpoint> parse(std::string_view text);
  auto operator<=>(const Endpoint&) const = default;
};

struct Network {
  IpAddress address;
  int prefix = 0;
  static Result<Network> parse(std::string_view text);  // 10.0.0.0/8, or an address alone
  bool contains(const IpAddress& address) const;
  std::string text() const;
};

}  // namespace pawl
