#include "relay/routes.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::relay {

namespace {

// How well a pattern fits: 0 not at all, more is more specific.
std::size_t fit(const std::string& pattern, const std::string& domain) {
  if (pattern == "*") return 1;
  if (pattern.starts_with('.')) return domain.ends_with(pattern) ? 1 + pattern.size() : 0;
  return domain == pattern ? 1000 : 0;
}

}  // namespace

const NextHop* Routes::configured(const dns::Name& domain) const {
  const NextHop* best = relayhost_ ? &*relayhost_ : nullptr;
  std::size_t best_fit = 0;
  for (const Route& route : routes_) {
    std::size_t fits = fit(route.pattern, domain.text());
    if (fits > best_fit) {
      best = &route.to;
      best_fit = fits;
    }
  }
  return best;
}

Result<NextHop> Routes::next_hop(const smtp::Recipient& recipient) const {
  if (const NextHop* hop = configured(recipient.domain)) return *hop;
  NextHop hop;
  hop.domain = recipient.domain;
  if (!hop.domain.is_root()) return hop;
  std::size_t at = recipient.address.rfind("@[");
  if (at == std::string::npos) {
    return fail(Code::invalid_argument,
                fmt::format("{} has no domain", printable(recipient.address, 80)));
  }
  return NextHop::parse(std::string_view(recipient.address).substr(at + 1));
}

}  // namespace pawl::relay
