// As much of a DNS message as the self-test needs: one question, and whether the reply was cut and
// carried signatures. Not a resolver's codec: libunbound has its own. RFC 1035 section 4, RFC 6891.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dns/record.h"

namespace pawl::resolver {

struct ProbeQuestion {
  dns::Name name;
  dns::Type type = dns::Type::dnskey;
  auto operator<=>(const ProbeQuestion&) const = default;
};

// `with_signatures`: EDNS with the DO bit and the size that libunbound is configured for.
std::string probe_query(const ProbeQuestion& question, std::uint16_t id, bool with_signatures);

struct ProbeReply {
  int rcode = 0;
  bool truncated = false;
  bool has_signature = false;  // an RRSIG among the answers
};

// Nothing: no reply to that id, or no DNS message.
std::optional<ProbeReply> read_probe_reply(std::string_view message, std::uint16_t id);

}  // namespace pawl::resolver
