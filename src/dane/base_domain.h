// Under which names the TLSA records of an MX host are looked for, and what is known before they
// are asked. Source: RFC 7672 section 2.2.2, RFC 7671 section 7.
#pragma once

#include <optional>
#include <vector>

#include "dns/answer.h"

namespace pawl::dane {

// What the address look-ups of a host said together.
struct AddressSecurity {
  dns::Name host;
  dns::Name canonical;  // where its aliases ended
  bool secure = false;  // the whole alias chain and the addresses
  bool is_alias() const { return canonical != host; }
};

// From the answers of both families that found addresses; null for a family that failed. Secure
// wins: an attacker can take a secure answer away but cannot make one.
AddressSecurity address_security(const dns::Name& host, const dns::Answer* a,
                                 const dns::Answer* aaaa);

// An alias whose target is not secure may itself be signed: then only an explicit CNAME query
// tells.
bool needs_cname_query(const AddressSecurity& addresses);

// TLSA base domains in the order to try. `alias` is the answer to the CNAME query where one was
// needed. None: TLSA is not asked at all, an unsigned zone's server may choke on it and nothing it
// says could be believed.
std::vector<dns::Name> tlsa_base_domains(const AddressSecurity& addresses,
                                         const dns::Answer* alias = nullptr);

// "_25._tcp" under the base domain; an error where that is longer than a name may be.
Result<dns::Name> tlsa_owner(const dns::Name& base_domain, std::uint16_t port);

// May this answer's records be used, or does the search go on at the next base domain?
bool holds_secure_records(const dns::Answer& tlsa);

}  // namespace pawl::dane
