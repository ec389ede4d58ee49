#include <algorithm>

#include "policy/demands.h"

namespace pawl::policy {

namespace {

// An MX record that anybody could forge must not choose whose certificate is asked for.
bool host_is_proved(const Verdict& verdict, const Facts& facts) {
  if (verdict.profile.dane || !verdict.profile.fingerprints.empty()) return true;
  bool named_by_policy =
      std::ranges::find(verdict.promised_by, Source::mta_sts) != verdict.promised_by.end();
  return verdict.profile.pkix && (host_is_vouched_for(facts) || named_by_policy);
}

}  // namespace

void protect_credentials(Plan& plan, const Facts& facts, const std::string& origin) {
  for (std::size_t i = 0; i < plan.verdicts.size(); ++i) {
    Verdict& verdict = plan.verdicts[i];
    // A password that went to the wrong host cannot be called back: nothing here is only observed.
    verdict.enforcement = Enforcement::enforce;
    require_encryption(verdict, Source::local_rule);
    std::string sentence = "a password is configured for this next hop";
    if (!origin.empty()) sentence += " (" + origin + ")";
    if (host_is_proved(verdict, facts)) {
      note(verdict, Source::local_rule, sentence + ": what authenticates the host is demanded");
      continue;
    }
    const std::string domain = facts.policy_domain.text();
    std::vector<std::string> names = host_is_vouched_for(facts)
                                         ? std::vector<std::string>{verdict.host.text()}
                                         : std::vector<std::string>{domain, "." + domain};
    require_pkix(verdict, names, Source::local_rule);
    note(verdict, Source::local_rule,
         sentence + ": a trusted certificate for " + names.front() +
             (names.size() > 1 ? " or a host in it" : ""));
  }
}

}  // namespace pawl::policy
