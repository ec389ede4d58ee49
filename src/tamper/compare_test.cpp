#include <gtest/gtest.h>

#include "starttls/transcript_text.h"
#include "tamper/test_transcripts.h"

namespace pawl::tamper {
namespace {

constexpr const char* kOffers =
    "protocol smtp\nS: 220 mx.example.org ESMTP Postfix\nC: EHLO x\nS: 250-mx.example.org\n"
    "S: 250-PIPELINING\nS: 250-STARTTLS\nS: 250 8BITMIME\nC: STARTTLS\nS: 220 go\nTLS\n";
constexpr const char* kWithout =
    "protocol smtp\nS: 220 mx.example.org ESMTP Postfix\nC: EHLO x\nS: 250-mx.example.org\n"
    "S: 250-PIPELINING\nS: 250 8BITMIME\nC: QUIT\nS: 221 bye\nCLOSED\n";
constexpr const char* kOtherServer =
    "protocol smtp\nS: 220 mx.example.org ESMTP Other\nC: EHLO x\nS: 250-mx.example.org\n"
    "S: 250-SIZE 10\nS: 250 HELP\n";
constexpr const char* kFewer =
    "protocol smtp\nS: 220 mx.example.org ESMTP Postfix\nC: EHLO x\nS: 250-mx.example.org\n"
    "S: 250-STARTTLS\nS: 250 8BITMIME\nC: STARTTLS\nS: 220 go\nTLS\n";
constexpr const char* kRefused =
    "protocol smtp\nS: 220 mx.example.org ESMTP Postfix\nC: EHLO x\nS: 250-mx.example.org\n"
    "S: 250-PIPELINING\nS: 250-STARTTLS\nS: 250 8BITMIME\nC: STARTTLS\nS: 454 no\n";
constexpr const char* kNoExtensions =
    "protocol smtp\nS: 220 mx.example.org ready\nC: EHLO x\nS: 500 unknown\nC: HELO x\nS: 250 ok\n";

Examination between(const char* one, const char* other, std::string key = "",
                    std::string other_key = "") {
  auto first = starttls::read_transcript(one);
  auto second = starttls::read_transcript(other);
  return compare({.session = &*first, .path = "IPv4", .spki_sha256 = std::move(key)},
                 {.session = &*second, .path = "IPv6", .spki_sha256 = std::move(other_key)});
}

TEST(Compare, TwoLooksThatAgreeAreClean) {
  Examination same = between(kOffers, kOffers, "aa", "aa");
  EXPECT_EQ(same.assessment, Assessment::clean);
  EXPECT_TRUE(same.findings.empty());
}

TEST(Compare, OneLineLessThatIsTheOfferIsTampering) {
  for (auto examined : {between(kOffers, kWithout), between(kWithout, kOffers)}) {
    ASSERT_EQ(examined.findings.size(), 1U) << told(examined);
    EXPECT_EQ(examined.findings[0].signature, Signature::capability_removed);
    EXPECT_EQ(examined.findings[0].confidence, Confidence::likely);
    EXPECT_EQ(examined.findings[0].evidence, "250 8BITMIME");
    EXPECT_EQ(examined.assessment, Assessment::tampered);
  }
}

TEST(Compare, AnotherServerWithoutTheOfferIsSuspicious) {
  Examination examined = between(kOffers, kOtherServer);
  EXPECT_EQ(examined.assessment, Assessment::suspicious) << told(examined);
  EXPECT_EQ(examined.findings[0].signature, Signature::capability_removed);
  EXPECT_EQ(examined.findings[0].confidence, Confidence::hint);
}

TEST(Compare, OtherCapabilitiesAreAHint) {
  Examination examined = between(kOffers, kFewer);
  ASSERT_EQ(examined.findings.size(), 1U);
  EXPECT_EQ(examined.findings[0].signature, Signature::capabilities_differ);
  EXPECT_EQ(examined.findings[0].evidence, "pipelining");
  EXPECT_EQ(examined.assessment, Assessment::suspicious);
}

TEST(Compare, OtherKeysAreAHint) {
  Examination examined = between(kOffers, kOffers, "aa", "bb");
  ASSERT_EQ(examined.findings.size(), 1U);
  EXPECT_EQ(examined.findings[0].signature, Signature::certificate_drift);
  EXPECT_EQ(examined.assessment, Assessment::suspicious);
  EXPECT_TRUE(between(kOffers, kOffers, "aa", "").findings.empty());
}

TEST(Compare, AnotherBannerAloneRaisesNothing) {
  std::string other(kOffers);
  other.replace(other.find("Postfix"), 7, "Exchange");
  Examination examined = between(kOffers, other.c_str());
  ASSERT_EQ(examined.findings.size(), 1U);
  EXPECT_EQ(examined.findings[0].signature, Signature::proxy_banner);
  EXPECT_EQ(examined.assessment, Assessment::clean);
}

TEST(Compare, GrantedHereAndRefusedThereIsSuspicious) {
  Examination examined = between(kOffers, kRefused);
  ASSERT_EQ(examined.findings.size(), 1U) << told(examined);
  EXPECT_EQ(examined.findings[0].signature, Signature::upgrade_refused);
  EXPECT_EQ(examined.findings[0].evidence, "454 no");
  EXPECT_EQ(examined.assessment, Assessment::suspicious);
}

TEST(Compare, ExtensionsLostOnOnePathAreSuspicious) {
  Examination examined = between(kNoExtensions, kOffers);
  EXPECT_EQ(examined.assessment, Assessment::suspicious) << told(examined);
  EXPECT_EQ(examined.findings[0].signature, Signature::extensions_lost);
}

TEST(Compare, ALookThatSawNothingSaysNothing) {
  Look nothing{.session = nullptr, .path = "IPv6", .spki_sha256 = {}};
  auto session = starttls::read_transcript(kOffers);
  EXPECT_EQ(
      compare({.session = &*session, .path = "IPv4", .spki_sha256 = "aa"}, nothing).assessment,
      Assessment::clean);
}

TEST(Merge, TakesTheWorseAndTheFindingsOfBoth) {
  Examination one = between(kOffers, kFewer);
  Examination other = between(kOffers, kWithout);
  Examination merged = merge(one, merge(other, one));
  EXPECT_EQ(merged.assessment, Assessment::tampered);
  ASSERT_EQ(merged.findings.size(), 2U);
  EXPECT_EQ(merged.findings[0].confidence, Confidence::likely);
  EXPECT_EQ(merge(Examination{}, Examination{}).assessment, Assessment::clean);
}

TEST(Assessment, ATableOfSignaturesIsComplete) {
  for (const SignatureRow& one : signatures()) {
    EXPECT_EQ(&row(one.signature), &one);
    EXPECT_FALSE(one.sentence.empty());
    EXPECT_TRUE(one.code.starts_with("T"));
  }
  EXPECT_EQ(name(Assessment::not_offered), "not offered");
}

TEST(Assessment, NothingAtAllIsClean) {
  starttls::Transcript nothing;
  EXPECT_EQ(examine(nothing, {.promised_by = {"DANE"}, .offered_before = true}).assessment,
            Assessment::clean);
}

TEST(Findings, AreBounded) {
  std::string text = "protocol smtp\nS: 220 x ESMTP\nC: EHLO x\nS: 250-x\n";
  for (int i = 0; i < 500; ++i) text += "S: 250-XXXX " + std::to_string(i) + "\n";
  auto session = starttls::read_transcript(text + "S: 250 XXXX\n");
  EXPECT_LE(examine(*session).findings.size(), 32U);
}

TEST(Findings, AreNotAnAdmissionOfTheCredentialsThatWentInClear) {
  auto session = starttls::read_transcript(
      "protocol imap\nS: * OK [CAPABILITY IMAP4rev1 STARTTLS] x\nC: a LOGIN joe hunter2\n");
  EXPECT_EQ(told(examine(*session)).find("hunter2"), std::string::npos) << told(examine(*session));
}

}  // namespace
}  // namespace pawl::tamper
