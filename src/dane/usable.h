// Which TLSA records an SMTP client can use. A record that it cannot use is left aside with a
// reason; when secure records exist and none is usable, TLS is still mandatory (without
// authentication), which is why "unusable" and "none" are told apart.
// Source: RFC 7672 section 3.1, RFC 7671 section 4, RFC 6698 section 2.1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/record.h"

namespace pawl::dane {

// Why this record cannot be used, as a clause ("usage 1 (PKIX-EE) is not used for SMTP"); nothing
// if it can.
std::optional<std::string> why_unusable(const dns::Tlsa& record);

struct Unusable {
  dns::Tlsa record;
  std::string reason;
};

struct Records {
  std::vector<dns::Tlsa> usable;  // without duplicates, at most limits::kTlsaRecords
  std::vector<Unusable> unusable;
};

Records sort_out(const std::vector<dns::Tlsa>& records);

}  // namespace pawl::dane
