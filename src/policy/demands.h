// What each source demands of one MX host. Each function adds its demand and its reason to the
// verdict; none takes anything away, so their order does not matter for what is demanded. Only
// lower() lowers, and only for an exception. Internal to policy/.
#pragma once

#include "policy/verdict.h"

namespace pawl::policy {

// What is asked when nobody asks for anything: TLS if it is offered, whatever the certificate
// (RFC 7435).
Verdict opportunistic(const MxFacts& mx);

// rule.level must be set.
void add_local_rule(Verdict& verdict, const Rule& rule, const Facts& facts, const MxFacts& mx);
void add_dane(Verdict& verdict, const Facts& facts, const MxFacts& mx);
void add_mta_sts(Verdict& verdict, const Facts& facts, const MxFacts& mx);
void add_requiretls(Verdict& verdict, const Facts& facts, const MxFacts& mx);

// What DANE and MTA-STS would demand, said but not demanded: the message carries TLS-Required: No.
void ignore_remote(Verdict& verdict, const Facts& facts, const MxFacts& mx);

// Would the exception lower this verdict?
bool lowers(const Exception& exception, const Verdict& verdict);
Verdict lower(Verdict verdict, const Exception& exception);

// The building blocks.
void require_encryption(Verdict& verdict, Source source);
void refuse(Verdict& verdict, Error error);  // the first refusal is the one that is told
void require_pkix(Verdict& verdict, const std::vector<std::string>& names, Source source);
void require_dane(Verdict& verdict, const Facts& facts, const MxFacts& mx, Source source);
void note(Verdict& verdict, Source source, std::string sentence, std::string reference = {});

// Was the MX host's name learnt in a way nobody on the path could forge?
bool host_is_vouched_for(const Facts& facts);

}  // namespace pawl::policy
