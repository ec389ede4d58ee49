// The MTA-STS TXT record and policy, RFC 8461 sections 3.1 and 3.2, and their grammar.
// Errors: Code::sts_record_invalid, Code::sts_policy_invalid; the sentence quotes what was found.
#pragma once

#include <optional>
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
  Seconds max_age{0};                 // capped at kMaxAge
  std::vector<std::string> mx;        // patterns, A-labels, lower case; "*.example.org" or a name
  std::vector<std::string> warnings;  // tolerated, but the owner should know
};

inline constexpr Seconds kMaxAge{31557600};  // rfc8461#3.2: a year, "maximum value"

// One TXT record (its strings already joined), strictly by the ABNF of rfc8461#3.1.
Result<Record> parse_record(std::string_view text);

// All TXT records at _mta-sts.<domain>. Nothing: no record claims to be MTA-STS. More than one
// that does, or one that is malformed, is an error: the domain has no usable record (rfc8461#3.1).
Result<std::optional<Record>> choose_record(const std::vector<std::string>& txt_records);

// A policy file, lines ended by LF or CRLF.
Result<Policy> parse_policy(std::string_view text);

}  // namespace pawl::mta_sts
