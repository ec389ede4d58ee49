#include "starttls/string_argument.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace pawl::starttls {

namespace {

std::optional<Secret> take_quoted(std::string_view& rest) {
  std::string text;
  text.reserve(rest.size());
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return Secret(std::move(text));
    }
    if (rest[i] == '\\') ++i;
    if (i < rest.size()) text += rest[i];
  }
  return std::nullopt;
}

std::optional<Secret> take_literal(std::string_view& rest) {
  std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  auto mark = literal_mark(rest.substr(0, end));
  if (!mark || rest.size() - (end + 2) < mark->size) return std::nullopt;
  Secret text(std::string(rest.substr(end + 2, mark->size)));
  rest.remove_prefix(end + 2 + mark->size);
  return text;
}

}  // namespace

std::optional<LiteralMark> literal_mark(std::string_view line) {
  std::size_t brace = line.rfind('{');
  if (brace == std::string_view::npos || !line.ends_with('}')) return std::nullopt;
  std::string_view inside = line.substr(brace + 1, line.size() - brace - 2);
  bool waits = !inside.ends_with('+');
  if (!waits) inside.remove_suffix(1);
  if (inside.empty() || inside.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  // A size that no number holds is larger than any limit.
  auto size = parse_decimal(inside, limits::kMessageSize);
  return LiteralMark{.size = static_cast<std::size_t>(size.value_or(limits::kMessageSize)),
                     .waits = waits};
}

std::optional<Secret> take_argument(std::string_view& rest) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  std::optional<Secret> text;
  if (rest[0] == '"') {
    text = take_quoted(rest);
  } else if (rest[0] == '{') {
    text = take_literal(rest);
  } else {
    std::size_t size = std::min(rest.find(' '), rest.size());
    text.emplace(std::string(rest.substr(0, size)));
    rest.remove_prefix(size);
  }
  // Two arguments do not touch.
  if (text && !rest.empty() && rest[0] != ' ') return std::nullopt;
  return text;
}

}  // namespace pawl::starttls
