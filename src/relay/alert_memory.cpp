#include "relay/alert_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pawl::relay {

bool AlertMemory::tell(const std::string& domain, const std::string& cause, WallTime now) {
  auto key = std::pair(domain, cause);
  auto it = told_.find(key);
  // A time that lies ahead comes from a clock that was wrong: it must not silence anything.
  if (it != told_.end() && it->second <= now && now - it->second < interval_) return false;
  if (it == told_.end() && told_.size() >= capacity_) forget_old(now);
  told_[key] = now;
  return true;
}

void AlertMemory::forget_old(WallTime now) {
  std::erase_if(told_, [&](const auto& entry) { return now - entry.second >= interval_; });
  while (told_.size() >= capacity_) {
    told_.erase(
        std::ranges::min_element(told_, {}, [](const auto& entry) { return entry.second; }));
  }
}

std::string AlertMemory::text() const {
  std::string text;
  for (const auto& [key, at] : told_) {
    text += fmt::format("{} {} {}\n", format_rfc3339(at), key.first, key.second);
  }
  return text;
}

void AlertMemory::read(std::string_view text) {
  for (std::string_view line : split(text, '\n')) {
    auto words = split(line, ' ');
    if (words.size() != 3 || told_.size() >= capacity_) continue;
    if (auto at = parse_rfc3339(words[0])) {
      told_[{std::string(words[1]), std::string(words[2])}] = *at;
    }
  }
}

}  // namespace pawl::relay
