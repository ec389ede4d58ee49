#include "store/queue.h"

#include <algorithm>

namespace pawl::store {

namespace {

// Crockford's base 32: no I, L, O, U, so that an id survives being read out on the telephone.
constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLongest = 13;  // 63 bits

}  // namespace

std::string queue_id(MessageId id) {
  std::string text;
  auto rest = static_cast<std::uint64_t>(id);
  do {
    text += kDigits[rest % kDigits.size()];
    rest /= kDigits.size();
  } while (rest != 0);
  std::ranges::reverse(text);
  return text;
}

std::optional<MessageId> parse_queue_id(std::string_view text) {
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    std::size_t digit = kDigits.find(upper);
    if (digit == std::string_view::npos || value >> 58 != 0) return std::nullopt;
    value = value * kDigits.size() + digit;
  }
  if (value >> 63 != 0) return std::nullopt;
  return static_cast<MessageId>(value);
}

}  // namespace pawl::store
