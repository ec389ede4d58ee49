// The engine: for this destination, what must this connection prove, and why? One Verdict per MX
// host. A conjunction of every source's demand, with the one waiver of DESIGN section 3.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/facts.h"
#include "tls/profile.h"

namespace pawl::policy {

enum class Source : unsigned char {
  local_rule,
  exception,
  dane,
  mta_sts,
  list,
  requiretls,
  memory,
  nothing
};
std::string_view name(Source source);  // "mta-sts"

struct Reason {
  Source source;
  std::string
      sentence;  // "mta-sts: the policy of example.org (enforce, id 2026) names mx1.example.org"
  std::string reference;  // "rfc8461#5", empty for local rules
};

// What the outcome counts as in three words (never more than was proved).
enum class Protection : unsigned char { none, encrypted, half_dane, authenticated };
std::string_view name(Protection protection);

struct Verdict {
  dns::Name host;
  bool usable = true;             // false: this MX is skipped (not in the policy, TLSA bogus, ...)
  std::optional<Error> unusable;  // why, typed
  bool tls_forbidden = false;     // local level none
  bool tls_required = false;      // no byte of the envelope in clear
  tls::ClientProfile profile;     // what the handshake must prove
  // observe: usable, tls_required and profile say what would be demanded; the caller delivers as if
  // nothing were, and records what was missing.
  Enforcement enforcement = Enforcement::enforce;
  Protection promised = Protection::none;  // the best the destination promised for this host
  std::vector<Reason> reasons;             // in the order they were weighed, never empty
  std::vector<Source> promised_by;         // who raised it above opportunistic

  // Connections are reused only under an equal verdict: equal keys.
  std::string key() const;
};

// "TLSv1.2 or newer, proved by TLSA 3 1 1 0b9f...": for pages.
std::string demanded(const Verdict& verdict);

struct MessageDemands {
  bool require_tls = false;      // RFC 8689 REQUIRETLS
  bool tls_required_no = false;  // RFC 8689 TLS-Required: No
};

struct Rules {
  // Of the rules that match the policy domain the most specific pattern wins, of equals the first;
  // likewise of those that name the MX host (other than by "*"). Both must hold.
  std::vector<Rule> rules;
  std::vector<Exception> exceptions;
};

struct Plan {
  dns::Name policy_domain;
  std::vector<Verdict> verdicts;  // one per Facts::mx, same order
  std::vector<Reason> reasons;    // about the domain as a whole
  // Set when no MX may be used: one sentence for DSN and log, with each host and why. Its code is
  // that of the hosts if they agree, no_mx_host_usable if not. Never set by what is only observed.
  std::optional<Error> impossible;
};

Plan decide(const Facts& facts, const Rules& rules, const MessageDemands& demands, WallTime now);

// A password goes to this next hop: whatever rules, exceptions and the message say, each host must
// be authenticated first, for a name that nobody on the path could choose. `origin` is where the
// password is configured.
void protect_credentials(Plan& plan, const Facts& facts, const std::string& origin);

}  // namespace pawl::policy
