// What a terminal, or what stands in its place, can show.
#pragma once

#include <string_view>

#include "base/error.h"

namespace pawl::app {

// `option`: "always", "never", "auto" or empty (auto): colour on a terminal, unless NO_COLOR is set
// or TERM is dumb. Errors: invalid_argument.
Result<bool> wants_colour(std::string_view option, int descriptor);
// COLUMNS, or the terminal's; 100 where there is neither.
int columns_of(int descriptor);
// The locale's letters are UTF-8.
bool shows_unicode();

}  // namespace pawl::app
