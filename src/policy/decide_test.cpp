// One test per rule of the engine. Each fails when its rule is taken out of the code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "policy/test_facts.h"

namespace pawl::policy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Verdict decide_one(const Facts& facts, const Rules& rules = {},
                   const MessageDemands& demands = {}) {
  Plan plan = decide(facts, rules, demands, kNow);
  EXPECT_EQ(plan.verdicts.size(), 1U);
  EXPECT_FALSE(plan.verdicts.front().reasons.empty());
  for (const Reason& reason : plan.verdicts.front().reasons) EXPECT_GT(reason.sentence.size(), 10U);
  return plan.verdicts.front();
}

std::string all_reasons(const Verdict& verdict) {
  std::string text;
  for (const Reason& reason : verdict.reasons)
    text += reason.sentence + " [" + reason.reference + "]\n";
  return text;
}

std::vector<std::string> pkix_names(const Verdict& verdict) {
  return verdict.profile.pkix ? verdict.profile.pkix->names : std::vector<std::string>{};
}

// --- nothing at all

TEST(Decide, NothingPromisedIsOpportunisticTls) {
  Verdict v = decide_one(plain_facts());
  EXPECT_TRUE(v.usable);
  EXPECT_FALSE(v.tls_required);
  EXPECT_FALSE(v.tls_forbidden);
  EXPECT_FALSE(v.profile.authenticated());
  EXPECT_EQ(v.profile.sni, "mx1.example.org");
  EXPECT_EQ(v.profile.min_version, tls::Version::tls1_0);
  EXPECT_EQ(v.promised, Protection::none);
  EXPECT_THAT(v.promised_by, IsEmpty());
  EXPECT_THAT(all_reasons(v), HasSubstr("nothing is demanded"));
}

// --- DANE

TEST(DecideDane, UsableRecordsAuthenticateTheHost) {
  Verdict v = decide_one(dane_facts());
  EXPECT_TRUE(v.tls_required);
  ASSERT_TRUE(v.profile.dane);
  EXPECT_EQ(v.profile.dane->records.size(), 1U);
  EXPECT_EQ(v.profile.dane->base_domain, "mx1.example.org");
  EXPECT_EQ(v.profile.min_version, tls::Version::tls1_2);
  EXPECT_EQ(v.promised, Protection::authenticated);
  EXPECT_THAT(v.promised_by, ElementsAre(Source::dane));
  EXPECT_FALSE(v.profile.pkix);
}

TEST(DecideDane, SniIsTheTlsaBaseDomain) {
  Facts facts = dane_facts();
  facts.mx[0].dane.base_domain = "expanded.example.net";
  EXPECT_EQ(decide_one(facts).profile.sni, "expanded.example.net");
}

TEST(DecideDane, NextHopNamesAreReferenceNamesOnlyAfterASecureMxLookup) {
  Facts facts = dane_facts();
  facts.mx_canonical = name("expanded.example.org");
  EXPECT_THAT(decide_one(facts).profile.dane->other_names,
              ElementsAre("example.org", "expanded.example.org"));
  facts.mx_secure = false;
  EXPECT_THAT(decide_one(facts).profile.dane->other_names, IsEmpty());
}

TEST(DecideDane, AnUnsignedMxToASignedHostIsHalfDaneAndNeverShownAsMore) {
  Facts facts = dane_facts();
  facts.mx_secure = false;
  Verdict v = decide_one(facts);
  EXPECT_TRUE(v.tls_required);
  EXPECT_TRUE(v.profile.dane) << "TLSA is enforced for the host";
  EXPECT_EQ(v.promised, Protection::half_dane);
  EXPECT_THAT(all_reasons(v), HasSubstr("half-DANE"));
}

TEST(DecideDane, AConfiguredNextHopIsKnownBeforehand) {
  Facts facts = dane_facts();
  facts.mx_secure = false;
  facts.mx_lookup = false;
  EXPECT_EQ(decide_one(facts).promised, Protection::authenticated);
}

TEST(DecideDane, OnlyUnusableRecordsEncryptWithoutAuthentication) {
  Verdict v = decide_one(unusable_tlsa_facts());
  EXPECT_TRUE(v.usable);
  EXPECT_TRUE(v.tls_required);
  EXPECT_FALSE(v.profile.authenticated());
  EXPECT_EQ(v.promised, Protection::encrypted);
}

