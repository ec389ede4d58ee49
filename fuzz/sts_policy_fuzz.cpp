// Any policy text: parsing never crashes; what it accepts is within its bounds, names hosts that
// are canonical, and a policy that demands something names at least one (rfc8461#3.2).
#include <cstdlib>

#include "base/limits.h"
#include "mta_sts/match.h"
#include "mta_sts/policy.h"

namespace {
void check(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pawl::mta_sts;
  auto policy = parse_policy({reinterpret_cast<const char*>(data), size});
  if (!policy) {
    check(policy.error().code == pawl::Code::sts_policy_invalid);
    check(!policy.error().detail.empty());
    return 0;
  }
  check(policy->max_age.count() >= 0 && policy->max_age <= kMaxAge);
  check(policy->mx.size() <= pawl::limits::kStsMxPatterns);
  check(policy->mode == Mode::none || !policy->mx.empty());
  for (const std::string& pattern : policy->mx) {
    auto name = pawl::dns::Name::parse(pattern);
    check(name && name->text() == pattern);
    check(pattern.starts_with("*.") || matching_pattern(*policy, *name).has_value());
  }
  return 0;
}
