#include "dns/record.h"

#include "base/bytes.h"

namespace pawl::dns {

std::string_view name(Type type) {
  switch (type) {
    case Type::a:
      return "A";
    case Type::ns:
      return "NS";
    case Type::cname:
      return "CNAME";
    case Type::soa:
      return "SOA";
    case Type::mx:
      return "MX";
    case Type::txt:
      return "TXT";
    case Type::aaaa:
      return "AAAA";
    case Type::srv:
      return "SRV";
    case Type::ds:
      return "DS";
    case Type::rrsig:
      return "RRSIG";
    case Type::dnskey:
      return "DNSKEY";
    case Type::tlsa:
      return "TLSA";
  }
  return "unknown type";
}

std::string Tlsa::text() const {
  return std::to_string(usage) + ' ' + std::to_string(selector) + ' ' +
         std::to_string(matching_type) + ' ' + to_hex(data);
}

}  // namespace pawl::dns