TEST(DecideDane, AFailedTlsaLookupSkipsThatMxAndOnlyThatOne) {
  Facts facts = with_failed_tlsa(plain_facts(), Error(Code::dns_servfail, "SERVFAIL"));
  facts.mx.push_back(mx_facts("mx2.example.org"));
  Plan plan = decide(facts, {}, {}, kNow);
  EXPECT_FALSE(plan.verdicts[0].usable);
  EXPECT_EQ(plan.verdicts[0].unusable->code, Code::tlsa_lookup);
  EXPECT_TRUE(plan.verdicts[1].usable);
  EXPECT_FALSE(plan.impossible);
}

TEST(DecideDane, BogusTlsaIsNamedAsBogus) {
  Verdict v = decide_one(with_failed_tlsa(plain_facts(), Error(Code::dnssec_bogus, "expired")));
  EXPECT_FALSE(v.usable);
  EXPECT_EQ(v.unusable->code, Code::dnssec_bogus);
}

TEST(DecideDane, AFailedTlsaLookupIsNotRescuedByMtaSts) {
  Facts facts = with_sts(with_failed_tlsa(plain_facts(), Error(Code::dns_timeout, "")),
                         mta_sts::Mode::enforce);
  EXPECT_FALSE(decide_one(facts).usable);
}

TEST(DecideDane, NoTlsaRecordsIsOpportunistic) {
  Facts facts = plain_facts();
  facts.mx[0].dane.state = DaneFacts::State::none;
  EXPECT_FALSE(decide_one(facts).tls_required);
}

// --- MTA-STS

TEST(DecideMtaSts, EnforceDemandsACertificateForThisMxAndTls12) {
  Verdict v = decide_one(with_sts(plain_facts(), mta_sts::Mode::enforce));
  EXPECT_TRUE(v.usable);
  EXPECT_TRUE(v.tls_required);
  EXPECT_THAT(pkix_names(v), ElementsAre("mx1.example.org"));
  EXPECT_EQ(v.profile.min_version, tls::Version::tls1_2);
  EXPECT_EQ(v.promised, Protection::authenticated);
  EXPECT_THAT(v.promised_by, ElementsAre(Source::mta_sts));
}

TEST(DecideMtaSts, TheCertificateIsForTheMxAndNotForThePattern) {
  Verdict v = decide_one(
      with_sts(plain_facts(), mta_sts::Mode::enforce, {"*.example.org", "other.example"}));
  EXPECT_THAT(pkix_names(v), ElementsAre("mx1.example.org"));
}

TEST(DecideMtaSts, AnMxThatThePolicyDoesNotNameIsSkipped) {
  Verdict v = decide_one(with_sts(plain_facts(), mta_sts::Mode::enforce, {"mx9.example.org"}));
  EXPECT_FALSE(v.usable);
  EXPECT_EQ(v.unusable->code, Code::sts_mx_mismatch);
  EXPECT_THAT(v.unusable->detail, HasSubstr("mx9.example.org"));
}

TEST(DecideMtaSts, TestingDeliversAndLooksAtTheCertificate) {
  Verdict v = decide_one(with_sts(plain_facts(), mta_sts::Mode::testing));
  EXPECT_TRUE(v.usable);
  EXPECT_FALSE(v.tls_required);
  EXPECT_FALSE(v.profile.authenticated());
  ASSERT_TRUE(v.profile.pkix_observed);
  EXPECT_EQ(v.profile.min_version, tls::Version::tls1_0);
  Verdict other = decide_one(with_sts(plain_facts(), mta_sts::Mode::testing, {"mx9.example.org"}));
  EXPECT_TRUE(other.usable);
  EXPECT_THAT(all_reasons(other), HasSubstr("would be refused"));
}

TEST(DecideMtaSts, NoneDemandsNothing) {
  Verdict v = decide_one(with_sts(plain_facts(), mta_sts::Mode::none));
  EXPECT_FALSE(v.tls_required);
  EXPECT_FALSE(v.profile.pkix_observed);
}

