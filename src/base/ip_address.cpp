#include "base/ip_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace pawl {

Result<IpAddress> IpAddress::parse(std::string_view text) {
  std::string terminated(text);
  IpAddress address;
  address.v4_ = text.find(':') == std::string_view::npos;
  if (inet_pton(address.v4_ ? AF_INET : AF_INET6, terminated.c_str(), address.bytes_.data()) != 1) {
    return fail(Code::syntax, "not an IP address: " + printable(text));
  }
  return address;
}

Result<IpAddress> IpAddress::from_bytes(std::string_view bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) {
    return fail(Code::syntax, fmt::format("an IP address has 4 or 16 bytes, not {}", bytes.size()));
  }
  IpAddress address;
  address.v4_ = bytes.size() == 4;
  std::transform(bytes.begin(), bytes.end(), address.bytes_.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  return address;
}

IpAddress IpAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  IpAddress address;
  address.bytes_ = {a, b, c, d};
  return address;
}

std::string IpAddress::bytes() const {
  return std::string(bytes_.begin(), bytes_.begin() + (v4_ ? 4 : 16));
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.begin() + 15, [](auto b) { return b == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_special() const {
  // IANA special-purpose registries (RFC 6890 and successors), the parts no public host has.
  static const auto kV4 = [] {
    std::vector<Network> list;
    for (const char* text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
          "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
          "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"}) {
      list.push_back(*Network::parse(text));
    }
    return list;
  }();
  static const auto kV6 = [] {
    std::vector<Network> list;
    for (const char* text : {"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
                             "fc00::/7", "fe80::/9", "ff00::/8"}) {
      list.push_back(*Network::parse(text));
    }
    return list;
  }();
  auto in = [&](const auto& list, const IpAddress& address) {
    return std::any_of(list.begin(), list.end(),
                       [&](const Network& n) { return n.contains(address); });
  };
  if (v4_) return in(kV4, *this);
  auto embedded = [&](std::size_t at) {
    return in(kV4, v4(bytes_[at], bytes_[at + 1], bytes_[at + 2], bytes_[at + 3]));
  };
  static const Network kMapped = *Network::parse("::ffff:0:0/96");
  static const Network kNat64 = *Network::parse("64:ff9b::/96");
  static const Network kSixToFour = *Network::parse("2002::/16");
  if (kMapped.contains(*this) || kNat64.contains(*this)) return embedded(12);
  if (kSixToFour.contains(*this)) return embedded(2);
  return in(kV6, *this);
}

std::string Endpoint::text() const {
  return address.is_v4() ? fmt::format("{}:{}", address.text(), port)
                         : fmt::format("[{}]:{}", address.text(), port);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(Code::syntax, "no port in " + printable(text) + " (write ADDRESS:PORT)");
  }
  auto port = parse_decimal(text.substr(colon + 1), 65535);
  if (!port) return fail(Code::syntax, "not a port: " + printable(text.substr(colon + 1)));
  std::string_view host = text.substr(0, colon);
  bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  TRY(IpAddress address, IpAddress::parse(host));
  if (bracketed == address.is_v4()) {
    return fail(Code::syntax,
                "an IPv6 address, and only one, stands in brackets: " + printable(text));
  }
  return Endpoint{address, static_cast<std::uint16_t>(*port)};
}

Result<Network> Network::parse(std::string_view text) {
  std::size_t slash = text.find('/');
  TRY(IpAddress address, IpAddress::parse(text.substr(0, slash)));
  std::uint64_t width = address.is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return Network{address, static_cast<int>(width)};
  auto prefix = parse_decimal(text.substr(slash + 1), width);
  if (!prefix) return fail(Code::syntax, "not a prefix length: " + printable(text));
  return Network{address, static_cast<int>(*prefix)};
}

bool Network::contains(const IpAddress& other) const {
  if (address.is_v4() != other.is_v4()) return false;
  std::string a = address.bytes();
  std::string b = other.bytes();
  for (int bit = 0; bit < prefix; bit += 8) {
    auto at = static_cast<std::size_t>(bit / 8);
    unsigned mask = prefix - bit >= 8 ? 255U : 255U << (8 - (prefix - bit)) & 255U;
    if ((static_cast<unsigned>(a[at]) & mask) != (static_cast<unsigned>(b[at]) & mask))
      return false;
  }
  return true;
}

std::string Network::text() const {
  return fmt::format("{}/{}", address.text(), prefix);
}

}  // namespace pawl
