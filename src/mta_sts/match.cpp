#include "mta_sts/match.h"

namespace pawl::mta_sts {

bool matches(std::string_view pattern, const dns::Name& host) {
  if (!pattern.starts_with("*.")) return !pattern.empty() && pattern == host.text();
  // The host's own first label must be a label, not the root of nothing: "*.org" and host "org".
  return host.label_count() >= 2 && host.parent().text() == pattern.substr(2);
}

std::optional<std::string> matching_pattern(const Policy& policy, const dns::Name& host) {
  for (const std::string& pattern : policy.mx) {
    if (matches(pattern, host)) return pattern;
  }
  return std::nullopt;
}

}  // namespace pawl::mta_sts