TEST(DecideMtaSts, APolicyThatCannotBeHadDeliversOpportunisticallyAndIsRecorded) {
  Facts facts = plain_facts();
  facts.sts.state = StsFacts::State::unavailable;
  facts.sts.error = Error(Code::sts_fetch, "the policy host refused");
  Plan plan = decide(facts, {}, {}, kNow);
  EXPECT_TRUE(plan.verdicts[0].usable);
  EXPECT_FALSE(plan.verdicts[0].tls_required);
  EXPECT_THAT(plan.reasons.back().sentence, HasSubstr("the policy host refused"));
}

TEST(DecideMtaSts, AnImplicitMxIsCoveredToo) {
  Facts facts = plain_facts();
  facts.implicit_mx = true;
  facts.mx = {mx_facts("example.org")};
  EXPECT_FALSE(decide_one(with_sts(facts, mta_sts::Mode::enforce)).usable);
  EXPECT_TRUE(decide_one(with_sts(facts, mta_sts::Mode::enforce, {"example.org"})).usable);
}

// --- DANE and MTA-STS together

TEST(DecideBoth, UsableTlsaWaivesTheCertificateDemandButNotTheVersion) {
  Verdict v = decide_one(with_sts(dane_facts(), mta_sts::Mode::enforce));
  EXPECT_TRUE(v.profile.dane);
  EXPECT_FALSE(v.profile.pkix);
  ASSERT_TRUE(v.profile.pkix_observed) << "a mismatch is reported";
  EXPECT_THAT(v.profile.pkix_observed->names, ElementsAre("mx1.example.org"));
  EXPECT_EQ(v.profile.min_version, tls::Version::tls1_2);
  EXPECT_THAT(v.promised_by, ElementsAre(Source::dane, Source::mta_sts));
}

TEST(DecideBoth, UsableTlsaNeverWaivesTheMxNames) {
  Verdict v = decide_one(with_sts(dane_facts(), mta_sts::Mode::enforce, {"mx9.example.org"}));
  EXPECT_FALSE(v.usable);
  EXPECT_EQ(v.unusable->code, Code::sts_mx_mismatch);
}

TEST(DecideBoth, WithOnlyUnusableTlsaTheMtaStsDemandStandsInFull) {
  Verdict v = decide_one(with_sts(unusable_tlsa_facts(), mta_sts::Mode::enforce));
  EXPECT_TRUE(v.tls_required);
  EXPECT_THAT(pkix_names(v), ElementsAre("mx1.example.org"));
  EXPECT_EQ(v.promised, Protection::authenticated);
}

TEST(DecideBoth, HalfDaneOfAHostThatThePolicyNamesCountsAsAuthenticated) {
  Facts facts = with_sts(dane_facts(), mta_sts::Mode::enforce);
  facts.mx_secure = false;
  EXPECT_EQ(decide_one(facts).promised, Protection::authenticated);
}

// --- local rules

TEST(DecideLocal, EncryptRequiresTlsWithAnyCertificate) {
  Verdict v = decide_one(plain_facts(), rule("example.org", Level::encrypt));
  EXPECT_TRUE(v.tls_required);
  EXPECT_FALSE(v.profile.authenticated());
  EXPECT_EQ(v.profile.min_version, tls::Version::tls1_2);
  EXPECT_EQ(v.promised, Protection::none) << "the destination itself promised nothing";
  EXPECT_THAT(v.promised_by, ElementsAre(Source::local_rule));
}

TEST(DecideLocal, VerifyNamesTheMxAndSecureTheNextHop) {
  EXPECT_THAT(pkix_names(decide_one(plain_facts(), rule("*", Level::verify))),
              ElementsAre("mx1.example.org"));
  EXPECT_THAT(pkix_names(decide_one(plain_facts(), rule("*", Level::secure))),
              ElementsAre("example.org", ".example.org"));
  Rules rules = rule("*", Level::secure);
  rules.rules[0].match_names = {"mail.example.net"};
  EXPECT_THAT(pkix_names(decide_one(plain_facts(), rules)), ElementsAre("mail.example.net"));
}

TEST(DecideLocal, DaneDoesNotWaiveALocalCertificateDemand) {
  Verdict v = decide_one(with_sts(dane_facts(), mta_sts::Mode::enforce), rule("*", Level::secure));
  EXPECT_TRUE(v.profile.dane);
  EXPECT_THAT(pkix_names(v), ElementsAre("example.org", ".example.org"));
}

