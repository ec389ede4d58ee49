// Where a recipient's mail goes: what a route says, else the relayhost, else the domain's own MX
// hosts. Pure; immutable, any thread. A reload makes a new one; what is queued keeps the next hop
// it was queued with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "relay/next_hop.h"
#include "smtp/envelope.h"

namespace pawl::relay {

struct Route {
  std::string pattern;  // example.org, .example.org (any subdomain), or * for all
  NextHop to;
};

class Routes {
 public:
  Routes() = default;
  Routes(std::vector<Route> routes, std::optional<NextHop> relayhost)
      : routes_(std::move(routes)), relayhost_(std::move(relayhost)) {}

  // The most specific route wins: the domain itself, then the longest suffix, then "*". Errors:
  // invalid_argument, the address has no domain and no address literal.
  Result<NextHop> next_hop(const smtp::Recipient& recipient) const;

 private:
  const NextHop* configured(const dns::Name& domain) const;
  std::vector<Route> routes_;
  std::optional<NextHop> relayhost_;
};

}  // namespace pawl::relay
