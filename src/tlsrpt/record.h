// The TLSRPT TXT record at _smtp._tls.DOMAIN: who wants reports about TLS to the domain.
// Source: RFC 8460 section 3. Errors: Code::tlsrpt_record_invalid, quoting what was found.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::tlsrpt {

struct Record {
  std::vector<std::string> rua;  // mailto: and https: URIs, as they stand, at least one
  // Other destinations, which nobody can send to; and what is tolerated though it should not be.
  std::vector<std::string> warnings;
};

// One TXT record, its strings joined.
Result<Record> parse_record(std::string_view text);

// Does the text claim to be a TLSRPT record? What does not is no concern of ours.
bool claims_to_be_tlsrpt(std::string_view text);

// All TXT records at the name. Nothing: no record claims to be TLSRPT. Several that do are as good
// as none (rfc8460#3), and so is a malformed one: an error.
Result<std::optional<Record>> choose_record(const std::vector<std::string>& txt_records);

}  // namespace pawl::tlsrpt
