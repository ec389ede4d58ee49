// The property behind promise 6: whatever a remote says, no demand of a local rule is lowered; and
// behind DESIGN section 3: whatever else is known, what DANE or MTA-STS demands is demanded.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "policy/test_facts.h"

namespace pawl::policy {
namespace {

template <class T>
T any_of(std::initializer_list<T> values) {
  return *rc::gen::elementOf(std::vector<T>(values));
}

bool coin() {
  return *rc::gen::arbitrary<bool>();
}

Facts random_facts() {
  Facts facts = any_of<Facts>({plain_facts(), dane_facts(), unusable_tlsa_facts(),
                               with_failed_tlsa(plain_facts(), Error(Code::dns_timeout, "")),
                               with_failed_tlsa(plain_facts(), Error(Code::dnssec_bogus, ""))});
  facts.mx_secure = coin();
  facts.mx_lookup = coin();
  facts.implicit_mx = coin();
  if (coin()) {
    facts = with_sts(
        facts, any_of({mta_sts::Mode::enforce, mta_sts::Mode::testing, mta_sts::Mode::none}),
        {any_of<std::string>({"mx1.example.org", "*.example.org", "mx9.example.org"})});
  } else if (coin()) {
    facts.sts.state = StsFacts::State::unavailable;
    facts.sts.error = Error(Code::sts_fetch, "");
  }
  return facts;
}

Rules random_rules() {
  Rules rules;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    Rule one =
        rule(any_of<std::string>({"*", "example.org", ".org", "mx1.example.org", "other.example"}),
             any_of({Level::none, Level::may, Level::encrypt, Level::dane_only, Level::verify,
                     Level::secure, Level::fingerprint}))
            .rules[0];
    if (coin()) one.match_names = {"mail.example.net"};
    if (coin()) one.fingerprints = {std::string(64, 'a')};
    rules.rules.push_back(one);
  }
  return rules;
}

bool has_names(const tls::ClientProfile& profile, const std::vector<std::string>& names) {
  return profile.pkix && (profile.pkix->names == names || profile.pkix->also_names == names);
}

// Does `strong` demand at least what `weak` demands? A host that is not used at all demands most.
bool at_least(const Verdict& strong, const Verdict& weak) {
  if (!strong.usable) return true;
  if (!weak.usable) return false;
  if (weak.tls_required && !strong.tls_required) return false;
  if (strong.tls_forbidden && !weak.tls_forbidden) return false;
  if (strong.profile.min_version < weak.profile.min_version) return false;
  if (weak.profile.dane && !strong.profile.dane) return false;
  if (weak.profile.pkix && !has_names(strong.profile, weak.profile.pkix->names)) return false;
  if (weak.profile.pkix && !weak.profile.pkix->also_names.empty() &&
      !has_names(strong.profile, weak.profile.pkix->also_names)) {
    return false;
  }
  return weak.profile.fingerprints.empty() ||
         weak.profile.fingerprints == strong.profile.fingerprints;
}

MessageDemands random_demands() {
  return {coin(), coin()};
}

TEST(Floor, RemoteFactsNeverLowerALocalRule) {
  EXPECT_TRUE(rc::check([] {
    // dane-only asks for what only a remote can give: it is held below.
    Rules rules = random_rules();
    std::erase_if(rules.rules, [](const Rule& r) { return r.level == Level::dane_only; });
    const Facts facts = random_facts();
    Verdict with = decide(facts, rules, random_demands(), kNow).verdicts[0];
    Verdict alone = decide(plain_facts(), rules, {}, kNow).verdicts[0];
    RC_ASSERT(at_least(with, alone));
  }));
}

TEST(Floor, DaneOnlyMeansTlsaBehindASecureChoiceOfTheHostOrNothing) {
  EXPECT_TRUE(rc::check([] {
    const Facts facts = random_facts();
    Verdict v =
        decide(facts, rule("example.org", Level::dane_only), random_demands(), kNow).verdicts[0];
    RC_ASSERT(!v.usable || (v.profile.dane && (facts.mx_secure || !facts.mx_lookup)));
  }));
}

TEST(Floor, NoRuleWithoutAnExceptionLowersWhatARemotePromised) {
  EXPECT_TRUE(rc::check([] {
    const Facts facts = random_facts();
    Verdict promised = decide(facts, {}, {}, kNow).verdicts[0];
    Verdict with = decide(facts, random_rules(), {}, kNow).verdicts[0];
    // Where nothing was promised the operator may well forbid TLS.
    const bool nothing = promised.usable && !promised.tls_required;
    RC_ASSERT(nothing || at_least(with, promised));
  }));
}

TEST(Floor, RequireTlsIsAlwaysAuthenticated) {
  EXPECT_TRUE(rc::check([] {
    Rules rules = random_rules();
    if (coin()) rules.exceptions = {exception("example.org", any_of({Level::none, Level::may}))};
    Verdict v = decide(random_facts(), rules, {true, coin()}, kNow).verdicts[0];
    RC_ASSERT(!v.usable || (v.tls_required && v.profile.authenticated()));
  }));
}

}  // namespace
}  // namespace pawl::policy
