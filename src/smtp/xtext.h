// xtext, how ENVID and ORCPT carry any text in an ESMTP parameter. RFC 3461 section 4.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::smtp {

std::string to_xtext(std::string_view text);
Result<std::string> from_xtext(std::string_view text);  // Code::syntax

}  // namespace pawl::smtp
