// Internal to json/: is this UTF-8? rfc3629#3.
#pragma once

#include <cstddef>
#include <string_view>

namespace pawl::json {

// How many bytes the first character of the text has; 0 if it is not UTF-8 (stray or cut sequences,
// longer forms than needed, surrogates, beyond U+10FFFF).
std::size_t utf8_length(std::string_view text);

}  // namespace pawl::json
