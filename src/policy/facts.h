// Everything the engine may know about a destination, gathered by discovery/ and given as values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip_address.h"
#include "dns/answer.h"
#include "mta_sts/policy.h"
#include "policy/rule.h"

namespace pawl::policy {

// How the DNS protects one MX host (RFC 7672 section 2.2).
struct DaneFacts {
  enum class State : unsigned char {
    not_applicable,  // the host's address is not DNSSEC-secure: TLSA was not asked
    none,            // secure denial: no TLSA
    usable,          // at least one usable record
    unusable,        // secure TLSA, none usable: encrypt without authentication
    failed,          // bogus, SERVFAIL, time-out under a signed zone: this MX is skipped
  };
  State state = State::not_applicable;
  std::string base_domain;         // where the records were found
  std::vector<dns::Tlsa> records;  // usable ones only
  std::size_t unusable_records = 0;
  std::optional<Error> error;  // when failed
};

struct MxFacts {
  dns::Name host;       // as named by the MX record, or the domain itself (implicit MX)
  dns::Name canonical;  // after CNAMEs
  std::uint16_t preference = 0;
  std::vector<IpAddress> addresses;   // both families, those that could be looked up
  std::vector<Error> address_errors;  // a family that failed; the other may have answered
  bool address_secure = false;
  DaneFacts dane;
};

// How the policy domain's MTA-STS stands at this moment (RFC 8461 sections 3, 5).
struct StsFacts {
  enum class State : unsigned char {
    none,         // no TXT record and nothing cached
    policy,       // an unexpired policy, cached or fresh
    unavailable,  // a record exists (or could not be asked) but no policy could be had, none cached
  };
  State state = State::none;
  std::optional<mta_sts::Policy> policy;
  std::string id;
  std::string source;          // "cached since ...", "fetched", for the reason
  std::optional<Error> error;  // when unavailable, or when a refresh failed and the cache stood in
};

struct Facts {
  dns::Name policy_domain;  // the recipient's domain, or the smarthost's (RFC 8461 section 3.4)
  bool mx_lookup = true;    // false: a configured next hop without MX look-up
  bool mx_secure = false;   // the MX RRset (or its secure absence) is DNSSEC-secure
  bool implicit_mx = false;
  dns::Name mx_canonical;   // the expanded next hop, a DANE-TA reference name if mx_secure
  std::vector<MxFacts> mx;  // in the order to try
  StsFacts sts;
};

}  // namespace pawl::policy
