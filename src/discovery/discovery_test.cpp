// What an attacker who can block or forge DNS and HTTPS must not be able to make us forget.
#include "discovery/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/fixture.h"
#include "store/memory_policy_cache.h"

namespace pawl::discovery {
namespace {

using policy::StsFacts;
using testing::HasSubstr;

const WallTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
constexpr std::chrono::hours kDay{24};

class FakeSource : public fetch::PolicySource {
 public:
  net::Task<fetch::FetchedPolicy> fetch(dns::Name) override {
    ++asked;
    if (!text) co_return fail(Code::sts_fetch, "the policy host is down");
    CO_TRY(auto policy, mta_sts::parse_policy(*text));
    co_return fetch::FetchedPolicy{*text, std::move(policy)};
  }
  std::optional<std::string> text;
  int asked = 0;
};

class RecordingSink : public EventSink {
 public:
  void emit(const Event& event) override { names.push_back(event.name); }
  std::vector<std::string> names;
};

// A cache whose disk is gone.
class BrokenCache : public store::MemoryPolicyCache {
 public:
  net::Task<std::optional<mta_sts::StoredPolicy>> load(dns::Name) override {
    co_return fail(Code::store, "disk I/O error");
  }
};

std::string policy_text(const std::string& mode, const std::string& mx = "mx1.example.org") {
  return "version: STSv1\nmode: " + mode + "\nmax_age: 604800\nmx: " + mx + "\n";
}

template <class T>
net::Task<> keep(net::Task<T> task, std::optional<Result<T>>& into) {
  into.emplace(co_await std::move(task));
  co_return Result<>();
}

template <class T>
Result<T> run(net::Task<T> task) {
  net::Loop loop;
  std::optional<Result<T>> result;
  EXPECT_TRUE(loop.run_until_done(keep(std::move(task), result)));
  return *std::move(result);
}

class Destination : public testing::Test {
 protected:
  Destination() {
    dns_.add("example.org", dns::Type::mx, "10 mx1.example.org");
    dns_.add("mx1.example.org", dns::Type::a, "192.0.2.1");
    txt("one");
    source_.text = policy_text("enforce");
  }
  void txt(const std::string& id) {
    dns_.remove(kTxt, dns::Type::txt);
    dns_.add(kTxt, dns::Type::txt, "v=STSv1; id=" + id);
  }
  void no_txt() { dns_.remove(kTxt, dns::Type::txt); }
  void txt_fails() { dns_.fail(kTxt, dns::Type::txt, Error(Code::dns_servfail, "SERVFAIL")); }

  policy::Facts gather() {
    auto facts = run(discovery_.gather(domain_));
    EXPECT_TRUE(facts) << facts.error().sentence();
    return *std::move(facts);
  }
  mta_sts::StoredPolicy stored() {
    auto row = run(cache_.load(domain_));
    EXPECT_TRUE(row && *row);
    return **row;
  }

