// The policy list of EFF's STARTTLS Everywhere, policy.json version 0.1: which domains promise TLS,
// and at which MX hosts. No list has been published since 2020; the format lives on in lists of
// one's own. Errors: syntax (no JSON), unsupported (another version), too_large.
//
//   {"timestamp": "...", "expires": "...", "version": "0.1", "author": "...",
//    "policy-aliases": {"gmail": {"mode": "enforce", "mxs": [".mail.google.com"]}},
//    "policies": {"example.org": {"mode": "testing", "mxs": ["mx.example.org"]},
//                 "example.com": {"policy-alias": "gmail"}}}
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "dns/name.h"
#include "mta_sts/policy.h"

namespace pawl::lists {

inline constexpr std::size_t kListBytes = 16UL * 1024 * 1024;
inline constexpr std::size_t kListEntries = 100'000;

struct Entry {
  mta_sts::Mode mode = mta_sts::Mode::testing;
  std::vector<std::string> mxs;  // "mx.example.org", or ".example.org": one label before it
};

struct PolicyList {
  std::string author;
  WallTime timestamp{};
  WallTime expires{};
  std::map<dns::Name, Entry> policies;  // aliases resolved
  std::vector<std::string> warnings;    // entries that were passed over, and why
};

Result<PolicyList> parse_everywhere_list(std::string_view text);

// Null: the domain is not on the list. Parent domains do not count.
const Entry* find(const PolicyList& list, const dns::Name& domain);

// The list's own pages disagree on whether ".example.org" names hosts any number of labels below;
// one label is what MTA-STS means, and what the list's tools did.
bool names(const Entry& entry, const dns::Name& mx_host);

}  // namespace pawl::lists
