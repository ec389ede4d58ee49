// Internal to check/: where a domain's users send and read their mail.
#pragma once

#include "check/host.h"

namespace pawl::check {

// Plans for what the SRV records name.
net::Task<std::vector<HostPlan>> named_services(Walk& walk, std::string target,
                                                std::vector<ServiceSeen> services);

// Where no SRV record says anything: the usual ports of these hosts, as guesses.
net::Task<std::vector<HostPlan>> guessed_services(Walk& walk, std::string target,
                                                  std::vector<policy::MxFacts> hosts);

// A host looked up for a service at this port, with its TLSA records there.
net::Task<HostPlan> plan_for(Walk& walk, std::string target, dns::Name host, HostPlan plan);

}  // namespace pawl::check
