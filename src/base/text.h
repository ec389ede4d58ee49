// ASCII text as protocols use it. Nothing here looks at the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

char ascii_lower(char c);
std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
std::string_view trim(std::string_view text);  // spaces and tabs at both ends
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The whole of `text` as a decimal number no larger than `limit`; no sign, no spaces.
std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t limit);

bool is_ascii(std::string_view text);  // no byte above 127
// Well-formed UTF-8 (rfc3629#4): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// Text from the other side, made safe to show on a terminal or in a log: control and non-ASCII
// bytes become \xNN, and no more than `limit` characters are kept (then "...").
std::string printable(std::string_view text, std::size_t limit = 200);

// "rfc8461#4.1", as code and tables cite, as people write it: "RFC 8461 section 4.1".
std::string citation(std::string_view reference);

}  // namespace pawl