TEST(DecideLocal, ALocalAndAnMtaStsCertificateDemandBothHold) {
  Verdict v = decide_one(with_sts(plain_facts(), mta_sts::Mode::enforce), rule("*", Level::secure));
  EXPECT_THAT(v.profile.pkix->names, ElementsAre("example.org", ".example.org"));
  EXPECT_THAT(v.profile.pkix->also_names, ElementsAre("mx1.example.org"));
}

TEST(DecideLocal, DaneOnlyNeedsUsableRecordsBehindASignedMx) {
  Rules rules = rule("example.org", Level::dane_only);
  EXPECT_TRUE(decide_one(dane_facts(), rules).profile.dane);
  for (const Facts& facts :
       {plain_facts(), unusable_tlsa_facts(), with_sts(plain_facts(), mta_sts::Mode::enforce)}) {
    Verdict v = decide_one(facts, rules);
    EXPECT_FALSE(v.usable);
    EXPECT_EQ(v.unusable->code, Code::dane_required);
  }
  Facts half = dane_facts();
  half.mx_secure = false;
  EXPECT_FALSE(decide_one(half, rules).usable) << "a forged MX would bring TLSA records of its own";
}

TEST(DecideLocal, FingerprintNeedsOneAndAnEmptyListMatchesNothing) {
  Rules rules = rule("example.org", Level::fingerprint);
  EXPECT_FALSE(decide_one(plain_facts(), rules).usable);
  rules.rules[0].fingerprints = {std::string(64, 'a')};
  Verdict v = decide_one(plain_facts(), rules);
  EXPECT_TRUE(v.usable && v.tls_required);
  EXPECT_EQ(v.profile.fingerprints.size(), 1U);
}

TEST(DecideLocal, NoneForbidsTlsOnlyWhereNobodyPromisedIt) {
  Rules rules = rule("example.org", Level::none);
  EXPECT_TRUE(decide_one(plain_facts(), rules).tls_forbidden);
  for (const Facts& facts : {dane_facts(), with_sts(plain_facts(), mta_sts::Mode::enforce)}) {
    Verdict v = decide_one(facts, rules);
    EXPECT_FALSE(v.tls_forbidden);
    EXPECT_TRUE(v.tls_required);
    EXPECT_TRUE(v.profile.authenticated());
  }
}

TEST(DecideLocal, TheMostSpecificPatternSpeaksForTheDomain) {
  Rules rules = rule("*", Level::encrypt);
  rules.rules.push_back(rule(".org", Level::verify).rules[0]);
  EXPECT_TRUE(decide_one(plain_facts(), rules).profile.pkix);
  rules.rules.push_back(rule("Example.ORG", Level::may).rules[0]);
  // ".org" still speaks for the host mx1.example.org, and both hold.
  EXPECT_TRUE(decide_one(plain_facts(), rules).profile.pkix);
  rules.rules.erase(rules.rules.begin() + 1);
  EXPECT_FALSE(decide_one(plain_facts(), rules).tls_required);
}

TEST(DecideLocal, ARuleForTheHostAndARuleForTheDomainBothHold) {
  Rules rules = rule("example.org", Level::secure);
  rules.rules.push_back(rule("mx1.example.org", Level::none).rules[0]);
  Verdict v = decide_one(plain_facts(), rules);
  EXPECT_TRUE(v.profile.pkix);
  EXPECT_FALSE(v.tls_forbidden);
  rules.rules[1].level = Level::verify;
  v = decide_one(plain_facts(), rules);
  ASSERT_TRUE(v.profile.pkix);
  EXPECT_THAT(v.profile.pkix->names, ElementsAre("example.org", ".example.org"));
  EXPECT_THAT(v.profile.pkix->also_names, ElementsAre("mx1.example.org"));
  rules.rules[0].level = Level::may;
  EXPECT_THAT(pkix_names(decide_one(plain_facts(), rules)), ElementsAre("mx1.example.org"));
}