  static constexpr const char* kTxt = "_mta-sts.example.org";
  const dns::Name domain_ = dns::Name::parse("example.org").value();
  resolver::FixtureResolver dns_;
  store::MemoryPolicyCache cache_;
  FakeSource source_;
  FixedClock clock_{kStart};
  RecordingSink events_;
  Discovery discovery_{dns_, cache_, source_, clock_, events_};
  StsDiscovery sts_{dns_, cache_, source_, clock_, events_};
};

TEST_F(Destination, ThePolicyIsFetchedOnceAndThenRemembered) {
  EXPECT_EQ(gather().sts.source, "fetched now");
  policy::Facts again = gather();
  EXPECT_EQ(source_.asked, 1);
  ASSERT_EQ(again.sts.state, StsFacts::State::policy);
  EXPECT_EQ(again.sts.policy->mode, mta_sts::Mode::enforce);
  EXPECT_EQ(again.sts.id, "one");
  EXPECT_THAT(again.sts.source, HasSubstr("remembered since 2026-11-22"));
  EXPECT_EQ(again.policy_domain, domain_);
  ASSERT_EQ(again.mx.size(), 1U);
}

TEST_F(Destination, NoRecordAndNothingRememberedIsNone) {
  no_txt();
  EXPECT_EQ(gather().sts.state, StsFacts::State::none);
  EXPECT_EQ(source_.asked, 0);
}

TEST_F(Destination, WarmNeitherATxtThatVanishesNorOneThatFailsChangesAnything) {
  gather();
  source_.text.reset();
  no_txt();
  EXPECT_EQ(gather().sts.policy->mode, mta_sts::Mode::enforce);
  txt_fails();
  policy::Facts facts = gather();
  EXPECT_EQ(facts.sts.policy->mode, mta_sts::Mode::enforce);
  EXPECT_EQ(facts.sts.error->code, Code::dns_servfail);
  dns_.remove(kTxt, dns::Type::txt);
  dns_.add(kTxt, dns::Type::txt, "v=STSv1; id=a");
  dns_.add(kTxt, dns::Type::txt, "v=STSv1; id=b");
  EXPECT_EQ(gather().sts.policy->mode, mta_sts::Mode::enforce);
}

TEST_F(Destination, WarmAForgedIdWithADeadPolicyHostKeepsTheOldPolicy) {
  gather();
  clock_.advance(kDay);
  txt("forged");
  source_.text.reset();
  policy::Facts facts = gather();
  EXPECT_EQ(source_.asked, 2);
  ASSERT_EQ(facts.sts.state, StsFacts::State::policy);
  EXPECT_EQ(facts.sts.policy->mode, mta_sts::Mode::enforce);
  EXPECT_EQ(facts.sts.id, "one");
  EXPECT_EQ(facts.sts.error->code, Code::sts_fetch);
  gather();
  EXPECT_EQ(source_.asked, 2) << "and backs off";
}

TEST_F(Destination, ColdADnsFailureIsRecordedAndNeverNone) {
  txt_fails();
  policy::Facts facts = gather();
  EXPECT_EQ(facts.sts.state, StsFacts::State::unavailable);
  EXPECT_EQ(facts.sts.error->code, Code::dns_servfail);
}

TEST_F(Destination, ColdAFailedFetchIsRecordedAndNotRepeatedForFiveMinutes) {
  source_.text.reset();
  EXPECT_EQ(gather().sts.state, StsFacts::State::unavailable);
  EXPECT_EQ(gather().sts.error->code, Code::sts_fetch);
  EXPECT_EQ(source_.asked, 1);
  clock_.advance(std::chrono::minutes(5));
  source_.text = policy_text("enforce");
  EXPECT_EQ(gather().sts.state, StsFacts::State::policy);
}

TEST_F(Destination, ANewIdReplacesThePolicyAndAWeakerOneIsSaidAloud) {
  gather();
  clock_.advance(kDay);
  txt("two");
  source_.text = policy_text("none");
  EXPECT_EQ(gather().sts.policy->mode, mta_sts::Mode::none);
  EXPECT_EQ(stored().id, "two");
  EXPECT_THAT(events_.names, testing::Contains("mta_sts.policy_weaker"));
}

TEST_F(Destination, AnExpiredPolicyIsForgottenOnlyWhenItIsOver) {
  gather();
  no_txt();
  clock_.advance(7 * kDay - std::chrono::seconds(1));
  EXPECT_EQ(gather().sts.state, StsFacts::State::policy);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(gather().sts.state, StsFacts::State::none);
}

TEST_F(Destination, AMismatchOfAllHostsFetchesOnceMoreAndNotAgainForFiveMinutes) {
  gather();
  // The owner moved and forgot the new id.
  dns_.remove("example.org", dns::Type::mx);
  dns_.add("example.org", dns::Type::mx, "10 new.example.org");
  dns_.add("new.example.org", dns::Type::a, "192.0.2.9");
  policy::Facts stale = gather();
  EXPECT_EQ(source_.asked, 2);
  EXPECT_EQ(stale.sts.policy->mx.front(), "mx1.example.org") << "the host says the same: it stands";
  gather();
  EXPECT_EQ(source_.asked, 2) << "rate limit";
  clock_.advance(std::chrono::minutes(5));
  source_.text = policy_text("enforce", "new.example.org");
  EXPECT_EQ(gather().sts.policy->mx.front(), "new.example.org");
  EXPECT_EQ(source_.asked, 3);
}

TEST_F(Destination, AFailedRefetchAfterAMismatchLeavesThePolicyStanding) {
  gather();
  source_.text.reset();
  dns_.remove("example.org", dns::Type::mx);
  dns_.add("example.org", dns::Type::mx, "10 evil.example.net");
  dns_.add("evil.example.net", dns::Type::a, "192.0.2.66");
  policy::Facts facts = gather();
  EXPECT_EQ(facts.sts.policy->mode, mta_sts::Mode::enforce);
  clock_.advance(std::chrono::minutes(5));
  EXPECT_FALSE(run(discovery_.policy_has_changed(domain_)).value());
  EXPECT_EQ(source_.asked, 3);
}

TEST_F(Destination, PolicyHasChangedIsTrueOnlyForAnotherPolicy) {
  gather();
  EXPECT_FALSE(run(discovery_.policy_has_changed(domain_)).value());
  EXPECT_EQ(source_.asked, 2);
  clock_.advance(std::chrono::minutes(5));
  source_.text = policy_text("testing");
  EXPECT_TRUE(run(discovery_.policy_has_changed(domain_)).value());
}

TEST_F(Destination, PoliciesAreRefreshedBeforeExpiryOnlyWhereMailStillGoes) {
  gather();
  EXPECT_EQ(run(sts_.refresh_due()).value(), 0U);
  clock_.advance(kDay);
  EXPECT_EQ(run(sts_.refresh_due()).value(), 1U);
  EXPECT_EQ(stored().expires, kStart + kDay + std::chrono::days(7));
  EXPECT_EQ(stored().last_used, kStart) << "a refresh is no use";
  clock_.advance(31 * kDay);
  EXPECT_EQ(run(sts_.refresh_due()).value(), 0U) << "no mail for a month";
}

TEST_F(Destination, ARefreshSurvivesABlockedTxtButNotItsRemoval) {
  gather();
  clock_.advance(kDay);
  txt_fails();
  EXPECT_EQ(run(sts_.refresh_due()).value(), 1U);
  clock_.advance(kDay);
  no_txt();
  EXPECT_EQ(run(sts_.refresh_due()).value(), 0U);
}

TEST_F(Destination, ACacheThatCannotBeReadHoldsMailAndIsNotNoPolicy) {
  BrokenCache broken;
  Discovery discovery(dns_, broken, source_, clock_, events_);
  auto facts = run(discovery.gather(domain_));
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, Code::store);
}

TEST_F(Destination, AConfiguredNextHopIsItsOwnPolicyDomain) {
  dns_.add("relay.example.net", dns::Type::a, "192.0.2.5");
  auto facts = run(discovery_.gather(dns::Name::parse("relay.example.net").value(), {false, 587}));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->policy_domain.text(), "relay.example.net");
  EXPECT_FALSE(facts->mx_lookup);
  EXPECT_EQ(dns_.times_asked("_mta-sts.relay.example.net", dns::Type::txt), 1U);
  EXPECT_EQ(dns_.times_asked("_mta-sts.example.net", dns::Type::txt), 0U) << "never a parent";
}

