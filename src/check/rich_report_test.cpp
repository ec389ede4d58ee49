// The made-up report of test_report.h.
#include "check/test_report.h"

namespace pawl::check {

namespace {

using std::chrono::milliseconds;
using Kind = starttls::TranscriptEntry::Kind;
using State = Stage::State;

WallTime in_days(int days) {
  return kReportTime + std::chrono::days(days);
}

dns::Name domain_name(std::string_view text) {
  return dns::Name::parse(text).value();
}

std::string digest(char letter) {
  return std::string(64, letter);
}

tls::Certificate certificate(const std::string& name, const std::string& key, int days,
                             char letter) {
  tls::Certificate one;
  one.subject = "CN=" + name;
  one.issuer = "CN=R11,O=Let's Encrypt,C=US";
  one.dns_names = {name};
  one.not_before = in_days(days - 90);
  one.not_after = in_days(days);
  one.sha256 = digest(letter);
  one.spki_sha256 = digest(static_cast<char>(letter + 1));
  one.key = key;
  return one;
}

tls::Certificate intermediate() {
  auto one = certificate("R11", "RSA 2048", 400, 'e');
  one.issuer = "CN=ISRG Root X1,O=Internet Security Research Group,C=US";
  one.dns_names = {};
  return one;
}

CertificateSeen trusted(tls::Certificate leaf) {
  CertificateSeen seen;
  seen.matched_name = leaf.dns_names.front();
  seen.chain = {std::move(leaf), intermediate()};
  seen.ocsp = "good until 2026-11-29";
  return seen;
}

CertificateSeen refused(tls::Certificate leaf, Code code, const std::string& why) {
  CertificateSeen seen;
  seen.chain = {std::move(leaf)};
  seen.pkix = Error(code, why);
  seen.ocsp = "none";
  return seen;
}

void say(starttls::Transcript& to, Kind kind, int at, std::string bytes, bool tls = false) {
  to.entries.push_back(
      {.kind = kind, .tls = tls, .at = milliseconds(at), .bytes = std::move(bytes)});
}

starttls::Transcript upgraded(const std::string& host) {
  starttls::Transcript dialog;
  say(dialog, Kind::server, 24, "220 " + host + " ESMTP Postfix\r\n");
  say(dialog, Kind::client, 24, "EHLO probe.example.net\r\n");
  say(dialog, Kind::server, 48,
      "250-" + host + "\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n");
  say(dialog, Kind::client, 48, "STARTTLS\r\n");
  say(dialog, Kind::server, 71, "220 2.0.0 Ready to start TLS\r\n");
  say(dialog, Kind::tls_established, 120, "TLSv1.3 with TLS_AES_256_GCM_SHA384, x25519");
  say(dialog, Kind::client, 120, "EHLO probe.example.net\r\n", true);
  say(dialog, Kind::server, 144, "250-" + host + "\r\n250-PIPELINING\r\n250 8BITMIME\r\n", true);
  say(dialog, Kind::client, 144, "QUIT\r\n", true);
  say(dialog, Kind::server, 168, "221 2.0.0 Bye\r\n", true);
  say(dialog, Kind::closed, 168, "");
  return dialog;
}

probe::Look secure_look(const std::string& host, const std::string& address, std::uint16_t port) {
  probe::Look look;
  look.at = {IpAddress::parse(address).value(), port};
  look.transcript = upgraded(host);
  look.timings = {.connected = milliseconds(12),
                  .greeted = milliseconds(24),
                  .upgrading = milliseconds(71),
                  .established = milliseconds(120),
                  .ready = milliseconds(144)};
  look.banner = "220 " + host + " ESMTP Postfix";
  look.capabilities_in_clear = {"PIPELINING", "STARTTLS", "8BITMIME"};
  look.capabilities_in_tls = {"PIPELINING", "8BITMIME"};
  look.upgrade_offered = true;
  look.secure = true;
  look.tls.emplace();
  look.tls->version = tls::Version::tls1_3;
  look.tls->cipher_suite = "TLS_AES_256_GCM_SHA384";
  look.tls->group = "x25519";
  look.tls->forward_secrecy = true;
  return look;
}

probe::SuiteSeen suite(std::uint16_t id, const std::string& name, const std::string& exchange) {
  return {.id = id,
          .name = name,
          .key_exchange = exchange,
          .forward_secrecy = exchange != "RSA",
          .weak = name.find("3DES") != std::string::npos};
}

probe::Enumeration modern() {
  probe::Enumeration seen;
  seen.versions = {
      {.name = "TLSv1.0", .wire = 0x0301},
      {.name = "TLSv1.1", .wire = 0x0302},
      {.name = "TLSv1.2",
       .wire = 0x0303,
       .offered = true,
       .suites = {suite(0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519"),
                  suite(0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "x25519")},
       .server_order = true},
      {.name = "TLSv1.3",
       .wire = 0x0304,
       .offered = true,
       .suites = {suite(0x1302, "TLS_AES_256_GCM_SHA384", "x25519"),
                  suite(0x1301, "TLS_AES_128_GCM_SHA256", "x25519")},
       .server_order = true},
  };
  seen.groups = {"x25519", "secp256r1"};
  seen.rsa_certificate = true;
  seen.ecdsa_certificate = true;
  seen.ocsp_stapled = true;
  seen.secure_renegotiation = true;
  seen.extended_master_secret = true;
  seen.fallback_scsv = true;
  seen.connections = 21;
  seen.took = milliseconds(430);
  return seen;
}

probe::Enumeration old() {
  probe::Enumeration seen = modern();
  seen.versions[0].offered = true;
  seen.versions[0].suites = {suite(0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "RSA")};
  seen.versions[3].offered = false;
  seen.versions[3].suites.clear();
  seen.ecdsa_certificate = false;
  seen.ocsp_stapled = false;
  seen.extended_master_secret = false;
  return seen;
}

std::vector<Stage> stages(std::vector<Stage> list) {
  return list;
}

const Stage kNone{State::not_applicable, ""};

HostReport mx_host(const std::string& host, std::uint16_t preference) {
  HostReport report;
  report.host = host;
  report.port = 25;
  report.found_by = "MX " + std::to_string(preference);
  policy::MxFacts facts;
  facts.host = facts.canonical = domain_name(host);
  facts.preference = preference;
  report.facts = facts;
  report.verdict.emplace();
  report.verdict->host = facts.host;
  report.verdict->tls_required = true;
  report.verdict->promised = policy::Protection::authenticated;
  report.verdict->promised_by = {policy::Source::mta_sts};
  report.verdict->profile.min_version = tls::Version::tls1_2;
  report.verdict->profile.sni = host;
  report.verdict->profile.pkix = tls::PkixDemand{{host}, {}};
  report.verdict->reasons = {{policy::Source::mta_sts,
                              "the policy of example.org (enforce, id 20261101T1) is in force",
                              "rfc8461#5"}};
  return report;
}

HostReport good_host() {
  HostReport host = mx_host("mx1.example.org", 10);
  host.facts->address_secure = true;
  host.facts->dane.state = policy::DaneFacts::State::usable;
  host.facts->dane.base_domain = "mx1.example.org";
  const dns::Tlsa now{3, 1, 1, std::string(32, '\x0b')};
  const dns::Tlsa next{3, 1, 1, std::string(32, '\x9f')};
  const dns::Tlsa odd{1, 0, 1, std::string(32, '\x77')};
  host.facts->dane.records = {now, next};
  host.facts->dane.unusable_records = 1;
  host.tlsa = {{now, "", {"the ECDSA leaf at 192.0.2.1", "the ECDSA leaf at 2001:db8::1"}},
               {next, "", {}},
               {odd, "usage 1 is not for mail", {}}};
  host.tlsa_rollover = "current and next key (3 1 1 + 3 1 1)";
  host.verdict->profile.dane = tls::DaneDemand{{now, next}, "mx1.example.org", {}};
  host.verdict->promised_by = {policy::Source::dane, policy::Source::mta_sts};
  for (const char* at : {"192.0.2.1", "2001:db8::1"}) {
    AddressReport address;
    host.facts->addresses.push_back(IpAddress::parse(at).value());
    address.look = secure_look(host.host, at, 25);
    address.look.tls->matched_tlsa = now;
    address.look.tls->matched_name = host.host;
    address.certificates = {trusted(certificate(host.host, "EC P-256", 59, 'a')),
                            trusted(certificate(host.host, "RSA 2048", 12, 'c'))};
    address.offered = modern();
    address.satisfied = true;
    address.stages = stages({{State::good, "signed"},
                             {State::good, at[0] == '1' ? "12 ms" : "14 ms"},
                             {State::good, "offered"},
                             {State::good, "TLSv1.3"},
                             {State::warning, "12 days"},
                             {State::good, "matches"},
                             {State::good, "enforced"},
                             {State::good, "none"}});
    host.addresses.push_back(std::move(address));
  }
  host.stages = host.addresses.front().stages;
  return host;
}

HostReport other_name_host() {
  HostReport host = mx_host("mx2.example.org", 20);
  host.refused = Error(Code::certificate_host_mismatch,
                       "mx2.example.org [192.0.2.2] has mail.example.net, *.example.net");
  AddressReport one;
  one.look = secure_look("mail.example.net", "192.0.2.2", 25);
  one.look.proof_failed = host.refused;
  auto leaf = certificate("mail.example.net", "RSA 2048", 80, 'h');
  leaf.dns_names = {"mail.example.net", "*.example.net", "a.example",
                    "b.example",        "c.example",     "d.example"};
  one.certificates = {refused(leaf, Code::certificate_host_mismatch, host.refused->detail)};
  one.offered = old();
  one.refused = host.refused;
  one.stages = stages({{State::note, "not signed"},
                       {State::good, "9 ms"},
                       {State::good, "offered"},
                       {State::warning, "TLSv1.2, broken suites"},
                       {State::fault, "other name"},
                       {State::note, "no records"},
                       {State::fault, "would refuse"},
                       {State::good, "none"}});
  AddressReport other;
  other.look.at = {IpAddress::parse("2001:db8::2").value(), 25};
  other.look.error = Error(Code::connect_refused, "[2001:db8::2]:25");
  other.stages = stages({{State::note, "not signed"},
                         {State::warning, "refused"},
                         {State::unknown, ""},
                         {State::unknown, ""},
                         {State::unknown, ""},
                         {State::note, "no records"},
                         {State::unknown, ""},
                         {State::unknown, ""}});
  host.stages = one.stages;
  host.stages[1] = other.stages[1];
  host.facts->addresses = {one.look.at.address};
  host.facts->address_errors = {Error(Code::dns_servfail, "AAAA of mx2.example.org")};
  host.addresses = {std::move(one), std::move(other)};
  return host;
}

HostReport tampered_host() {
  HostReport host = mx_host("mx3.example.org", 30);
  host.refused = Error(Code::starttls_not_offered, "mx3.example.org [192.0.2.3]");
  AddressReport address;
  address.via = "source=198.51.100.7";
  auto& look = address.look;
  look.at = {IpAddress::parse("192.0.2.3").value(), 25};
  look.banner = "220 ****************************";
  look.capabilities_in_clear = {"PIPELINING", "XXXXXXXA"};
  look.timings.connected = milliseconds(31);
  look.timings.greeted = milliseconds(60);
  look.downgrade = Error(Code::starttls_not_offered, "mx3.example.org [192.0.2.3]");
  look.error = Error(Code::starttls_not_offered, "mx3.example.org [192.0.2.3]");
  say(look.transcript, Kind::server, 60, look.banner + "\r\n");
  say(look.transcript, Kind::client, 60, "EHLO probe.example.net\r\n");
  say(look.transcript, Kind::server, 91,
      "250-mx3.example.org\r\n250-PIPELINING\r\n250 XXXXXXXA\r\n");
  say(look.transcript, Kind::client, 91, "QUIT\r\n");
  say(look.transcript, Kind::timed_out, 15091, "");
  address.tampering.assessment = tamper::Assessment::tampered;
  address.tampering.findings = {
      {tamper::Signature::capability_masked_letter, tamper::Confidence::certain, "250 XXXXXXXA\r\n",
       "the offer of TLS is overwritten in the manner of Cisco ESMTP inspection"},
      {tamper::Signature::banner_masked, tamper::Confidence::likely, look.banner,
       "the greeting is masked with asterisks"}};
  address.refused = host.refused;
  address.stages = stages({{State::note, "not signed"},
                           {State::good, "31 ms"},
                           {State::fault, "masked"},
                           kNone,
                           kNone,
                           {State::note, "no records"},
                           {State::fault, "would refuse"},
                           {State::fault, "T2 certain"}});
  host.stages = address.stages;
  host.facts->addresses = {look.at.address};
  host.addresses = {std::move(address)};
  return host;
}

HostReport service(starttls::Protocol protocol, bool implicit, std::uint16_t port) {
  HostReport host;
  host.host = "mail.example.org";
  host.protocol = protocol;
  host.implicit_tls = implicit;
  host.port = port;
  host.found_by = implicit ? "SRV _imaps._tcp" : "SRV _imap._tcp";
  AddressReport address;
  address.look = secure_look(host.host, "192.0.2.9", port);
  address.look.protocol = protocol;
  address.look.implicit_tls = implicit;
  address.certificates = {trusted(certificate(host.host, "RSA 2048", 70, 'l'))};
  address.stages = stages(
      {kNone,
       {State::good, "11 ms"},
       implicit ? Stage{State::good, "from the start"} : Stage{State::fault, "login in clear"},
       {State::good, "TLSv1.3"},
       {State::good, "70 days"},
       kNone,
       kNone,
       {State::good, "none"}});
  host.stages = address.stages;
  host.addresses = {std::move(address)};
  return host;
}

DomainReport domain_report() {
  DomainReport domain;
  domain.domain = domain_name("example.org");
  domain.facts.policy_domain = domain.facts.mx_canonical = domain.domain;
  domain.facts.mx_secure = true;
  for (const char* host : {"mx1.example.org", "mx2.example.org", "mx3.example.org"}) {
    policy::MxFacts facts;
    facts.host = facts.canonical = domain_name(host);
    domain.facts.mx.push_back(std::move(facts));
  }
  domain.services = {{"_imaps._tcp", {0, 1, 993, domain_name("mail.example.org")}, true},
                     {"_pop3s._tcp", {0, 0, 0, dns::Name()}, false}};
  domain.sts.txt = {"v=STSv1; id=20261101T1;"};
  domain.sts.id = "20261101T1";
  domain.sts.policy_text =
      "version: STSv1\r\nmode: enforce\r\nmx: *.example.org\r\nmx: old.example.com\r\n"
      "max_age: 604800\r\n";
  domain.sts.policy_sha256 = digest('5');
  domain.sts.policy = mta_sts::Policy{mta_sts::Mode::enforce,
                                      Seconds(604800),
                                      {"*.example.org", "old.example.com"},
                                      {"line 9: an unknown field"}};
  domain.sts.unused = {"old.example.com"};
  domain.tlsrpt.txt = {"v=TLSRPTv1; rua=mailto:tls@example.org"};
  domain.tlsrpt.rua = {"mailto:tls@example.org"};
  domain.list = ListSeen{"policy.json", "enforce", {"mx3.example.org"}, {}};
  return domain;
}

TargetReport rich_target() {
  TargetReport target;
  target.target = {"example.org", domain_name("example.org"), {}};
  target.domain = domain_report();
  target.hosts = {good_host(), other_name_host(), tampered_host(),
                  service(starttls::Protocol::imap, false, 143),
                  service(starttls::Protocol::imap, true, 993)};
  target.findings = {
      {FindingId::tampered, "mx3.example.org [192.0.2.3]",
       "T2, certain: the offer of TLS is overwritten in the manner of Cisco ESMTP inspection"},
      {FindingId::enforcing_sender_refuses, "mx2.example.org",
       "the certificate is for another name: mail.example.net, *.example.net"},
      {FindingId::enforcing_sender_refuses, "mx3.example.org",
       "TLS is required, but the host did not offer STARTTLS"},
      {FindingId::login_before_tls, "imap://mail.example.org", "AUTH=PLAIN before STARTTLS"},
      {FindingId::certificate_expires_soon, "mx1.example.org",
       "RSA 2048 for mx1.example.org ends on 2026-12-04, in 12 days"},
      {FindingId::certificate_other_name, "mx2.example.org [192.0.2.2]",
       "mail.example.net, *.example.net and 4 more"},
      {FindingId::weak_suites, "mx2.example.org [192.0.2.2]",
       "TLSv1.0: TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
      {FindingId::address_unreachable, "mx2.example.org [2001:db8::2]",
       "the host refused the connection"},
      {FindingId::old_tls_offered, "mx2.example.org [192.0.2.2]", "TLSv1.0"},
      {FindingId::sts_pattern_unused, "example.org", "old.example.com"},
      {FindingId::mx_signed, "example.org", ""},
      {FindingId::dane_good, "mx1.example.org", "3 1 1 0b0b0b0b"},
      {FindingId::starttls_good, "mx1.example.org", ""},
      {FindingId::starttls_good, "mx2.example.org", ""},
      {FindingId::tlsrpt_good, "example.org", "mailto:tls@example.org"},
  };
  target.verdict =
      "Mail to example.org: a sender that enforces would refuse mx2.example.org because the "
      "certificate is for another name, and mx3.example.org because somebody on the path removes "
      "STARTTLS. Mail arrives by mx1.example.org.";
  target.took = milliseconds(3240);
  return target;
}

}  // namespace

Report rich_report() {
  return {.at = kReportTime, .days = 30, .targets = {rich_target()}};
}

Report report_of_three() {
  Report report = rich_report();
  TargetReport fine;
  fine.target.text = "imaps://mail.example.org";
  fine.target.host = HostTarget{starttls::Protocol::imap, true, "mail.example.org", 993};
  fine.hosts = {service(starttls::Protocol::imap, true, 993)};
  fine.hosts.front().found_by = "named";
  fine.findings = {{FindingId::certificate_good, "imaps://mail.example.org", ""}};
  fine.verdict = "imaps://mail.example.org is in order.";
  fine.took = milliseconds(310);
  TargetReport lost;
  lost.target = {"example.invalid", domain_name("example.invalid"), {}};
  lost.error = Error(Code::dns_timeout, "MX of example.invalid: no answer in 20 s");
  lost.verdict = "It could not be checked: " + lost.error->sentence() + ".";
  lost.took = milliseconds(20'000);
  report.targets.push_back(std::move(fine));
  report.targets.push_back(std::move(lost));
  return report;
}

}  // namespace pawl::check