TEST(DecideLocal, ASubdomainPatternDoesNotMatchTheDomainItselfNorAStranger) {
  EXPECT_FALSE(
      decide_one(plain_facts("mail.other.net"), rule(".example.org", Level::encrypt)).tls_required);
  Facts facts = plain_facts("mail.other.net");
  facts.policy_domain = name("notexample.org");
  EXPECT_FALSE(decide_one(facts, rule(".example.org", Level::encrypt)).tls_required);
  facts.policy_domain = name("a.b.example.org");
  EXPECT_TRUE(decide_one(facts, rule(".example.org", Level::encrypt)).tls_required);
}

// --- exceptions

TEST(DecideException, LowersWhatItNamesAndAppearsInTheReasons) {
  Rules rules = rule("example.org", Level::secure);
  rules.exceptions = {exception("example.org", Level::may)};
  Verdict v = decide_one(with_sts(dane_facts(), mta_sts::Mode::enforce), rules);
  EXPECT_TRUE(v.usable);
  EXPECT_FALSE(v.tls_required);
  EXPECT_FALSE(v.profile.authenticated());
  EXPECT_EQ(v.promised, Protection::authenticated) << "what was promised is not forgotten";
  EXPECT_THAT(all_reasons(v), HasSubstr("their certificate ran out"));
  EXPECT_THAT(all_reasons(v), HasSubstr("2026-12-01"));
}

TEST(DecideException, LowersNothingElse) {
  Rules rules;
  rules.exceptions = {exception("other.example", Level::may)};
  EXPECT_TRUE(decide_one(dane_facts(), rules).profile.dane);
}

TEST(DecideException, ToEncryptKeepsEncryptionAndTheTlsVersion) {
  Rules rules;
  rules.exceptions = {exception("example.org", Level::encrypt)};
  Verdict v = decide_one(with_sts(plain_facts(), mta_sts::Mode::enforce), rules);
  EXPECT_TRUE(v.tls_required);
  EXPECT_FALSE(v.profile.pkix);
  EXPECT_EQ(v.profile.min_version, tls::Version::tls1_2);
}

TEST(DecideException, NeverRaisesAndIsNotUsedWhereNothingIsDemanded) {
  Rules rules;
  rules.exceptions = {exception("example.org", Level::encrypt)};
  Verdict v = decide_one(plain_facts(), rules);
  EXPECT_FALSE(v.tls_required);
  EXPECT_THAT(all_reasons(v), testing::Not(HasSubstr("exception")));
}

TEST(DecideException, MakesASkippedHostUsable) {
  Rules rules;
  rules.exceptions = {exception("mx1.example.org", Level::may)};
  EXPECT_TRUE(
      decide_one(with_failed_tlsa(plain_facts(), Error(Code::dnssec_bogus, "")), rules).usable);
  EXPECT_TRUE(
      decide_one(with_sts(plain_facts(), mta_sts::Mode::enforce, {"mx9.example.org"}), rules)
          .usable);
}

TEST(DecideException, EndsWhenItsTimeIsOverAndSaysSo) {
  Rules rules;
  rules.exceptions = {exception("example.org", Level::may)};
  rules.exceptions[0].until = kNow;
  Verdict v = decide_one(dane_facts(), rules);
  EXPECT_TRUE(v.profile.dane);
  EXPECT_THAT(all_reasons(v), HasSubstr("ended at"));
}

TEST(DecideException, MayOnlyLowerToNoneMayOrEncrypt) {
  Rules rules = rule("example.org", Level::fingerprint);
  rules.rules[0].fingerprints = {std::string(64, 'a')};
  rules.exceptions = {exception("example.org", Level::verify)};
  EXPECT_FALSE(decide_one(plain_facts(), rules).profile.fingerprints.empty());
}

// --- the message's own demands

TEST(DecideMessage, TlsRequiredNoLowersRemotePolicyButNoLocalFloor) {
  MessageDemands demands;
  demands.tls_required_no = true;
  for (const Facts& facts :
       {with_sts(dane_facts(), mta_sts::Mode::enforce),
        with_failed_tlsa(plain_facts(), Error(Code::dnssec_bogus, "")),
        with_sts(plain_facts(), mta_sts::Mode::enforce, {"mx9.example.org"})}) {
    Verdict v = decide_one(facts, {}, demands);
    EXPECT_TRUE(v.usable);
    EXPECT_FALSE(v.tls_required);
    EXPECT_GT(v.promised, Protection::none) << "it is an outcome with a name";
    EXPECT_THAT(all_reasons(v), HasSubstr("TLS-Required: No"));
    Verdict floor = decide_one(facts, rule("*", Level::verify), demands);
    EXPECT_TRUE(floor.tls_required);
    EXPECT_TRUE(floor.profile.pkix);
  }
  EXPECT_TRUE(decide_one(dane_facts(), rule("*", Level::dane_only), demands).profile.dane);
}

