// What a validating resolver said. Bogus data cannot be held: an answer that fails validation is an
// Error (Code::dnssec_bogus, with the reason), as are SERVFAIL and time-outs, so that none of them
// can be taken for "there is no such record" (RFC 7672 section 2.1.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "dns/record.h"

namespace pawl::dns {

// RFC 4035 section 4.3 without bogus.
enum class Security : unsigned char {
  secure,         // a chain of signatures from a trust anchor covers the answer, or its denial
  insecure,       // a signed denial of DS says that the zone is not signed
  indeterminate,  // no trust anchor covers the name, or validation is off
};
std::string_view name(Security security);

enum class Existence : unsigned char {
  found,
  no_data,    // the name exists, the type does not (or an alias chain ends so)
  no_domain,  // NXDOMAIN
};

struct Answer {
  Name question;
  Type type = Type::a;
  Existence existence = Existence::no_data;
  Security security = Security::indeterminate;  // of the whole alias chain: the weakest link
  Name canonical;                  // where the alias chain ended; the question if it is no alias
  std::vector<std::string> rdata;  // uncompressed wire format, one per record, empty unless found
  Seconds ttl{0};

  bool secure() const { return security == Security::secure; }
  bool found() const { return existence == Existence::found; }
  bool is_alias() const { return canonical != question; }
};

// Decoding. A record of the right type whose rdata is malformed makes the whole answer malformed
// (Code::dns_malformed), except TLSA, where a short record is kept as it is (dane/ finds it
// unusable) and records of fewer than three bytes are kept with empty data.
Result<std::vector<Mx>> mx_records(const Answer& answer);
Result<std::vector<IpAddress>> addresses(const Answer& answer);
Result<std::vector<Tlsa>> tlsa_records(const Answer& answer);
Result<std::vector<std::string>> txt_records(const Answer& answer);  // character-strings joined
Result<std::vector<Srv>> srv_records(const Answer& answer);
Result<std::vector<Name>> cname_records(const Answer& answer);

}  // namespace pawl::dns
