// Where the mail of a domain goes and what the DNS promises about it: MX hosts, their addresses,
// their TLSA records. Fills policy::Facts but for `sts`.
// Source: RFC 5321 section 5.1, RFC 7505, RFC 7672 section 2.
#pragma once

#include <random>

#include "net/task.h"
#include "policy/facts.h"
#include "resolver/resolver.h"

namespace pawl::discovery {

struct MxOptions {
  std::uint16_t port = 25;  // of the TLSA owner name
  bool ask_tlsa = true;     // false: every host's DANE is not_applicable
};

// By MX routing. Hosts of equal preference come in an order drawn from `random`, which is used
// before the first host is looked up.
// Errors (of the domain as a whole): domain_not_found, null_mx, and when the MX records cannot be
// had dnssec_bogus, dns_servfail, dns_timeout, dns_malformed. Whatever fails for one host stands in
// that host's facts. `resolver` must outlive the call, also when the call is abandoned.
net::Task<policy::Facts> find_mail_hosts(resolver::Resolver& resolver, dns::Name domain,
                                         MxOptions options, std::mt19937_64& random);

// A next hop that configuration names: no MX look-up, one host. Its choice needs no DNS and so is
// as good as a secure MX record.
net::Task<policy::Facts> look_up_host(resolver::Resolver& resolver, dns::Name host,
                                      MxOptions options);

}  // namespace pawl::discovery
