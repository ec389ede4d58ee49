// What is remembered about a policy domain's MTA-STS, as one value: the row of the policy cache
// (store/policy_cache.h) and the state that cache_rules.h works on. Trust on first use lives here
// (RFC 8461 section 10.2), so it must survive a restart.
#pragma once

#include <string>

#include "base/clock.h"
#include "dns/name.h"

namespace pawl::mta_sts {

struct StoredPolicy {
  dns::Name domain;  // the policy domain, the key

  // The policy last fetched. Empty text: none is held (a first fetch failed).
  std::string id;           // of the TXT record under which it was fetched
  std::string policy_text;  // as fetched, byte for byte (reports quote it)
  WallTime fetched{};
  WallTime expires{};  // fetched + max_age

  WallTime last_used{};  // mail for the domain asked for it; kept to the day, not to the second

  // The last attempt to fetch, whatever came of it. After a success `failures` is 0.
  std::string attempted_id;
  WallTime attempted{};
  int failures = 0;            // in a row
  std::string failure_code;    // row(code).name, "sts_webpki"; empty after a success
  std::string failure_detail;  // Error::detail
  WallTime forced{};           // last re-fetch forced by a mismatch (rate limit)
  WallTime refresh_due{};      // when the refresh task should look at it again

  bool holds_policy() const { return !policy_text.empty(); }
  auto operator<=>(const StoredPolicy&) const = default;
};

}  // namespace pawl::mta_sts
