// What a server says it can do in its reply to EHLO (RFC 5321 section 4.1.1.1) or LHLO. Values of
// one session state: what was heard before STARTTLS does not exist afterwards (RFC 3207 section
// 4.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smtp/reply.h"

namespace pawl::smtp {

struct Capabilities {
  bool extended = false;  // EHLO was answered; false: HELO, nothing below is set
  bool starttls = false;
  bool pipelining = false;
  bool eight_bit_mime = false;
  bool smtputf8 = false;
  bool chunking = false;
  bool dsn = false;
  bool enhanced_status_codes = false;
  bool require_tls = false;
  bool size_declared = false;               // SIZE was offered, with a limit or without
  std::optional<std::uint64_t> size_limit;  // SIZE with a value above 0
  std::vector<std::string> auth;            // SASL mechanisms, upper case, in the host's order
  std::string greeting_name;                // what the host calls itself
  std::vector<std::string> keywords;        // every line, as sent: evidence for tampering

  bool offers_auth(std::string_view mechanism) const;
  bool operator==(const Capabilities&) const = default;
};

// Never fails: a line that means nothing is kept in `keywords` and otherwise ignored. The first
// uses the memory that `capabilities` has; nothing that stood there stays.
void read_capabilities(const Reply& reply, Capabilities& capabilities);
Capabilities parse_capabilities(const Reply& reply);

}  // namespace pawl::smtp