// rfc8461#3.4
TEST_F(Destination, ThePolicyDomainIsNeitherAnAliasTargetNorAnMxHost) {
  dns_.add("_mta-sts.mx1.example.org", dns::Type::txt, "v=STSv1; id=host");
  EXPECT_EQ(gather().sts.id, "one");
  EXPECT_EQ(dns_.times_asked("_mta-sts.mx1.example.org", dns::Type::txt), 0U);

  dns_.add("shop.example.net", dns::Type::cname, "example.org");
  auto alias = run(discovery_.gather(dns::Name::parse("shop.example.net").value()));
  ASSERT_TRUE(alias) << alias.error().sentence();
  EXPECT_EQ(alias->mx_canonical, domain_);
  EXPECT_EQ(alias->sts.state, StsFacts::State::none);
  EXPECT_EQ(dns_.times_asked("_mta-sts.shop.example.net", dns::Type::txt), 1U);
  EXPECT_EQ(dns_.times_asked(kTxt, dns::Type::txt), 1U) << "asked for example.org's own mail only";
}

TEST_F(Destination, TheErrorOfTheMxLookupIsTheDomains) {
  auto facts = run(discovery_.gather(dns::Name::parse("no-such.example").value()));
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, Code::domain_not_found);
}

}  // namespace
}  // namespace pawl::discovery
