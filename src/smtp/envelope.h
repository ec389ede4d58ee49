// The envelope of a message: who sends it to whom, under which ESMTP promises. What the server
// machine fills, the queue keeps and the client machine speaks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dns/name.h"

namespace pawl::smtp {

// NOTIFY of RFC 3461 section 4.1. Absent: the relay's default (failure and delay).
struct Notify {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  bool operator==(const Notify&) const = default;
};

enum class Return : unsigned char { unspecified, full, headers };  // RET of RFC 3461 section 4.3

struct Recipient {
  std::string address;  // local-part@domain without brackets; UTF-8 only with SMTPUTF8
  dns::Name domain;     // the routing key; empty for an address literal
  std::optional<Notify> notify;
  std::string orcpt;  // "rfc822;joe@example.org", decoded from xtext; empty if none
  bool operator==(const Recipient&) const = default;
};

struct Envelope {
  std::string sender;  // empty: the null reverse-path
  std::vector<Recipient> recipients;
  bool eight_bit = false;    // BODY=8BITMIME was declared
  bool smtputf8 = false;     // RFC 6531
  bool require_tls = false;  // RFC 8689 REQUIRETLS
  Return ret = Return::unspecified;
  std::string envid;  // decoded from xtext
  bool operator==(const Envelope&) const = default;
};

}  // namespace pawl::smtp
