// Asking the DNS, with its security status. Callers see only this.
#pragma once

#include "dns/answer.h"
#include "net/task.h"

namespace pawl::resolver {

class Resolver {
 public:
  virtual ~Resolver() = default;
  // Errors: dnssec_bogus (detail: the reason), dns_servfail, dns_timeout, dns_malformed. NXDOMAIN
  // and NODATA are answers. Concurrent equal questions are asked once. Any loop.
  virtual net::Task<dns::Answer> lookup(dns::Name name, dns::Type type) = 0;
};

}  // namespace pawl::resolver