TEST(DecideMessage, RequireTlsMakesTlsRequiredNoIgnored) {
  MessageDemands demands;
  demands.tls_required_no = true;
  demands.require_tls = true;
  EXPECT_TRUE(decide_one(dane_facts(), {}, demands).profile.dane);
}

TEST(DecideMessage, RequireTlsAuthenticatesAHostSomebodyVouchesFor) {
  MessageDemands demands;
  demands.require_tls = true;
  Facts signed_mx = plain_facts();
  signed_mx.mx_secure = true;
  EXPECT_THAT(pkix_names(decide_one(signed_mx, {}, demands)), ElementsAre("mx1.example.org"));
  EXPECT_TRUE(decide_one(with_sts(plain_facts(), mta_sts::Mode::enforce), {}, demands).usable);
  EXPECT_FALSE(decide_one(dane_facts(), {}, demands).profile.pkix) << "TLSA authenticates already";
  Verdict nobody = decide_one(plain_facts(), {}, demands);
  EXPECT_FALSE(nobody.usable);
  EXPECT_EQ(nobody.unusable->code, Code::requiretls_unverified);
  Facts half = dane_facts();
  half.mx_secure = false;
  EXPECT_FALSE(decide_one(half, {}, demands).usable);
}

TEST(DecideMessage, NoExceptionAndNoObserveLowersRequireTls) {
  MessageDemands demands;
  demands.require_tls = true;
  Rules rules = observe("*");
  rules.exceptions = {exception("example.org", Level::may)};
  Verdict v = decide_one(dane_facts(), rules, demands);
  EXPECT_TRUE(v.profile.dane);
  EXPECT_EQ(v.enforcement, Enforcement::enforce);
}

// --- observe

TEST(DecideObserve, KeepsTheVerdictAndBlocksNothing) {
  Facts facts = with_sts(plain_facts(), mta_sts::Mode::enforce, {"mx9.example.org"});
  Plan plan = decide(facts, observe("example.org"), {}, kNow);
  EXPECT_EQ(plan.verdicts[0].enforcement, Enforcement::observe);
  EXPECT_FALSE(plan.verdicts[0].usable);
  EXPECT_FALSE(plan.impossible);
  EXPECT_TRUE(decide(facts, observe("other.example"), {}, kNow).impossible);
  Rules back = observe("*");
  back.rules.push_back(observe("example.org").rules[0]);
  back.rules[1].enforcement = Enforcement::enforce;
  EXPECT_EQ(decide(facts, back, {}, kNow).verdicts[0].enforcement, Enforcement::enforce);
}

// --- the plan as a whole

TEST(Plan, ImpossibleNamesEveryHostAndWhy) {
  Facts facts = with_sts(plain_facts(), mta_sts::Mode::enforce, {"mx9.example.org"});
  facts.mx.push_back(mx_facts("mx2.example.org"));
  Plan plan = decide(facts, {}, {}, kNow);
  ASSERT_TRUE(plan.impossible);
  EXPECT_EQ(plan.impossible->code, Code::sts_mx_mismatch);
  for (const char* part :
       {"example.org", "mx1.example.org", "mx2.example.org", "mx9.example.org"}) {
    EXPECT_THAT(plan.impossible->detail, HasSubstr(part));
  }
  facts.mx[1].dane.state = DaneFacts::State::failed;
  facts.mx[1].dane.error = Error(Code::dnssec_bogus, "signature expired");
  plan = decide(facts, {}, {}, kNow);
  EXPECT_EQ(plan.impossible->code, Code::no_mx_host_usable);
  EXPECT_THAT(plan.impossible->detail, HasSubstr("signature expired"));
}

