// The judgement by itself: reports written by hand in, findings out. What needs a server to be seen
// stands in check_test.cpp.
#include "check/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "check/test_world.h"

namespace pawl::check {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
const JudgeOptions kOptions{kNow, 30, {Network::parse("192.0.2.0/24").value()}};

tls::Certificate leaf() {
  tls::Certificate leaf;
  leaf.subject = "CN=mx1.example.org";
  leaf.issuer = "CN=Root";
  leaf.dns_names = {"mx1.example.org"};
  leaf.not_before = kNow - std::chrono::days(1);
  leaf.not_after = kNow + std::chrono::days(89);
  leaf.key = "EC P-256";
  leaf.key_bits = 256;
  leaf.signature_algorithm = "ecdsa-with-SHA256";
  return leaf;
}

// One address where everything is as it should be.
AddressReport address(std::string_view text = "192.0.2.1") {
  AddressReport address;
  address.look.at = {IpAddress::parse(text).value(), 25};
  address.look.timings.connected = std::chrono::milliseconds(12);
  address.look.banner = "220 mx1.example.org ESMTP\r\n";
  address.look.upgrade_offered = true;
  address.look.secure = true;
  address.look.tls.emplace();
  address.look.tls->version = tls::Version::tls1_3;
  address.look.tls->forward_secrecy = true;
  address.certificates = {{{leaf()}, {}, "mx1.example.org", "none", tls::Ocsp::State::none}};
  return address;
}

HostReport host() {
  HostReport host;
  host.host = "mx1.example.org";
  host.port = 25;
  host.found_by = "MX 10";
  host.addresses = {address()};
  return host;
}

std::vector<std::string> names(const Findings& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) all.emplace_back(row(finding.id).name);
  return all;
}

probe::VersionSeen version(std::string name, std::uint16_t wire,
                           std::vector<probe::SuiteSeen> suites) {
  return {std::move(name), wire, true, std::move(suites), {}};
}

std::vector<std::string> offered(probe::Enumeration enumeration,
                                 starttls::Protocol protocol = starttls::Protocol::smtp) {
  AddressReport one = address();
  one.offered = std::move(enumeration);
  Findings found;
  HostReport at = host();
  at.protocol = protocol;
  judge_offered(at, one, found);
  return names(found);
}

const probe::SuiteSeen kGcm{0x1301, "TLS_AES_128_GCM_SHA256", "x25519", true, false};
const probe::SuiteSeen kEcdhe{0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "x25519", true,
                              false};
