// Internal to check/: what a domain publishes about TLS beside its MX records.
#pragma once

#include "check/walk.h"

namespace pawl::check {

// TXT record and policy. The policy is asked for even where the record is missing or wrong, if
// there is a policy host: whoever made one of the two meant to have both.
net::Task<StsSeen> look_at_sts(Walk& walk, dns::Name domain);
policy::StsFacts sts_facts(const StsSeen& seen);

net::Task<TlsrptSeen> look_at_tlsrpt(Walk& walk, dns::Name domain);

// The SRV records of RFC 6186 and RFC 8314 and of ManageSieve; those that say "not offered" (".")
// stand in it as well.
// `unanswered` outlives the task: the first question that failed.
net::Task<std::vector<ServiceSeen>> look_for_services(Walk& walk, dns::Name domain,
                                                      std::optional<Error>& unanswered);

}  // namespace pawl::check
