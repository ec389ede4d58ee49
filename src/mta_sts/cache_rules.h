// What the cache of a policy domain does with an id, an expiry and a failed fetch: trust on first
// use, so that who can only block or forge DNS and HTTPS cannot make a promise forgotten before its
// max_age is over (rfc8461#10.2). Pure: a stored row, what the DNS said and the time go in, what to
// do, or the new row, comes out.
//
//   TXT record          unexpired policy held       none held, or expired
//   ------------------  --------------------------  -------------------------------
//   same id             use it                      fetch
//   other id            fetch; failing, use it      fetch; failing, unavailable
//   none                use it                      no policy
//   invalid, no answer  use it                      unavailable: opportunistic, recorded
#pragma once

#include <optional>
#include <string>

#include "mta_sts/policy.h"
#include "mta_sts/stored_policy.h"

namespace pawl::mta_sts {

// rfc8461#3.3: after a failed fetch, five minutes or longer per id. Doubled with each failure.
inline constexpr Seconds kFirstBackOff{5 * 60};
inline constexpr Seconds kLongestBackOff{60 * 60};
// Whatever ids a TXT record shows in turn, its policy host is not asked more often than this.
inline constexpr Seconds kFetchInterval{60};
inline constexpr Seconds kForceInterval{5 * 60};        // between re-fetches forced by a mismatch
inline constexpr Seconds kRefreshAtLeastEvery{86400};   // or at half of max_age, if that is sooner
inline constexpr Seconds kTouchInterval{12 * 60 * 60};  // how exact last_used is
inline constexpr Seconds kStillUsed{30 * 86400};     // refreshed if mail went there this recently
inline constexpr Seconds kForgetAfter{180 * 86400};  // expired and unused this long: deleted

// What the DNS said about _mta-sts.<domain>. Neither set: there is no record.
struct TxtOutcome {
  std::optional<Record> record;
  std::optional<Error> error;  // malformed or several (sts_record_invalid), or the look-up failed
};

enum class Step : unsigned char {
  use_held,     // the policy held is in force
  fetch,        // ask the policy host; if that fails, an unexpired policy held stays in force
  no_policy,    // the domain has none
  unavailable,  // it may have one, but none can be had now: opportunistic, recorded
};

struct Decision {
  Step step = Step::no_policy;
  std::string note;            // why, for the reason: "the TXT record is gone"; may be empty
  std::optional<Error> error;  // what went wrong, also when the held policy stands in
};

bool is_in_force(const StoredPolicy& stored, WallTime now);  // holds a policy that has not expired
Decision next_step(const std::optional<StoredPolicy>& stored, const TxtOutcome& txt, WallTime now);

// The row after a fetch. `stored` is the row before it, if there was one.
StoredPolicy after_success(const std::optional<StoredPolicy>& stored, const dns::Name& domain,
                           const std::string& id, std::string text, const Policy& policy,
                           WallTime now);
StoredPolicy after_failure(const std::optional<StoredPolicy>& stored, const dns::Name& domain,
                           const std::string& id, const Error& error, WallTime now);

// May a mismatch that would block mail force a re-fetch now? (An owner who moved MX hosts without a
// new id would otherwise lose mail until max_age is over.)
bool may_force(const StoredPolicy& stored, WallTime now);

// Should last_used be written again?
bool should_touch(const StoredPolicy& stored, WallTime now);

}  // namespace pawl::mta_sts
