#include "dane/base_domain.h"

namespace pawl::dane {

AddressSecurity address_security(const dns::Name& host, const dns::Answer* a,
                                 const dns::Answer* aaaa) {
  AddressSecurity addresses{host, host, false};
  for (const auto* answer : {a, aaaa}) {
    if (answer == nullptr || !answer->found() || addresses.secure) continue;
    addresses.canonical = answer->canonical;
    addresses.secure = answer->secure();
  }
  return addresses;
}

bool needs_cname_query(const AddressSecurity& addresses) {
  return addresses.is_alias() && !addresses.secure;
}

std::vector<dns::Name> tlsa_base_domains(const AddressSecurity& addresses,
                                         const dns::Answer* alias) {
  // rfc7672#2.2.2: the whole chain is secure: the expanded name first, then the original.
  if (addresses.secure && addresses.is_alias()) return {addresses.canonical, addresses.host};
  if (addresses.secure) return {addresses.host};
  // The alias is signed, its target is not: only the original name can be trusted.
  if (needs_cname_query(addresses) && alias != nullptr && alias->found() && alias->secure())
    return {addresses.host};
  return {};
}

Result<dns::Name> tlsa_owner(const dns::Name& base_domain, std::uint16_t port) {
  return base_domain.prepend("_" + std::to_string(port) + "._tcp");  // rfc6698#3
}

bool holds_secure_records(const dns::Answer& tlsa) {
  return tlsa.found() && tlsa.secure();
}

}  // namespace pawl::dane
