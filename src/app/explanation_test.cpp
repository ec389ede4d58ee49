#include "app/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/composition.h"
#include "policy/test_facts.h"

namespace pawl::app {
namespace {

using testing::HasSubstr;
using testing::Not;

Explanation explain(policy::Facts facts, const policy::Rules& rules = {}) {
  Explanation explanation{"example.org", "example.org", std::move(facts), {}};
  explanation.plan = policy::decide(explanation.facts, rules, {}, policy::kNow);
  return explanation;
}

TEST(ExplanationText, SaysWhatIsDemandedWhyAndWhatIf) {
  std::string text =
      explanation_text(explain(policy::with_sts(policy::dane_facts(), mta_sts::Mode::enforce)));
  for (const char* part : {"mx1.example.org", "192.0.2.1", "TLSv1.2 or newer", "TLSA 3 1 1",
                           "dane and mta-sts", "not a byte of mail", "RFC 7672 section 2.2"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(ExplanationText, OpportunisticSaysThatClearTextIsPossible) {
  std::string text = explanation_text(explain(policy::plain_facts()));
  EXPECT_THAT(text, HasSubstr("sent in clear"));
  EXPECT_THAT(text, Not(HasSubstr("not a byte")));
}

TEST(ExplanationText, AnImpossiblePlanSaysSoAtTheEnd) {
  std::string text = explanation_text(
      explain(policy::with_sts(policy::plain_facts(), mta_sts::Mode::enforce, {"other.example"})));
  EXPECT_THAT(text, HasSubstr("Skipped: "));
  EXPECT_THAT(text, HasSubstr("Mail cannot leave now: "));
}

TEST(ExplanationText, RemoteTextCannotDriveATerminal) {
  auto facts = policy::plain_facts();
  facts.sts.state = policy::StsFacts::State::unavailable;
  facts.sts.error = Error(Code::sts_fetch, "\x1b[2J");
  EXPECT_THAT(explanation_text(explain(facts)), Not(HasSubstr("\x1b")));
}

TEST(ExplanationJson, HasTheDocumentedMembers) {
  json::Value value =
      explanation_json(explain(policy::with_sts(policy::dane_facts(), mta_sts::Mode::enforce)));
  for (const char* name : {"domain", "next_hop", "policy_domain", "mx_secure", "implicit_mx",
                           "mta_sts", "reasons", "hosts", "impossible"}) {
    EXPECT_NE(value.find(name), nullptr) << name;
  }
  const json::Value& host = value.find("hosts")->if_array()->at(0);
  EXPECT_EQ(*host.find("tls")->if_string(), "required");
  EXPECT_EQ(*host.find("dane")->find("state")->if_string(), "usable");
  EXPECT_EQ(*host.find("promised")->if_string(), "authenticated");
  EXPECT_FALSE(host.find("reasons")->if_array()->empty());
  EXPECT_TRUE(json::parse(json::write(value)));
}

TEST(Composition, ObserveIsTheRuleForWhomNoRuleSaysOtherwise) {
  Settings settings;
  settings.enforcement = policy::Enforcement::observe;
  settings.rules = policy::observe("example.org").rules;
  settings.rules[0].enforcement = policy::Enforcement::enforce;
  policy::Facts facts = policy::dane_facts();
  auto enforcement = [&] {
    return policy::decide(facts, policy_rules(settings), {}, policy::kNow).verdicts[0].enforcement;
  };
  EXPECT_EQ(enforcement(), policy::Enforcement::enforce);
  facts.policy_domain = policy::name("example.net");
  facts.mx[0].host = policy::name("mx.example.net");
  EXPECT_EQ(enforcement(), policy::Enforcement::observe);
}

TEST(Composition, TheMostSpecificRouteThenTheRelayhostThenTheDomainItself) {
  auto domain = policy::name("mail.example.org");
  Settings settings;
  EXPECT_EQ(next_hop_of(settings, domain).key(), "mail.example.org");
  settings.relayhost = relay::NextHop::parse("[smart.example.net]").value();
  EXPECT_EQ(next_hop_of(settings, domain).key(), "[smart.example.net]");
  settings.routes.push_back({"*", relay::NextHop::parse("all.example").value()});
  settings.routes.push_back({".example.org", relay::NextHop::parse("sub.example").value()});
  EXPECT_EQ(next_hop_of(settings, domain).key(), "sub.example");
  EXPECT_EQ(next_hop_of(settings, policy::name("example.org")).key(), "all.example");
}

}  // namespace
}  // namespace pawl::app
