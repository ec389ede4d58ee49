// Which rule and which exception speak of a name. Pure; internal to policy/.
#pragma once

#include <limits>
#include <string_view>
#include <vector>

#include "dns/name.h"
#include "policy/rule.h"

namespace pawl::policy {

inline constexpr int kNoMatch = -1;
inline constexpr int kMatchesAll = 0;
inline constexpr int kExact = std::numeric_limits<int>::max();

// How closely a pattern names the subject: kNoMatch, kMatchesAll for "*", the number of labels of
// the parent for ".example.org", kExact for the name itself.
int specificity(std::string_view pattern, const dns::Name& subject);

// The most specific entry that matches at least as closely as `least` and satisfies `wanted`; of
// equals the first; nullptr if none.
template <class Entry, class Predicate>
const Entry* most_specific(const std::vector<Entry>& entries, const dns::Name& subject, int least,
                           Predicate wanted) {
  const Entry* best = nullptr;
  int best_match = least - 1;
  for (const Entry& entry : entries) {
    int match = specificity(entry.pattern, subject);
    if (match > best_match && match != kNoMatch && wanted(entry)) {
      best = &entry;
      best_match = match;
    }
  }
  return best;
}

}  // namespace pawl::policy
