// Rdata from the text of a zone file: "10 mx1.example.org", "3 1 1 0b9f...", "192.0.2.1". For
// fixtures and for the lab; names are absolute with or without the trailing dot.
// Errors: Code::invalid_argument with the record's text. Source: RFC 1035 section 5.1, RFC 6698
// section 2.2.
#pragma once

#include <string>
#include <string_view>

#include "dns/record.h"

namespace pawl::dns {

// A, AAAA, CNAME, NS, MX, SRV, TLSA, TXT. TXT text is taken as it is, without quotes, and cut into
// character-strings of 255 bytes.
Result<std::string> rdata_from_text(Type type, std::string_view text);

}  // namespace pawl::dns
