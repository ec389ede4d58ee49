// The reviewed table of what must come out of each row (expected_outcomes.inc).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lab/attack.h"
#include "lab/destination.h"

namespace pawl::lab {

enum class Outcome : unsigned char { sealed, clear, stolen, held, returned, nothing };
std::string_view name(Outcome outcome);  // "sealed"

enum class Contact : unsigned char { first, cold, warm };
std::string_view name(Contact contact);

struct ExpectedRow {
  const DestinationRow* destination;
  Attack attack;
  Contact contact;
  Outcome outcome;
  Outcome or_outcome;  // as good, where a cache decides; mostly the same
  // The destination promised something against this attack, and the sender was able to know it.
  bool promise_known;
};

// Errors: syntax, naming line and word: the table must name every destination and attack.
Result<std::vector<ExpectedRow>> expected_rows();

}  // namespace pawl::lab
