// The attacker works on the lab and on nothing else: every address the lab's servers and its
// attacker bind or connect to, and every name they forge, passes here first.
// Errors: permission.
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/ip_address.h"

namespace pawl::lab {

// Loopback; in the lab's namespace also the lab's own IPv6 network (fd70:6177:6c::/48), which is
// on lo there and leads nowhere.
Result<> check_lab_address(const IpAddress& address);
// test., or below it (RFC 6761 section 6.2: never delegated in the public DNS).
Result<> check_lab_name(std::string_view name);

// fd70:6177:6c:BLOCK::NUMBER
IpAddress lab_v6(unsigned block, unsigned number);

}  // namespace pawl::lab
