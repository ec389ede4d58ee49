// The operator's floor (DESIGN: promise 6). Levels have Postfix's names and meanings (TLS_README).
#include "policy/demands.h"

namespace pawl::policy {

namespace {

std::string intro(const Rule& rule) {
  return "the local rule \"" + rule.pattern + "\"" +
         (rule.origin.empty() ? "" : " (" + rule.origin + ")") + " demands \"" +
         std::string(name(*rule.level)) + "\": ";
}

std::string any_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& one : names) text += (text.empty() ? "" : " or ") + one;
  return text;
}

void add_dane_only(Verdict& verdict, const Rule& rule, const Facts& facts, const MxFacts& mx) {
  const std::string host = mx.host.text();
  require_encryption(verdict, Source::local_rule);
  if (mx.dane.state == DaneFacts::State::usable && host_is_vouched_for(facts)) {
    note(verdict, Source::local_rule,
         intro(rule) + host + " must prove itself by its TLSA records");
    require_dane(verdict, facts, mx, Source::local_rule);
    return;
  }
  std::string why;
  switch (mx.dane.state) {
    case DaneFacts::State::usable:
      // Who forges the MX records would choose a host with perfect TLSA records of his own.
      why = "the MX records of " + facts.policy_domain.text() + " are not signed with DNSSEC";
      break;
    case DaneFacts::State::unusable:
      why = "none of the TLSA records of " + host + " can be used";
      break;
    case DaneFacts::State::failed:
      why = "the TLSA records of " + host + " could not be looked up";
      break;
    case DaneFacts::State::none:
      why = host + " has no TLSA records";
      break;
    case DaneFacts::State::not_applicable:
      why = "the address of " + host + " is not signed with DNSSEC";
      break;
  }
  note(verdict, Source::local_rule, intro(rule) + why);
  refuse(verdict, Error(Code::dane_required, why));
}

}  // namespace

void add_local_rule(Verdict& verdict, const Rule& rule, const Facts& facts, const MxFacts& mx) {
  const std::string host = mx.host.text();
  const std::string domain = facts.policy_domain.text();
  switch (*rule.level) {
    case Level::none:
      verdict.tls_forbidden = !verdict.tls_required;
      note(verdict, Source::local_rule, intro(rule) + "no TLS, unless somebody else demands it");
      return;
    case Level::may:
      verdict.tls_forbidden = false;
      note(verdict, Source::local_rule, intro(rule) + "TLS if it is offered");
      return;
    case Level::encrypt:
      require_encryption(verdict, Source::local_rule);
      note(verdict, Source::local_rule, intro(rule) + "TLS, with whatever certificate");
      return;
    case Level::dane_only:
      add_dane_only(verdict, rule, facts, mx);
      return;
    case Level::verify: {
      auto names = rule.match_names.empty() ? std::vector<std::string>{host} : rule.match_names;
      require_pkix(verdict, names, Source::local_rule);
      note(verdict, Source::local_rule, intro(rule) + "a trusted certificate for " + any_of(names));
      return;
    }
    case Level::secure: {
      // The name the operator typed, not one that came from the DNS.
      auto names = rule.match_names.empty() ? std::vector<std::string>{domain, "." + domain}
                                            : rule.match_names;
      require_pkix(verdict, names, Source::local_rule);
      note(verdict, Source::local_rule, intro(rule) + "a trusted certificate for " + any_of(names));
      return;
    }
    case Level::fingerprint:
      require_encryption(verdict, Source::local_rule);
      if (rule.fingerprints.empty()) {
        refuse(verdict, Error(Code::fingerprint_mismatch, "the rule names no fingerprint"));
      } else if (!verdict.profile.fingerprints.empty() &&
                 verdict.profile.fingerprints != rule.fingerprints) {
        refuse(verdict, Error(Code::fingerprint_mismatch,
                              "the rules for the domain and for the host name different ones"));
      }
      verdict.profile.fingerprints = rule.fingerprints;
      note(verdict, Source::local_rule,
           intro(rule) + "a certificate with one of " + std::to_string(rule.fingerprints.size()) +
               " configured fingerprints");
      return;
  }
}

}  // namespace pawl::policy
