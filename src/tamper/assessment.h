// How findings become an assessment; internal to examine() and compare().
#pragma once

#include <vector>

#include "tamper/tamper.h"

namespace pawl::tamper {

// Bounded; what says the same as an earlier one is that one, with the better confidence.
void add(std::vector<Finding>& findings, Finding finding);
void surest_first(std::vector<Finding>& findings);
// `otherwise`: what the session is without findings.
Assessment assess(const std::vector<Finding>& findings, Assessment otherwise);

}  // namespace pawl::tamper
