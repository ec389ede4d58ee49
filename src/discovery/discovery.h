// Everything that is to be known about a destination before a connection is made: MX hosts, their
// addresses and TLSA records, and the policy domain's MTA-STS, asked for side by side.
#pragma once

#include <cstdint>

#include "discovery/sts.h"

namespace pawl::discovery {

struct NextHopOptions {
  bool mx_lookup = true;  // false: the next hop is a configured host
  std::uint16_t port = 25;
};

// What it is made of must outlive it. Any loop.
class Discovery {
 public:
  Discovery(resolver::Resolver& resolver, store::PolicyCache& cache, fetch::PolicySource& source,
            const Clock& clock, EventSink& events)
      : resolver_(resolver), clock_(clock), sts_(resolver, cache, source, clock, events) {}

  // `next_hop` is the policy domain (rfc8461#3.4): the recipient's domain, or the host or domain
  // that a route names. Errors: those of find_mail_hosts (discovery/mx.h), and Code::store.
  // If an enforced policy names none of the hosts, it is fetched once more before that is believed.
  net::Task<policy::Facts> gather(dns::Name next_hop, NextHopOptions options = {});

  // After a host failed what its policy demands (a certificate, TLS at all): true if the policy has
  // changed meanwhile, so that gathering again may help. Rate-limited.
  net::Task<bool> policy_has_changed(dns::Name policy_domain);

  // Refreshes policies before they expire until `stop` is notified; one such task is enough.
  net::Task<> keep_fresh(net::Signal& stop);

 private:
  resolver::Resolver& resolver_;
  const Clock& clock_;
  StsDiscovery sts_;
};

}  // namespace pawl::discovery
