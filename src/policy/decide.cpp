// The conjunction: every source's demand must hold; see demands.h for what each demands.
#include <algorithm>

#include "policy/demands.h"
#include "policy/selection.h"

namespace pawl::policy {

namespace {

// The rule of the policy domain and the rule of the host: both hold, a rule for "*" speaks once.
template <class Predicate>
std::vector<const Rule*> rules_for(const Rules& rules, const Facts& facts, const MxFacts& mx,
                                   Predicate wanted) {
  std::vector<const Rule*> found;
  if (auto* rule = most_specific(rules.rules, facts.policy_domain, kMatchesAll, wanted)) {
    found.push_back(rule);
  }
  auto* rule = most_specific(rules.rules, mx.host, kMatchesAll + 1, wanted);
  if (rule && (found.empty() || found.front() != rule)) found.push_back(rule);
  return found;
}

bool is_none_beside_a_floor(const Rule& rule, const std::vector<const Rule*>& all) {
  return *rule.level == Level::none &&
         std::ranges::any_of(all, [](const Rule* other) { return *other->level != Level::none; });
}

void add_local(Verdict& verdict, const Rules& rules, const Facts& facts, const MxFacts& mx) {
  auto found = rules_for(rules, facts, mx, [](const Rule& rule) { return rule.level.has_value(); });
  for (const Rule* rule : found) {
    if (!is_none_beside_a_floor(*rule, found)) add_local_rule(verdict, *rule, facts, mx);
  }
}

void add_enforcement(Verdict& verdict, const Rules& rules, const Facts& facts, const MxFacts& mx,
                     const MessageDemands& demands) {
  auto found =
      rules_for(rules, facts, mx, [](const Rule& rule) { return rule.enforcement.has_value(); });
  if (found.empty() || *found.back()->enforcement == Enforcement::enforce) return;
  const std::string where =
      found.back()->origin.empty() ? found.back()->pattern : found.back()->origin;
  if (demands.require_tls) {
    note(verdict, Source::requiretls,
         "enforcement is \"observe\" (" + where + "), but the sender's REQUIRETLS is obeyed",
         "rfc8689#4.2.1");
    return;
  }
  verdict.enforcement = Enforcement::observe;
  note(verdict, Source::local_rule,
       "enforcement is \"observe\" (" + where +
           "): all this is recorded, and mail is delivered "
           "as if nothing were demanded");
}

void add_exception(Verdict& verdict, const Rules& rules, const Facts& facts, const MxFacts& mx,
                   const MessageDemands& demands, WallTime now) {
  for (const Exception& exception : rules.exceptions) {
    if (exception.until > now || !lowers(exception, verdict)) continue;
    if (specificity(exception.pattern, facts.policy_domain) == kNoMatch &&
        specificity(exception.pattern, mx.host) == kNoMatch) {
      continue;
    }
    note(verdict, Source::exception,
         "the exception of " + exception.origin + " ended at " + format_rfc3339(exception.until) +
             " and is not applied");
  }
  auto in_force = [&](const Exception& exception) {
    return exception.until > now && lowers(exception, verdict);
  };
  auto* exception = most_specific(rules.exceptions, mx.host, kMatchesAll + 1, in_force);
  if (!exception) {
    exception = most_specific(rules.exceptions, facts.policy_domain, kMatchesAll, in_force);
  }
  if (!exception) return;
  if (demands.require_tls) {
    note(verdict, Source::exception,
         "the exception of " + exception->origin +
             " is not applied: the message carries REQUIRETLS, which is its sender's to lower");
    return;
  }
  verdict = lower(std::move(verdict), *exception);
}

void add_address_failure(Verdict& verdict, const MxFacts& mx) {
  if (!mx.addresses.empty()) return;
  Error error = mx.address_errors.empty()
                    ? Error(Code::connect_unreachable, mx.host.text() + " has no address")
                    : mx.address_errors.front();
  note(verdict, Source::nothing, error.sentence());
  // Not a matter of policy, so neither an exception nor "observe" helps: said last, told first.
  verdict.usable = false;
  verdict.unusable = std::move(error);
}

Verdict decide_host(const Facts& facts, const MxFacts& mx, const Rules& rules,
                    const MessageDemands& demands, WallTime now) {
  Verdict verdict = opportunistic(mx);
  add_local(verdict, rules, facts, mx);
  if (demands.tls_required_no && !demands.require_tls) {
    ignore_remote(verdict, facts, mx);
  } else {
    const bool local_none = verdict.tls_forbidden;
    add_dane(verdict, facts, mx);
    add_mta_sts(verdict, facts, mx);
    if (demands.require_tls) add_requiretls(verdict, facts, mx);
    if (local_none && !verdict.tls_forbidden) {
      note(verdict, Source::local_rule,
           "the local rule \"none\" is no exception: what was promised is demanded");
    }
  }
  add_exception(verdict, rules, facts, mx, demands, now);
  if (!verdict.tls_required && !verdict.tls_forbidden && verdict.usable) {
    note(verdict, Source::nothing,
         "nothing is demanded: TLS is taken if it is offered, with whatever certificate",
         "rfc7435#3");
  }
  add_enforcement(verdict, rules, facts, mx, demands);
  add_address_failure(verdict, mx);
  return verdict;
}

std::vector<Reason> domain_reasons(const Facts& facts) {
  std::vector<Reason> reasons;
  const std::string domain = facts.policy_domain.text();
  if (!facts.mx_lookup) {
    reasons.push_back({Source::local_rule, domain + " is a configured next hop", {}});
  } else {
    const std::string what = facts.implicit_mx ? "that " + domain + " has no MX records"
                                               : "which hosts are the MX of " + domain;
    reasons.push_back({Source::dane,
                       "DNS: " + what +
                           (facts.mx_secure ? " is signed with DNSSEC"
                                            : " is not signed with DNSSEC, and could be forged"),
                       "rfc7672#2.2.1"});
  }
  const StsFacts& sts = facts.sts;
  std::string text;
  switch (sts.state) {
    case StsFacts::State::none:
      text = "MTA-STS: " + domain + " has no policy";
      break;
    case StsFacts::State::policy:
      text = "MTA-STS: " + domain + " has a policy, mode " +
             std::string(sts.policy ? mta_sts::name(sts.policy->mode) : "unknown") +
             (sts.id.empty() ? "" : ", id " + sts.id) +
             (sts.source.empty() ? "" : ", " + sts.source);
      if (sts.policy && sts.policy->mode == mta_sts::Mode::none) {
        text += ": it withdraws what was promised before";
      }
      if (sts.error) text += "; meanwhile " + sts.error->sentence();
      break;
    case StsFacts::State::unavailable:
      text = "MTA-STS: no policy of " + domain + " could be had" +
             (sts.error ? " (" + sts.error->sentence() + ")" : "") +
             " and none is remembered: mail is delivered as if there were none";
      break;
  }
  reasons.push_back({Source::mta_sts, text, "rfc8461#5.1"});
  return reasons;
}

std::optional<Error> why_impossible(const Facts& facts, const std::vector<Verdict>& verdicts) {
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    // What is only observed delivers all the same, unless there is no address to deliver to.
    const bool observed = verdicts[i].enforcement == Enforcement::observe;
    if (verdicts[i].usable || (observed && !facts.mx[i].addresses.empty())) return std::nullopt;
  }
  const std::string domain = facts.policy_domain.text();
  if (verdicts.empty()) return Error(Code::no_mx_host_usable, domain + " has no mail exchanger");
  Code code = verdicts.front().unusable->code;
  std::string hosts;
  for (const Verdict& verdict : verdicts) {
    if (verdict.unusable->code != code) code = Code::no_mx_host_usable;
    hosts +=
        (hosts.empty() ? "" : "; ") + verdict.host.text() + ": " + verdict.unusable->sentence();
  }
  return Error(code, "none of the " + std::to_string(verdicts.size()) + " mail exchangers of " +
                         domain + " may be used: " + hosts);
}

}  // namespace

Plan decide(const Facts& facts, const Rules& rules, const MessageDemands& demands, WallTime now) {
  Plan plan;
  plan.policy_domain = facts.policy_domain;
  plan.reasons = domain_reasons(facts);
  plan.verdicts.reserve(facts.mx.size());
  for (const MxFacts& mx : facts.mx) {
    plan.verdicts.push_back(decide_host(facts, mx, rules, demands, now));
  }
  plan.impossible = why_impossible(facts, plan.verdicts);
  return plan;
}

}  // namespace pawl::policy