const probe::SuiteSeen kRsa{0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", "RSA", false, false};
const probe::SuiteSeen kRc4{0x0005, "TLS_RSA_WITH_RC4_128_SHA", "RSA", false, true};
const probe::SuiteSeen kDhe{0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DH 1024", true, false};

TEST(JudgeOffered, names_what_is_weak_and_what_is_missing) {
  probe::Enumeration modern;
  modern.secure_renegotiation = true;
  modern.versions = {version("TLSv1.2", 0x0303, {kEcdhe}), version("TLSv1.3", 0x0304, {kGcm})};
  EXPECT_THAT(offered(modern), ElementsAre("tls13_good"));

  auto old = modern;
  old.versions = {version("SSLv3", 0x0300, {kRc4}), version("TLSv1.0", 0x0301, {kRsa})};
  EXPECT_THAT(offered(old), UnorderedElementsAre("ssl_offered", "old_tls_offered", "weak_suites",
                                                 "tls12_missing", "no_forward_secrecy"));
  auto mixed = modern;
  mixed.versions = {version("TLSv1.2", 0x0303, {kEcdhe, kRsa, kDhe})};
  mixed.compression = true;
  mixed.secure_renegotiation = false;
  EXPECT_THAT(offered(mixed), UnorderedElementsAre("small_dh_group", "tls_compression",
                                                   "suites_without_forward_secrecy",
                                                   "tls13_missing", "insecure_renegotiation"));
}

// Postfix offers them by default: a sender that verifies has none of them in its own list.
TEST(JudgeOffered,
     anonymous_suites_hurt_where_a_certificate_is_due_and_not_beside_others_at_an_mx) {
  const probe::SuiteSeen anonymous{0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", "x25519", true,
                                   true};
  const probe::SuiteSeen null{0xc015, "TLS_ECDH_anon_WITH_NULL_SHA", "x25519", true, true};
  probe::Enumeration both;
  both.secure_renegotiation = true;
  both.versions = {version("TLSv1.2", 0x0303, {kEcdhe, anonymous}),
                   version("TLSv1.3", 0x0304, {kGcm})};
  EXPECT_THAT(offered(both), UnorderedElementsAre("tls13_good", "anonymous_suites"));
  EXPECT_THAT(offered(both, starttls::Protocol::submission),
              UnorderedElementsAre("tls13_good", "weak_suites"));
  auto broken = both;
  broken.versions[0].suites.push_back(null);
  EXPECT_THAT(offered(broken),
              UnorderedElementsAre("tls13_good", "anonymous_suites", "weak_suites"));
  auto alone = both;
  alone.versions = {version("TLSv1.2", 0x0303, {anonymous})};
  EXPECT_THAT(offered(alone), UnorderedElementsAre("tls13_missing", "weak_suites"));
}

TEST(JudgeOffered, concludes_nothing_from_what_an_aborted_enumeration_did_not_see) {
  probe::Enumeration aborted;
  aborted.versions = {version("TLSv1.0", 0x0301, {kRsa})};
  aborted.error = Error(Code::timeout, "");
  EXPECT_THAT(offered(aborted), UnorderedElementsAre("old_tls_offered", "tls13_good"))
      << "the session itself had TLS 1.3";
}

TEST(JudgeCertificates, reads_what_is_stapled) {
  const std::pair<tls::Ocsp::State, std::vector<std::string>> rows[] = {
      {tls::Ocsp::State::none, {"certificate_good"}},
      {tls::Ocsp::State::unknown, {"certificate_good"}},
      {tls::Ocsp::State::good, {"ocsp_good", "certificate_good"}},
      {tls::Ocsp::State::revoked, {"ocsp_revoked"}},
      {tls::Ocsp::State::expired, {"ocsp_stale"}},
      {tls::Ocsp::State::unreadable, {"ocsp_stale"}},
  };
  for (const auto& [state, expected] : rows) {
    HostReport one = host();
    one.addresses[0].certificates[0].ocsp_state = state;
    Findings found;
    judge_certificates(one, one.addresses[0], kOptions, found);
    EXPECT_EQ(names(found), expected) << static_cast<int>(state);
  }
}

TEST(JudgeCertificates, believes_no_staple_that_its_issuer_has_not_signed) {
  for (const auto state : {tls::Ocsp::State::good, tls::Ocsp::State::revoked}) {
    HostReport one = host();
    CertificateSeen& seen = one.addresses[0].certificates[0];
    seen.ocsp_state = state;
    seen.ocsp_doubt = "its signature is not the issuer's";
    Findings found;
    judge_certificates(one, one.addresses[0], kOptions, found);
    EXPECT_THAT(names(found), ElementsAre("certificate_good"))
        << "who could have signed is unknown";
    seen.chain.push_back(leaf());
    found.clear();
    judge_certificates(one, one.addresses[0], kOptions, found);
    EXPECT_THAT(names(found), ElementsAre("ocsp_stale"));
  }
}

// What a host is refused for stands in the column of the demand that it does not meet.
TEST(JudgeRefusals, stand_with_the_demand_that_failed) {
  using policy::Source;
  const auto refusals = [](std::vector<Source> promised, Code code) {
    TargetReport report;
    report.target.text = "example.org";
    report.hosts = {host()};
    HostReport& one = report.hosts[0];
    one.verdict.emplace();
    one.verdict->promised_by = std::move(promised);
    one.refused = Error(code, "as written");
    judge(report, kOptions);
    const bool dane = one.stages[static_cast<std::size_t>(StageName::dane)].text == "refused";
    const bool sts = one.stages[static_cast<std::size_t>(StageName::mta_sts)].text == "refused";
    return std::pair(dane, sts);
  };
  const std::pair dane(true, false);
  const std::pair sts(false, true);
  const std::pair both(true, true);
  EXPECT_EQ(refusals({Source::dane}, Code::tlsa_mismatch), dane);
  EXPECT_EQ(refusals({Source::dane, Source::mta_sts}, Code::tlsa_mismatch), dane);
  EXPECT_EQ(refusals({Source::dane}, Code::starttls_not_offered), dane);
  EXPECT_EQ(refusals({}, Code::tlsa_lookup), dane);
  EXPECT_EQ(refusals({Source::dane, Source::mta_sts}, Code::starttls_not_offered), both);
  EXPECT_EQ(refusals({Source::dane, Source::mta_sts}, Code::certificate_untrusted), sts);
  EXPECT_EQ(refusals({Source::dane, Source::mta_sts}, Code::sts_mx_mismatch), sts);
  EXPECT_EQ(refusals({Source::mta_sts}, Code::certificate_expired), sts);
}

TEST(JudgeCertificates, names_the_cause_once) {
  using Change = void (*)(CertificateSeen&);
  const std::pair<Change, std::vector<std::string>> rows[] = {
      {[](CertificateSeen& seen) {
         seen.chain[0].key = "RSA 1024";
         seen.chain[0].key_bits = 1024;
         seen.pkix = Error(Code::certificate_invalid, "EE certificate key too weak");
       },
       {"weak_key"}},
      {[](CertificateSeen& seen) {
         seen.chain[0].signature_algorithm = "sha1WithRSAEncryption";
         seen.pkix = Error(Code::certificate_invalid, "CA md too weak");
       },
       {"weak_signature"}},
      {[](CertificateSeen& seen) {
         seen.pkix = Error(Code::certificate_invalid, "path length constraint exceeded");
       },
       {"certificate_invalid"}},
      {[](CertificateSeen& seen) {  // one above the leaf
         seen.pkix = Error(Code::certificate_expired, "CN=Between");
       },
       {"certificate_invalid"}},
      {[](CertificateSeen& seen) {
         seen.chain[0].not_after = kNow - std::chrono::days(1);
         seen.pkix = Error(Code::certificate_expired, "CN=mx1.example.org");
       },
       {"certificate_expired"}},
      {[](CertificateSeen& seen) {
         seen.chain[0].dns_names = {"*.example.net"};
         seen.pkix = Error(Code::certificate_host_mismatch, "");
       },
       {"certificate_other_name"}},
      {[](CertificateSeen& seen) {
         seen.chain[0].self_signed = true;
         seen.pkix = Error(Code::certificate_untrusted, "");
       },
       {"certificate_self_signed"}},
      {[](CertificateSeen& seen) { seen.pkix = Error(Code::certificate_untrusted, "CN=X"); },
       {"certificate_untrusted"}},
  };
  for (const auto& [change, expected] : rows) {
    HostReport one = host();
    change(one.addresses[0].certificates[0]);
    Findings found;
    judge_certificates(one, one.addresses[0], kOptions, found);
    EXPECT_EQ(names(found), expected);
    one.protocol = starttls::Protocol::imap;
    found.clear();
    judge_certificates(one, one.addresses[0], kOptions, found);
    EXPECT_THAT(names(found), testing::Contains("service_certificate_refused"));
  }
}

std::vector<std::string> session(starttls::Protocol protocol,
                                 std::vector<std::string> capabilities) {
  HostReport one = host();
  one.protocol = protocol;
  one.addresses[0].look.capabilities_in_clear = std::move(capabilities);
  one.addresses[0].look.banner.clear();
  Findings found;
  judge_session(one, one.addresses[0], found);
  return names(found);
}

TEST(JudgeSession, knows_a_login_in_clear_in_every_protocol) {
  using starttls::Protocol;
  const std::vector<std::string> fine = {"starttls_good"};
  const std::vector<std::string> open = {"starttls_good", "login_before_tls"};
  EXPECT_EQ(session(Protocol::submission, {"STARTTLS", "AUTH PLAIN LOGIN"}), open);
  EXPECT_EQ(session(Protocol::submission, {"STARTTLS", "AUTH=LOGIN"}), open);
  EXPECT_EQ(session(Protocol::submission, {"STARTTLS", "AUTH CRAM-MD5"}), fine);
  EXPECT_EQ(session(Protocol::imap, {"IMAP4rev1", "STARTTLS", "LOGINDISABLED"}), fine);
  EXPECT_EQ(session(Protocol::imap, {"IMAP4rev1", "STARTTLS"}), open);
  EXPECT_EQ(session(Protocol::imap, {"IMAP4rev1", "STARTTLS", "LOGINDISABLED", "AUTH=PLAIN"}),
            open);
  EXPECT_EQ(session(Protocol::imap, {}), fine) << "nothing was listed";
  EXPECT_EQ(session(Protocol::pop3, {"STLS", "USER"}), open);
  EXPECT_EQ(session(Protocol::pop3, {"STLS", "SASL PLAIN"}), open);
  EXPECT_EQ(session(Protocol::pop3, {"STLS", "UIDL"}), fine);
  EXPECT_EQ(session(Protocol::sieve, {"\"STARTTLS\"", "\"SASL\" \"\""}), fine);
  EXPECT_EQ(session(Protocol::sieve, {"\"STARTTLS\"", "\"SASL\" \"PLAIN\""}), open);
}

TEST(JudgeHost, lets_an_ipv6_that_is_not_there_be_no_fault_of_the_host) {
  TargetReport report;
  report.target.text = "smtp://mx1.example.org";
  report.hosts = {host()};
  AddressReport v6;
  v6.look.at = {IpAddress::parse("2001:db8::1").value(), 25};
  v6.look.error = Error(Code::connect_unreachable, "no route");
  report.hosts[0].addresses.push_back(v6);
  Findings found;
  judge_host(report, report.hosts[0], kOptions, found);
  EXPECT_TRUE(has({.findings = found}, FindingId::ipv6_not_checked));
  EXPECT_FALSE(has({.findings = found}, FindingId::address_unreachable));
  // Refused is an answer: then the host is meant.
  report.hosts[0].addresses[1].look.error = Error(Code::connect_refused, "");
  found.clear();
  judge_host(report, report.hosts[0], kOptions, found);
  EXPECT_TRUE(
      has({.findings = found}, FindingId::address_unreachable, "mx1.example.org [2001:db8::1]"));
}

TEST(Judge, a_time_out_is_unknown_and_no_missing_tls) {
  TargetReport report;
  report.target.text = "smtp://mx1.example.org";
  report.hosts = {host()};
  AddressReport& one = report.hosts[0].addresses[0];
  one = AddressReport();
  one.look.at = {IpAddress::v4(192, 0, 2, 1), 25};
  one.look.error = Error(Code::timeout, "connecting");
  judge(report, kOptions);
  EXPECT_THAT(complaints(report), ElementsAre("host_unreachable mx1.example.org"));
  EXPECT_EQ(one.stages[2].state, Stage::State::unknown);
  EXPECT_EQ(one.stages[3].state, Stage::State::unknown);
  EXPECT_EQ(one.stages[7].state, Stage::State::unknown);
}

TEST(Judge, a_session_that_stalls_is_broken_and_no_missing_starttls) {
  HostReport one = host();
  one.addresses[0].look.secure = false;
  one.addresses[0].look.upgrade_offered = false;
  one.addresses[0].look.error = Error(Code::timeout, "no reply to EHLO");
  Findings found;
  judge_session(one, one.addresses[0], found);
  EXPECT_THAT(names(found), ElementsAre("session_broken"));
}

TEST(Findings, have_a_remedy_where_something_is_wrong_and_names_of_their_own) {
  std::vector<std::string_view> seen;
  for (const FindingRow& row : finding_rows()) {
    EXPECT_EQ(row.remedy.empty(), row.severity == Severity::good) << row.name;
    EXPECT_FALSE(row.sentence.empty()) << row.name;
    EXPECT_TRUE(row.reference.empty() || row.reference.starts_with("rfc")) << row.name;
    EXPECT_THAT(seen, testing::Not(testing::Contains(row.name)));
    seen.push_back(row.name);
  }
}

rc::Gen<Error> any_error() {
  return rc::gen::map(
      rc::gen::element(Code::timeout, Code::connect_refused, Code::connect_unreachable,
                       Code::connection_lost, Code::starttls_refused, Code::starttls_not_offered,
                       Code::tls_handshake, Code::starttls_injection, Code::dialog_protocol,
                       Code::certificate_untrusted, Code::certificate_expired,
                       Code::certificate_host_mismatch, Code::certificate_invalid),
      [](Code code) { return Error(code, "as drawn"); });
}

AddressReport any_address() {
  AddressReport one =
      address(*rc::gen::element<std::string>("192.0.2.1", "192.0.2.2", "2001:db8::1"));
  if (*rc::gen::arbitrary<bool>()) one.look.timings.connected.reset();
  if (*rc::gen::arbitrary<bool>()) one.look.upgrade_offered = false;
  if (*rc::gen::arbitrary<bool>()) one.look.secure = false;
  if (*rc::gen::arbitrary<bool>()) one.look.timings.upgrading = std::chrono::milliseconds(1);
  if (*rc::gen::arbitrary<bool>()) one.look.error = *any_error();
  if (*rc::gen::arbitrary<bool>()) one.look.downgrade = *any_error();
  if (*rc::gen::arbitrary<bool>()) one.refused = *any_error();
  if (*rc::gen::arbitrary<bool>()) one.certificates.clear();
  for (CertificateSeen& seen : one.certificates) {
    if (*rc::gen::arbitrary<bool>()) seen.pkix = *any_error();
    seen.chain[0].not_after += std::chrono::days(*rc::gen::inRange(-200, 200));
    seen.ocsp_state = static_cast<tls::Ocsp::State>(*rc::gen::inRange(0, 6));
  }
  return one;
}

RC_GTEST_PROP(JudgeProperty, never_calls_good_what_it_also_calls_bad, ()) {
  TargetReport report;
  report.target.text = "example.org";
  report.domain.emplace();
  report.domain->domain = dns::Name::parse("example.org").value();
  report.domain->facts.mx_secure = *rc::gen::arbitrary<bool>();
  const int hosts = *rc::gen::inRange(0, 4);
  for (int i = 0; i < hosts; ++i) {
    HostReport one = host();
    one.host = "mx" + std::to_string(i) + ".example.org";
    one.addresses.clear();
    const int addresses = *rc::gen::inRange(0, 4);
    for (int j = 0; j < addresses; ++j) one.addresses.push_back(any_address());
    policy::MxFacts facts;
    facts.host = dns::Name::parse(one.host).value();
    facts.canonical = facts.host;
    facts.dane.state = static_cast<policy::DaneFacts::State>(*rc::gen::inRange(0, 5));
    for (const AddressReport& at : one.addresses) facts.addresses.push_back(at.look.at.address);
    one.facts = facts;
    report.domain->facts.mx.push_back(facts);
    report.hosts.push_back(std::move(one));
  }
  judge(report, kOptions);
  RC_ASSERT(!contradicts_itself(report));
  RC_ASSERT(!report.verdict.empty());
  for (const HostReport& one : report.hosts) RC_ASSERT(one.stages.size() == 8U);
  Severity last = Severity::fault;
  for (const Finding& finding : report.findings) {
    RC_ASSERT(row(finding.id).severity <= last);
    last = row(finding.id).severity;
  }
}

}  // namespace
}  // namespace pawl::check