TEST(Plan, AHostWithoutAddressesIsSkippedForWhatTheDnsSaid) {
  Facts facts = plain_facts();
  facts.mx[0].addresses.clear();
  facts.mx[0].address_errors = {Error(Code::dnssec_bogus, "AAAA: signature expired")};
  EXPECT_EQ(decide_one(facts).unusable->code, Code::dnssec_bogus);
  EXPECT_TRUE(decide(facts, observe("*"), {}, kNow).impossible);
  facts.mx[0].addresses = {IpAddress::v4(192, 0, 2, 1)};
  EXPECT_TRUE(decide_one(facts).usable) << "the other family answered";
}

TEST(VerdictKey, DiffersWheneverTheDemandDiffers) {
  std::vector<std::string> keys = {
      decide_one(plain_facts()).key(),
      decide_one(plain_facts("mx2.example.org")).key(),
      decide_one(dane_facts()).key(),
      decide_one(unusable_tlsa_facts()).key(),
      decide_one(with_sts(plain_facts(), mta_sts::Mode::enforce)).key(),
      decide_one(with_sts(plain_facts(), mta_sts::Mode::testing)).key(),
      decide_one(with_sts(dane_facts(), mta_sts::Mode::enforce)).key(),
      decide_one(with_sts(plain_facts(), mta_sts::Mode::enforce), rule("*", Level::secure)).key(),
      decide_one(plain_facts(), rule("*", Level::secure)).key(),
      decide_one(plain_facts(), rule("*", Level::none)).key(),
      decide_one(plain_facts(), observe("*")).key(),
      decide_one(with_failed_tlsa(plain_facts(), Error(Code::dns_timeout, ""))).key()};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = i + 1; j < keys.size(); ++j) EXPECT_NE(keys[i], keys[j]) << i << " " << j;
  }
  EXPECT_EQ(decide_one(dane_facts()).key(), decide_one(dane_facts()).key());
}

// --- a password for the next hop

Verdict protected_verdict(const Facts& facts, const Rules& rules = {},
                          const MessageDemands& demands = {}) {
  Plan plan = decide(facts, rules, demands, kNow);
  protect_credentials(plan, facts, "pawl.toml:7");
  return plan.verdicts.front();
}

TEST(ProtectCredentials, AConfiguredHostMustHaveACertificateForItsName) {
  Facts facts = plain_facts("smart.example.net");
  facts.mx_lookup = false;
  Verdict v = protected_verdict(facts);
  EXPECT_TRUE(v.tls_required);
  EXPECT_THAT(pkix_names(v), ElementsAre("smart.example.net"));
  EXPECT_THAT(all_reasons(v), HasSubstr("pawl.toml:7"));
}

TEST(ProtectCredentials, AnUnsignedMxRecordDoesNotChooseTheName) {
  EXPECT_THAT(pkix_names(protected_verdict(plain_facts("mx.evil.example"))),
              ElementsAre("example.org", ".example.org"));
  Rules rules;
  rules.rules.push_back({.pattern = "*", .level = Level::verify});
  Verdict v = protected_verdict(plain_facts("mx.evil.example"), rules);
  EXPECT_THAT(v.profile.pkix->also_names, ElementsAre("example.org", ".example.org"));
}

TEST(ProtectCredentials, WhatAuthenticatesTheHostAlreadyIsEnough) {
  Verdict v = protected_verdict(dane_facts());
  EXPECT_TRUE(v.profile.dane);
  EXPECT_THAT(pkix_names(v), IsEmpty());
}

TEST(ProtectCredentials, NeitherObserveNorAnExceptionNorTheMessageLowersIt) {
  Facts facts = plain_facts();
  facts.mx_lookup = false;
  Rules rules;
  rules.rules.push_back(
      {.pattern = "*", .level = Level::none, .enforcement = Enforcement::observe});
  rules.exceptions.push_back({.pattern = "example.org",
                              .level = Level::none,
                              .reason = "broken",
                              .until = kNow + std::chrono::hours(1)});
  MessageDemands demands;
  demands.tls_required_no = true;
  Verdict v = protected_verdict(facts, rules, demands);
  EXPECT_EQ(v.enforcement, Enforcement::enforce);
  EXPECT_TRUE(v.tls_required);
  EXPECT_FALSE(v.tls_forbidden);
  EXPECT_THAT(pkix_names(v), ElementsAre("mx1.example.org"));
}

}  // namespace
}  // namespace pawl::policy
