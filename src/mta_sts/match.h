// Does a policy name an MX host? rfc8461#4.1: names compare without case, as A-labels, and a
// wildcard stands for exactly one label, the first: "*.example.org" names mx.example.org, and
// neither example.org nor mx.eu.example.org.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dns/name.h"
#include "mta_sts/policy.h"

namespace pawl::mta_sts {

bool matches(std::string_view pattern, const dns::Name& host);

// The pattern that names the host, for the reason; nothing if none does.
std::optional<std::string> matching_pattern(const Policy& policy, const dns::Name& host);

}  // namespace pawl::mta_sts
