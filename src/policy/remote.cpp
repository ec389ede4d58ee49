// What the destination itself promises: DANE (RFC 7672) and MTA-STS (RFC 8461).
#include <algorithm>

#include "mta_sts/match.h"
#include "policy/demands.h"

namespace pawl::policy {

namespace {

void promise(Verdict& verdict, Protection protection) {
  verdict.promised = std::max(verdict.promised, protection);
}

std::string tlsa_owner(const MxFacts& mx) {
  return mx.dane.base_domain.empty() ? mx.host.text() : mx.dane.base_domain;
}

std::string records(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " TLSA record" : " TLSA records");
}

std::string policy_of(const Facts& facts) {
  std::string text = "the policy of " + facts.policy_domain.text() + " (" +
                     std::string(mta_sts::name(facts.sts.policy->mode));
  if (!facts.sts.id.empty()) text += ", id " + facts.sts.id;
  if (!facts.sts.source.empty()) text += ", " + facts.sts.source;
  return text + ")";
}

std::string patterns(const mta_sts::Policy& policy) {
  std::string text;
  for (const std::string& pattern : policy.mx) {
    if (!text.empty()) text += ", ";
    if (text.size() > 200) return text + "...";
    text += pattern;
  }
  return text;
}

}  // namespace

void add_dane(Verdict& verdict, const Facts& facts, const MxFacts& mx) {
  const std::string host = mx.host.text();
  switch (mx.dane.state) {
    case DaneFacts::State::not_applicable:
      note(verdict, Source::dane,
           "DANE: the address of " + host +
               " is not signed with DNSSEC, so its TLSA records would prove nothing and were not "
               "asked for",
           "rfc7672#2.2");
      return;
    case DaneFacts::State::none:
      note(verdict, Source::dane, "DANE: " + host + " is signed and has no TLSA records",
           "rfc7672#2.2");
      return;
    case DaneFacts::State::usable: {
      std::string sentence = "DANE: " + host + " must prove itself by " +
                             records(mx.dane.records.size()) + " signed at " + tlsa_owner(mx);
      if (host_is_vouched_for(facts)) {
        promise(verdict, Protection::authenticated);
      } else {
        sentence += "; the MX records of " + facts.policy_domain.text() +
                    " are not signed, so the host is protected and the choice of it is not "
                    "(half-DANE)";
        promise(verdict, Protection::half_dane);
      }
      note(verdict, Source::dane, sentence, "rfc7672#2.2");
      require_dane(verdict, facts, mx, Source::dane);
      return;
    }
    case DaneFacts::State::unusable:
      // The owner says "TLS here", in a way we cannot check: encrypt, do not authenticate.
      promise(verdict, Protection::encrypted);
      require_encryption(verdict, Source::dane);
      note(verdict, Source::dane,
           "DANE: " + records(mx.dane.unusable_records) + " signed at " + tlsa_owner(mx) +
               " and none that can be used: the connection must be encrypted, and TLSA cannot "
               "authenticate it",
           "rfc7672#2.2");
      return;
    case DaneFacts::State::failed: {
      std::string seen = mx.dane.error ? mx.dane.error->sentence() : "no answer";
      note(verdict, Source::dane,
           "DANE: the TLSA records of " + host + " could not be looked up (" + seen +
               "), which is never taken for having none: the host is skipped",
           "rfc7672#2.1");
      promise(verdict, Protection::encrypted);
      bool bogus = mx.dane.error && mx.dane.error->code == Code::dnssec_bogus;
      require_encryption(verdict, Source::dane);
      refuse(verdict, Error(bogus ? Code::dnssec_bogus : Code::tlsa_lookup,
                            "TLSA records of " + host + ": " +
                                (mx.dane.error ? mx.dane.error->detail : seen)));
      return;
    }
  }
}

void add_mta_sts(Verdict& verdict, const Facts& facts, const MxFacts& mx) {
  const std::string host = mx.host.text();
  if (facts.sts.state != StsFacts::State::policy || !facts.sts.policy) return;
  const mta_sts::Policy& policy = *facts.sts.policy;
  if (policy.mode == mta_sts::Mode::none) return;  // the domain's own reason says so
  auto pattern = mta_sts::matching_pattern(policy, mx.host);
  if (policy.mode == mta_sts::Mode::testing) {
    if (pattern) verdict.profile.pkix_observed = tls::PkixDemand{{host}, {}};
    note(verdict, Source::mta_sts,
         "MTA-STS: " + policy_of(facts) +
             (pattern ? " names this host as " + *pattern + ": failures are reported"
                      : " does not name " + host + ", only " + patterns(policy) +
                            ": it would be refused, and is reported") +
             ", mail is delivered all the same",
         "rfc8461#5");
    return;
  }
  promise(verdict, Protection::authenticated);
  require_encryption(verdict, Source::mta_sts);  // TLS 1.2 or newer
  if (!pattern) {
    std::string why = policy_of(facts) + " does not name " + host + ", only " + patterns(policy);
    note(verdict, Source::mta_sts, "MTA-STS: " + why, "rfc8461#4.1");
    refuse(verdict, Error(Code::sts_mx_mismatch, why));
    return;
  }
  std::string sentence = "MTA-STS: " + policy_of(facts) + " names this host as " + *pattern;
  // The one waiver. Only records that can really authenticate give it: with none usable the demand
  // stands in full (rfc8461#2 forbids only that MTA-STS overrides a failing DANE check).
  if (verdict.profile.dane) {
    verdict.profile.pkix_observed = tls::PkixDemand{{host}, {}};
    note(verdict, Source::mta_sts,
         sentence +
             "; its demand for a trusted certificate is met by the TLSA check, a certificate "
             "that would fail it is reported; TLS 1.2 or newer is demanded",
         "rfc8461#2");
    return;
  }
  require_pkix(verdict, {host}, Source::mta_sts);
  note(verdict, Source::mta_sts,
       sentence + ": it must show a trusted certificate for " + host + " over TLS 1.2 or newer",
       "rfc8461#4.2");
}

void ignore_remote(Verdict& verdict, const Facts& facts, const MxFacts& mx) {
  Verdict asked = opportunistic(mx);
  add_dane(asked, facts, mx);
  add_mta_sts(asked, facts, mx);
  promise(verdict, asked.promised);
  if (!asked.tls_required && asked.usable) return;
  for (Reason& reason : asked.reasons) verdict.reasons.push_back(std::move(reason));
  note(verdict, Source::requiretls,
       "the message says \"TLS-Required: No\": what DANE and MTA-STS ask for is not demanded",
       "rfc8689#5");
}

}  // namespace pawl::policy
