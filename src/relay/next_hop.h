// Where a recipient's mail goes next: the domain's MX hosts, or what a route says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ip_address.h"
#include "dns/name.h"

namespace pawl::relay {

struct NextHop {
  enum class Protocol : unsigned char { smtp, smtps, lmtp };  // smtps: implicit TLS, port 465

  dns::Name domain;                  // looked up; the policy domain (RFC 8461 section 3.4)
  std::optional<IpAddress> literal;  // [192.0.2.1]: no name, no DNS
  bool mx_lookup = true;             // false: "[host]" or "[host]:port"
  std::uint16_t port = 25;
  Protocol protocol = Protocol::smtp;

  // One text per destination: "example.org", "[mail.example.org]:587",
  // "smtps:[mail.example.org]:465", "lmtp:[127.0.0.1]:24". parse() reads what key() writes, and
  // what a route in the configuration says.
  std::string key() const;
  static Result<NextHop> parse(std::string_view text);
  bool operator==(const NextHop&) const = default;
};

}  // namespace pawl::relay
