// What a client engine concludes from a server's certificate: DANE, PKIX, fingerprints, each case
// with the code it must be named by.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/text.h"
#include "tls/authority.h"
#include "tls/engine_pair.h"
#include "tls/openssl.h"
#include "tls/reference_name.h"

namespace pawl::tls {
namespace {

const WallTime kNow = *parse_rfc3339("2026-11-22T12:00:00Z");
constexpr const char* kHost = "mx1.good.test";
constexpr const char* kNextHop = "good.test";

struct World {
  FixedClock clock{kNow};
  Authority root = must(Authority::make("Lab Root", kNow));
  Authority other = must(Authority::make("Other Root", kNow));
  Authority middle = must(root.intermediate("Lab Intermediate", kNow));
  std::shared_ptr<ClientContext> client =
      must(make_client_context({.ca_pem = root.certificate_pem(), .clock = &clock}));
};

World& world() {
  static World made;
  return made;
}

LeafOptions expired(LeafOptions options) {
  options.not_after = kNow - std::chrono::days(1);
  options.not_before = kNow - std::chrono::days(90);
  return options;
}

LeafOptions only_common_name(std::string name) {
  LeafOptions options = leaf_for({}, kNow);
  options.common_name = std::move(name);
  return options;
}

Description describe(const Identity& identity, const ClientProfile& profile) {
  auto server = must(make_server_context(
      {.key_pairs = {{.certificate_pem = identity.certificate_pem, .key_pem = identity.key_pem}}}));
  auto pair = make_pair(world().client, server, profile);
  pair.exchange();
  EXPECT_EQ(pair.client->state(), Engine::State::open)
      << "a client engine never fails on a certificate: " << pair.client->error().sentence();
  return pair.client->description();
}

// "ok", or the name of the code the outcome failed with.
std::string outcome(const std::optional<Result<>>& result) {
  if (!result) return "not asked";
  if (*result) return "ok";
  return std::string(row(result->error().code).name);
}

ClientProfile dane(std::vector<dns::Tlsa> records, std::vector<std::string> other_names = {}) {
  ClientProfile profile;
  profile.sni = kHost;
  profile.dane = DaneDemand{std::move(records), kHost, std::move(other_names)};
  return profile;
}

ClientProfile pkix(std::vector<std::string> names) {
  ClientProfile profile;
  profile.sni = kHost;
  profile.pkix = PkixDemand{std::move(names), {}};
  return profile;
}

std::string dane_outcome(const Identity& identity, std::vector<dns::Tlsa> records,
                         std::vector<std::string> other_names = {}) {
  const auto profile = dane(std::move(records), std::move(other_names));
  const auto description = describe(identity, profile);
  EXPECT_EQ(outcome(judge(profile, description)), outcome(description.dane));
  return outcome(description.dane);
}

dns::Tlsa leaf_record(const Identity& identity, std::uint8_t usage = 3, std::uint8_t selector = 1,
                      std::uint8_t matching_type = 1) {
  return must(tlsa_for(identity.certificate_pem, usage, selector, matching_type));
}

dns::Tlsa root_record(std::uint8_t selector, std::uint8_t matching_type) {
  return must(tlsa_for(world().root.certificate_pem(), 2, selector, matching_type));
}

dns::Tlsa wrong(dns::Tlsa record) {
  record.data[0] = static_cast<char>(record.data[0] ^ 1);
  return record;
}

// The chain of a server whose administrator sends the anchor too, as DANE-TA digests need it.
Identity with_root(Identity identity) {
  identity.certificate_pem += world().root.certificate_pem();
  return identity;
}

TEST(DaneEe, IgnoresNamesDatesAndIssuers) {
  // rfc7672#3.1.1
  const auto stranger = must(self_signed(leaf_for({"elsewhere.test"}, kNow)));
  for (const std::uint8_t selector : std::initializer_list<std::uint8_t>{0, 1}) {
    for (const std::uint8_t matching_type : std::initializer_list<std::uint8_t>{0, 1, 2}) {
      EXPECT_EQ(dane_outcome(stranger, {leaf_record(stranger, 3, selector, matching_type)}), "ok");
    }
  }
  const auto old = must(self_signed(expired(leaf_for({"elsewhere.test"}, kNow))));
  EXPECT_EQ(dane_outcome(old, {leaf_record(old)}), "ok");
  const auto issued = must(world().other.issue(leaf_for({kHost}, kNow)));
  EXPECT_EQ(dane_outcome(issued, {leaf_record(issued)}), "ok");
}

TEST(DaneEe, AnotherKeyIsATlsaMismatchWhateverTheAuthoritySays) {
  const auto identity = must(world().root.issue(leaf_for({kHost}, kNow)));
  EXPECT_EQ(dane_outcome(identity, {wrong(leaf_record(identity))}), "tlsa_mismatch");
  EXPECT_EQ(dane_outcome(identity, {root_record(1, 1)}), "tlsa_mismatch")
      << "an authority of the system's store is no anchor of DANE";
}

TEST(Dane, ARolloverNeedsOnlyOneMatchingRecord) {
  const auto identity = must(self_signed(leaf_for({kHost}, kNow)));
  EXPECT_EQ(dane_outcome(identity, {wrong(leaf_record(identity)), leaf_record(identity)}), "ok");
  const auto issued = with_root(must(world().root.issue(leaf_for({kHost}, kNow))));
  EXPECT_EQ(dane_outcome(issued, {wrong(leaf_record(issued)), root_record(0, 1)}), "ok");
}

TEST(Dane, TheStrongestDigestOfAUsageAndSelectorDecides) {
  // rfc7671#9
  const auto identity = must(self_signed(leaf_for({kHost}, kNow)));
  const auto weak = leaf_record(identity, 3, 1, 1);
  const auto strong = leaf_record(identity, 3, 1, 2);
  EXPECT_EQ(dane_outcome(identity, {weak, strong}), "ok");
  EXPECT_EQ(dane_outcome(identity, {weak, wrong(strong)}), "tlsa_mismatch");
  EXPECT_EQ(dane_outcome(identity, {wrong(weak), strong}), "ok");
}

TEST(Dane, UsagesZeroAndOneAuthenticateNobody) {
  // rfc7672#3.1.3
  const auto identity = must(world().root.issue(leaf_for({kHost}, kNow)));
  EXPECT_EQ(dane_outcome(identity, {leaf_record(identity, 1)}), "tlsa_invalid");
  auto usage_zero = root_record(1, 0);
  usage_zero.usage = 0;
  EXPECT_EQ(dane_outcome(identity, {usage_zero}), "tlsa_invalid");
  EXPECT_EQ(dane_outcome(identity, {leaf_record(identity, 1), wrong(leaf_record(identity))}),
            "tlsa_mismatch");
}

TEST(Dane, RecordsThatCannotBeUsedAreNamed) {
  const auto identity = must(self_signed(leaf_for({kHost}, kNow)));
  auto short_digest = leaf_record(identity);
  short_digest.data.pop_back();
  auto unknown_type = leaf_record(identity);
  unknown_type.matching_type = 9;
  EXPECT_EQ(dane_outcome(identity, {short_digest, unknown_type}), "tlsa_invalid");
  EXPECT_EQ(dane_outcome(identity, {}), "tlsa_invalid");
  EXPECT_EQ(dane_outcome(identity, {short_digest, leaf_record(identity)}), "ok");
}

TEST(DaneTa, NeedsTheAnchorInTheChainOrInTheDns) {
  const auto bare = must(world().root.issue(leaf_for({kHost}, kNow)));
  EXPECT_EQ(dane_outcome(with_root(bare), {root_record(0, 1)}), "ok");
  EXPECT_EQ(dane_outcome(with_root(bare), {root_record(1, 2)}), "ok");
  EXPECT_EQ(dane_outcome(bare, {root_record(1, 1)}), "tlsa_mismatch");
  // rfc7671#5.2.2: the whole certificate or key stands in the record.
  EXPECT_EQ(dane_outcome(bare, {root_record(0, 0)}), "ok");
  EXPECT_EQ(dane_outcome(bare, {root_record(1, 0)}), "ok");
  const auto deep = must(world().middle.issue(leaf_for({kHost}, kNow)));
  EXPECT_EQ(dane_outcome(deep, {root_record(0, 0)}), "ok");
  EXPECT_EQ(dane_outcome(deep, {root_record(1, 0)}), "ok");
  const auto middle = must(tlsa_for(world().middle.certificate_pem(), 2, 0, 1));
  EXPECT_EQ(dane_outcome(deep, {middle}), "ok") << "an anchor need not be self-signed";
}

TEST(DaneTa, AnImpostorUnderAnotherRootFails) {
  auto impostor = must(world().other.issue(leaf_for({kHost}, kNow)));
  EXPECT_NE(dane_outcome(impostor, {root_record(0, 0)}), "ok");
  EXPECT_NE(dane_outcome(impostor, {root_record(1, 0)}), "ok");
  // It shows the right root beside its own chain: nothing of its chain is signed by it.
  EXPECT_NE(dane_outcome(with_root(impostor), {root_record(0, 1)}), "ok");
}

TEST(DaneTa, ChecksNamesAndDates) {
  // rfc7672#3.1.2, rfc7672#3.2.2
  const auto record = root_record(0, 0);
  const auto elsewhere = must(world().root.issue(leaf_for({"elsewhere.test"}, kNow)));
  EXPECT_EQ(dane_outcome(elsewhere, {record}), "certificate_host_mismatch");
  const auto next_hop = must(world().root.issue(leaf_for({kNextHop}, kNow)));
  EXPECT_EQ(dane_outcome(next_hop, {record}), "certificate_host_mismatch");
  EXPECT_EQ(dane_outcome(next_hop, {record}, {kNextHop}), "ok");
  const auto old = must(world().root.issue(expired(leaf_for({kHost}, kNow))));
  EXPECT_EQ(dane_outcome(old, {record}), "certificate_expired");
  const auto wildcard = must(world().root.issue(leaf_for({"*.good.test"}, kNow)));
  EXPECT_EQ(dane_outcome(wildcard, {record}), "ok");
  const auto partial = must(world().root.issue(leaf_for({"mx*.good.test"}, kNow)));
  EXPECT_EQ(dane_outcome(partial, {record}), "certificate_host_mismatch");
}

TEST(DaneTa, FallsBackToTheCommonNameOnlyWithoutDnsNames) {
  const auto record = root_record(0, 0);
  const auto named = must(world().root.issue(only_common_name(kHost)));
  EXPECT_EQ(dane_outcome(named, {record}), "ok");
  LeafOptions both = leaf_for({"elsewhere.test"}, kNow);
  both.common_name = kHost;
  EXPECT_EQ(dane_outcome(must(world().root.issue(both)), {record}), "certificate_host_mismatch");
}

TEST(Dane, NamesTheRecordThatMatched) {
  const auto identity = must(self_signed(leaf_for({kHost}, kNow)));
  const auto profile = dane({wrong(leaf_record(identity)), leaf_record(identity)});
  const auto description = describe(identity, profile);
  EXPECT_EQ(description.matched_tlsa, leaf_record(identity));
  EXPECT_NE(description.sentence().find("authenticated by TLSA 3 1 1 "), std::string::npos)
      << description.sentence();
}

std::string pkix_outcome(const Identity& identity, std::vector<std::string> names = {kHost}) {
  const auto profile = pkix(std::move(names));
  const auto description = describe(identity, profile);
  EXPECT_EQ(outcome(judge(profile, description)), outcome(description.pkix));
  return outcome(description.pkix);
}

TEST(Pkix, NamesEveryWayACertificateCanBeWrong) {
  const auto leaf = leaf_for({"a.test", kHost}, kNow);
  EXPECT_EQ(pkix_outcome(must(world().root.issue(leaf))), "ok");
  EXPECT_EQ(pkix_outcome(must(world().middle.issue(leaf))), "ok");
  EXPECT_EQ(pkix_outcome(must(world().root.issue(leaf)), {"mx2.good.test"}),
            "certificate_host_mismatch");
  EXPECT_EQ(pkix_outcome(must(world().root.issue(expired(leaf)))), "certificate_expired");
  EXPECT_EQ(pkix_outcome(must(self_signed(leaf))), "certificate_untrusted");
  EXPECT_EQ(pkix_outcome(must(world().other.issue(leaf))), "certificate_untrusted");
  auto early = leaf;
  early.not_before = kNow + std::chrono::days(1);
  EXPECT_EQ(pkix_outcome(must(world().root.issue(early))), "certificate_expired");
  auto headless = must(world().middle.issue(leaf));
  headless.certificate_pem.resize(headless.certificate_pem.find("-----END") + 26);
  EXPECT_EQ(pkix_outcome(headless), "certificate_untrusted") << "the intermediate is missing";
}

TEST(Pkix, NeverReadsTheCommonName) {
  // rfc9525#2, rfc8461#4.2
  EXPECT_EQ(pkix_outcome(must(world().root.issue(only_common_name(kHost)))),
            "certificate_host_mismatch");
}

TEST(Pkix, ASecondSetOfNamesMustHoldAsWell) {
  const auto identity = must(world().root.issue(leaf_for({kHost}, kNow)));
  ClientProfile profile = pkix({kHost});
  profile.pkix->also_names = {".good.test"};
  EXPECT_EQ(outcome(describe(identity, profile).pkix), "ok");
  profile.pkix->also_names = {"mx2.good.test"};
  EXPECT_EQ(outcome(describe(identity, profile).pkix), "certificate_host_mismatch");
}

TEST(Pkix, IsExaminedBesideDaneAndRescuesNothing) {
  const auto identity = must(world().root.issue(leaf_for({kHost}, kNow)));
  ClientProfile profile = dane({wrong(leaf_record(identity))});
  profile.pkix = PkixDemand{{kHost}, {}};
  auto description = describe(identity, profile);
  EXPECT_EQ(outcome(description.dane), "tlsa_mismatch");
  EXPECT_EQ(outcome(description.pkix), "ok");
  EXPECT_EQ(outcome(judge(profile, description)), "tlsa_mismatch");
  profile.pkix_observed = std::exchange(profile.pkix, std::nullopt);
  description = describe(identity, profile);
  EXPECT_EQ(outcome(description.pkix_observed), "ok");
  EXPECT_EQ(outcome(judge(profile, description)), "tlsa_mismatch");

  const auto untrusted = must(self_signed(leaf_for({kHost}, kNow)));
  profile = dane({leaf_record(untrusted)});
  profile.pkix = PkixDemand{{kHost}, {}};
  description = describe(untrusted, profile);
  EXPECT_EQ(outcome(description.dane), "ok");
  EXPECT_EQ(outcome(judge(profile, description)), "certificate_untrusted");
}

TEST(Pkix, ThatIsOnlyObservedIsNoDemand) {
  const auto identity = must(self_signed(leaf_for({kHost}, kNow)));
  ClientProfile profile = dane({leaf_record(identity)});
  profile.pkix_observed = PkixDemand{{kHost}, {}};
  const auto description = describe(identity, profile);
  EXPECT_EQ(outcome(description.pkix_observed), "certificate_untrusted");
  EXPECT_TRUE(judge(profile, description));
}

TEST(Fingerprint, OfTheCertificateOrOfItsKey) {
  const auto identity = must(self_signed(leaf_for({kHost}, kNow)));
  const auto certificate = to_hex(leaf_record(identity, 3, 0, 1).data);
  const auto key = to_hex(leaf_record(identity, 3, 1, 1).data);
  ClientProfile profile;
  for (const std::string& fingerprint : {certificate, key}) {
    profile.fingerprints = {std::string(64, '0'), fingerprint};
    EXPECT_EQ(outcome(describe(identity, profile).fingerprint), "ok");
  }
  profile.fingerprints = {std::string(64, '0')};
  const auto description = describe(identity, profile);
  EXPECT_EQ(outcome(judge(profile, description)), "fingerprint_mismatch");
  EXPECT_NE(description.fingerprint->error().detail.find(key), std::string::npos);
}

TEST(Judge, ADemandThatWasNeverExaminedIsNotMet) {
  ClientProfile profile = pkix({kHost});
  Description description;
  EXPECT_EQ(outcome(judge(profile, description)), "tls_handshake");
  description.version = Version::tls1_3;
  EXPECT_EQ(outcome(judge(profile, description)), "internal");
  EXPECT_TRUE(judge({}, description));
  description.version = Version::tls1_1;
  EXPECT_EQ(outcome(judge(profile, description)), "tls_version");
}

TEST(Description, TellsTheChainAndTheKeys) {
  const auto identity = must(world().middle.issue(leaf_for({"a.test", kHost}, kNow)));
  const auto description = describe(identity, {});
  ASSERT_EQ(description.chain.size(), 2u);
  const Certificate& leaf = description.chain[0];
  EXPECT_EQ(leaf.dns_names, (std::vector<std::string>{"a.test", kHost}));
  EXPECT_EQ(leaf.key, "EC P-256");
  EXPECT_EQ(leaf.issuer, description.chain[1].subject);
  EXPECT_EQ(leaf.not_after, kNow + std::chrono::days(90));
  EXPECT_EQ(leaf.spki_sha256, to_hex(leaf_record(identity).data));
  EXPECT_EQ(description.version, Version::tls1_3);
  EXPECT_EQ(description.group, "x25519");
  EXPECT_TRUE(description.forward_secrecy);
  EXPECT_FALSE(description.resumed);
  EXPECT_EQ(outcome(description.pkix), "not asked");
}

TEST(ReferenceName, MatchesWholeLabelsOnly) {
  // rfc9525#6.3
  struct Case {
    std::string_view presented;
    std::string_view reference;
    bool match;
  };
  const Case cases[] = {
      {"mx1.good.test", "mx1.good.test", true},
      {"MX1.Good.Test", "mx1.good.test", true},
      {"mx1.good.test", "mx2.good.test", false},
      {"*.good.test", "mx1.good.test", true},
      {"*.good.test", "good.test", false},
      {"*.good.test", "a.mx1.good.test", false},
      {"mx*.good.test", "mx1.good.test", false},
      {"*1.good.test", "mx1.good.test", false},
      {"mx1.*.test", "mx1.good.test", false},
      {"*.*.test", "mx1.good.test", false},
      {"*", "test", false},
      {"*.test", "good.test", false},
      {"**.good.test", "mx1.good.test", false},
      {"mx1.good.test", ".good.test", true},
      {"*.good.test", ".good.test", true},
      {"good.test", ".good.test", false},
      {"a.mx1.good.test", ".good.test", false},
      {"*.mx1.good.test", ".good.test", false},
      {"", "mx1.good.test", false},
      {"mx1.good.test", "", false},
      {"mx1.good.test", ".", false},
      {"mx1.good.test.", "mx1.good.test", false},
      {".good.test", ".good.test", false},
      {std::string_view("mx1.good.test\0.evil.test", 23), "mx1.good.test", false},
      {std::string_view("a\0b.good.test", 13), ".good.test", false},
      {"xn--bcher-kva.good.test", "xn--bcher-kva.good.test", true},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(matches_reference(c.presented, c.reference), c.match)
        << printable(c.presented) << " for " << c.reference;
  }
}

}  // namespace
}  // namespace pawl::tls
