// The Received field that we put before a message we take (rfc5321#4.4).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ip_address.h"

namespace pawl::smtp {

struct Received {
  std::string_view hello;  // as the client named itself
  IpAddress client;
  std::string_view by;         // our host name
  std::string_view protocol;   // transmission_type()
  std::string_view tls;        // "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"; empty in clear
  std::string_view id;         // queue id; empty if none is known yet
  std::string_view recipient;  // only when there is one: others must not see each other
  WallTime at{};
};

// The word behind "with" (rfc3848#2, rfc6531#4.3): ESMTPSA, UTF8SMTPS, ...
std::string_view transmission_type(bool extensions, bool tls, bool authenticated, bool smtputf8);

// Folded, with its last CRLF.
std::string received_field(const Received& received);

}  // namespace pawl::smtp
