// Internal to discovery/: one MX host's addresses and TLSA records.
#pragma once

#include "discovery/mx.h"

namespace pawl::discovery {

// Never fails: what could not be had stands in the facts.
net::Task<policy::MxFacts> look_up_mx_host(resolver::Resolver& resolver, dns::Mx mx,
                                           MxOptions options);

}  // namespace pawl::discovery
