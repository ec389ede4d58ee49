#include "policy/demands.h"

#include <algorithm>

namespace pawl::policy {

Verdict opportunistic(const MxFacts& mx) {
  Verdict verdict;
  verdict.host = mx.host;
  verdict.profile.sni = mx.host.text();
  return verdict;
}

void note(Verdict& verdict, Source source, std::string sentence, std::string reference) {
  verdict.reasons.push_back({source, std::move(sentence), std::move(reference)});
}

void require_encryption(Verdict& verdict, Source source) {
  verdict.tls_required = true;
  verdict.tls_forbidden = false;
  verdict.profile.min_version = std::max(verdict.profile.min_version, tls::Version::tls1_2);
  if (std::ranges::find(verdict.promised_by, source) == verdict.promised_by.end()) {
    verdict.promised_by.push_back(source);
  }
}

void refuse(Verdict& verdict, Error error) {
  if (!verdict.usable) return;
  verdict.usable = false;
  verdict.unusable = std::move(error);
}

void require_pkix(Verdict& verdict, const std::vector<std::string>& names, Source source) {
  require_encryption(verdict, source);
  auto& pkix = verdict.profile.pkix;
  if (!pkix) {
    pkix = tls::PkixDemand{names, {}};
  } else if (pkix->names == names || pkix->also_names == names) {
    return;
  } else if (pkix->also_names.empty()) {
    pkix->also_names = names;
  } else {
    refuse(verdict,
           Error(Code::certificate_host_mismatch,
                 "the rules for the domain, the rules for the host and MTA-STS ask for three "
                 "different sets of names; give one of the rules the other's names"));
  }
}

bool host_is_vouched_for(const Facts& facts) {
  return facts.mx_secure || !facts.mx_lookup;  // a configured next hop is known beforehand
}

void require_dane(Verdict& verdict, const Facts& facts, const MxFacts& mx, Source source) {
  require_encryption(verdict, source);
  tls::DaneDemand demand;
  demand.records = mx.dane.records;
  demand.base_domain = mx.dane.base_domain.empty() ? mx.host.text() : mx.dane.base_domain;
  // Names of the next hop count only if the way from it to this host is signed (rfc7672#3.2.2).
  if (host_is_vouched_for(facts)) {
    for (const dns::Name& next_hop : {facts.policy_domain, facts.mx_canonical}) {
      if (next_hop.is_root() || next_hop.text() == demand.base_domain) continue;
      if (!demand.other_names.empty() && demand.other_names.front() == next_hop.text()) continue;
      demand.other_names.push_back(next_hop.text());
    }
  }
  verdict.profile.sni = demand.base_domain;  // rfc7672#8.1
  verdict.profile.dane = std::move(demand);
}

void add_requiretls(Verdict& verdict, const Facts& facts, const MxFacts& mx) {
  const std::string host = mx.host.text();
  // rfc8689#4.2.1: the way to the host must be validated by DNSSEC or by an MTA-STS policy ...
  bool named_by_policy =
      std::ranges::any_of(verdict.promised_by, [](Source s) { return s == Source::mta_sts; });
  if (!host_is_vouched_for(facts) && !named_by_policy) {
    std::string why = host + " comes from MX records of " + facts.policy_domain.text() +
                      " that are not signed with DNSSEC, and no MTA-STS policy names it";
    note(verdict, Source::requiretls, "REQUIRETLS: " + why, "rfc8689#4.2.1");
    refuse(verdict, Error(Code::requiretls_unverified, why));
    return;
  }
  // ... and the host must be authenticated, by TLSA where there are usable records.
  require_encryption(verdict, Source::requiretls);
  if (verdict.profile.dane) {
    note(
        verdict, Source::requiretls,
        "REQUIRETLS: the sender asks for authenticated TLS all the way; TLSA authenticates " + host,
        "rfc8689#4.2.1");
    return;
  }
  require_pkix(verdict, {host}, Source::requiretls);
  note(verdict, Source::requiretls,
       "REQUIRETLS: the sender asks for authenticated TLS all the way: a trusted certificate for " +
           host,
       "rfc8689#4.2.1");
}

bool lowers(const Exception& exception, const Verdict& verdict) {
  if (exception.level > Level::encrypt) return false;
  if (!verdict.usable) return true;
  if (exception.level == Level::none) return !verdict.tls_forbidden;
  if (exception.level == Level::may) return verdict.tls_required;
  return verdict.profile.authenticated();
}

Verdict lower(Verdict verdict, const Exception& exception) {
  const bool demanded_tls = verdict.tls_required || !verdict.usable;
  tls::ClientProfile profile;
  profile.sni = verdict.host.text();
  if (exception.level == Level::encrypt) profile.min_version = verdict.profile.min_version;
  // What is waived is still looked at where it can be, so that its end is noticed.
  profile.pkix_observed =
      verdict.profile.pkix_observed ? verdict.profile.pkix_observed : verdict.profile.pkix;
  verdict.profile = std::move(profile);
  verdict.usable = true;
  verdict.unusable.reset();
  verdict.tls_forbidden = exception.level == Level::none;
  verdict.tls_required = exception.level == Level::encrypt && demanded_tls;
  note(verdict, Source::exception,
       "the exception of " + exception.origin + " lowers this to \"" +
           std::string(name(exception.level)) + "\" until " + format_rfc3339(exception.until) +
           (exception.by.empty() ? "" : ", by " + exception.by) + ": " + exception.reason);
  return verdict;
}

}  // namespace pawl::policy
