// The MTA-STS TXT record and policy, RFC 8461 section 3.1 and 3.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "dns/name.h"

namespace pawl::mta_sts {

enum class Mode : unsigned char { enforce, testing, none };
std::string_view name(Mode mode);

struct Record {
  std::string id;
};

struct Policy {
  Mode mode = Mode::none;
  Seconds max_age{0};                 // capped at 31557600
  std::vector<std::string> mx;        // patterns, A-labels, lower case; "*.example.org" or a name
  std::vector<std::string> warnings;  // tolerated, but the owner should know
};

}  // namespace pawl::mta_sts
