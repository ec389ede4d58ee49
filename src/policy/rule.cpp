#include "policy/rule.h"

#include <array>

#include "base/text.h"
#include "policy/selection.h"

namespace pawl::policy {

namespace {
constexpr std::array<std::string_view, 7> kLevels = {"none",   "may",    "encrypt",    "dane-only",
                                                     "verify", "secure", "fingerprint"};
}  // namespace

std::string_view name(Level level) {
  return kLevels.at(static_cast<std::size_t>(level));
}

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (text == kLevels.at(i)) return static_cast<Level>(i);
  }
  return std::nullopt;
}

int specificity(std::string_view pattern, const dns::Name& subject) {
  if (pattern == "*") return kMatchesAll;
  if (equal_ignoring_case(pattern, subject.text()) && !subject.is_root()) return kExact;
  if (!pattern.starts_with('.')) return kNoMatch;
  auto parent = dns::Name::parse(pattern.substr(1));
  if (!parent || *parent == subject || !subject.is_within(*parent)) return kNoMatch;
  return static_cast<int>(parent->label_count());
}

}  // namespace pawl::policy
