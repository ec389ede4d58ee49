// faulty.signed.test (DANE, MTA-STS enforced), the policies that do not arrive, and the healthy
// domain.
#include <fmt/format.h>

#include "tests/e2e/faulty_domain.h"

namespace pawl::e2e {
namespace {

using lab::LabIdentity;
using lab::Zone;

constexpr const char* kDomain = "faulty.signed.test";
constexpr const char* kOwner = "faulty";
// SHA-256 of the empty string.
constexpr const char* kNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string full(const std::string& owner) {
  return owner + "." + kDomain;
}
std::string in_zone(const std::string& owner) {
  return fmt::format("{}.{}", owner, kOwner);
}
void add_tlsa(Zone& zone, const std::string& owner, const std::string& record) {
  zone.add(fmt::format("_25._tcp.{} IN TLSA {}", owner, record));
}

}  // namespace

Result<> FaultyDomains::make_signed() {
  Zone& zone = world_->zone("signed.test", lab::Signing::secure);
  const auto host = [&](const char* owner) -> Result<std::string> {  // the record it should have
    TRY(LabIdentity identity, world_->issued(full(owner)));
    add_mx(zone, kOwner, in_zone(owner), identity);
    TRY(auto tlsa, tls::tlsa_for(identity.pem.certificate_pem, 3, 1, 1));
    return tlsa.text();
  };
  const std::string other = "3 1 1 " + std::string(64, 'a');

  TRY_VOID(host("mx-mismatch"));
  add_tlsa(zone, in_zone("mx-mismatch"), other);
  fault(kDomain, "tlsa_mismatch", full("mx-mismatch"));
  fault(kDomain, "dane_sender_refuses", full("mx-mismatch"));
  // Usage 1 authenticates nobody in mail; beside it stands nothing.
  TRY_VOID(host("mx-unusable"));
  add_tlsa(zone, in_zone("mx-unusable"), "1 1 1 " + std::string(64, 'b'));
  fault(kDomain, "tlsa_unusable", full("mx-unusable"));
  fault(kDomain, "tlsa_none_usable", full("mx-unusable"));
  TRY(std::string good, host("mx-nothing"));
  add_tlsa(zone, in_zone("mx-nothing"), good);
  add_tlsa(zone, in_zone("mx-nothing"), fmt::format("3 1 1 {}", kNothing));
  fault(kDomain, "tlsa_of_nothing", full("mx-nothing"));
  TRY(good, host("mx-stale"));
  add_tlsa(zone, in_zone("mx-stale"), good);
  add_tlsa(zone, in_zone("mx-stale"), other);
  add_tlsa(zone, in_zone("mx-stale"), "3 1 1 " + std::string(64, 'c'));
  note(kDomain, "tlsa_stale", full("mx-stale"));
  TRY_VOID(host("mx-bare"));
  fault(kDomain, "dane_on_some_hosts", full("mx-bare"));
  TRY(good, host("mx-bogus"));
  add_tlsa(zone, in_zone("mx-bogus"), good);
  zone.corrupt("_25._tcp." + in_zone("mx-bogus"), "TLSA");
  fault(kDomain, "tlsa_lookup_failed", full("mx-bogus"));
  fault(kDomain, "dane_sender_refuses", full("mx-bogus"));
  TRY(good, host("mx.uncovered"));
  add_tlsa(zone, in_zone("mx.uncovered"), good);
  fault(kDomain, "sts_mx_not_covered", full("mx.uncovered"));
  fault(kDomain, "enforcing_sender_refuses", full("mx.uncovered"));

  // RSA and ECDSA at one host, a record for one of them.
  TRY(auto rsa, certificate(full("mx-kinds"), tls::KeyKind::rsa_2048));
  TRY(auto ec, certificate(full("mx-kinds")));
  TRY(auto both, lab::make_offer({.identities = {rsa, ec}}));
  TRY(auto for_rsa, tls::tlsa_for(rsa.certificate_pem, 3, 1, 1));
  add_mx(zone, kOwner, in_zone("mx-kinds"), LabIdentity{rsa, both});
  add_tlsa(zone, in_zone("mx-kinds"), for_rsa.text());
  fault(kDomain, "tlsa_one_kind", full("mx-kinds"));
  fault(kDomain, "dane_sender_refuses", full("mx-kinds"));  // one that gets the other kind

  TRY_VOID(world_->add_policy(
      zone, kOwner, "1",
      "version: STSv1\r\nmode: enforce\r\nmx: *.faulty.signed.test\r\nmax_age: 1209600\r\n"));
  zone.add(fmt::format("_smtp._tls.{} IN TXT \"v=TLSRPTv1; rua=mailto:tls@signed.test\"", kOwner));
  return {};
}

Result<> FaultyDomains::make_strays() {
  Zone& zone = world_->zone("unsigned.test", lab::Signing::insecure);
  const auto domain = [&](const char* owner) -> Result<lab::PolicySite*> {
    const std::string mx = fmt::format("mx.{}", owner);
    TRY(LabIdentity identity, world_->issued(mx + ".unsigned.test"));
    add_mx(zone, owner, mx, identity);
    return world_->add_policy(zone, owner, "1",
                              fmt::format("version: STSv1\r\nmode: enforce\r\n"
                                          "mx: {}.unsigned.test\r\nmax_age: 1209600\r\n",
                                          mx));
  };
  TRY(lab::PolicySite * html, domain("stray"));
  auto content = html->host.content();
  content.content_type = "text/html";
  html->host.set(content);
  fault("stray.unsigned.test", "sts_policy_invalid", "stray.unsigned.test");
  zone.add("_smtp._tls.stray IN TXT \"v=TLSRPTv1; rua=mailto:a@unsigned.test\"");
  zone.add("_smtp._tls.stray IN TXT \"v=TLSRPTv1; rua=mailto:b@unsigned.test\"");
  fault("stray.unsigned.test", "tlsrpt_invalid", "stray.unsigned.test");

  TRY(lab::PolicySite * impostor, domain("astray"));
  content = impostor->host.content();
  TRY(LabIdentity other, world_->issued("www.elsewhere.test"));
  content.identity = other.server;
  impostor->host.set(content);
  fault("astray.unsigned.test", "sts_host_certificate", "astray.unsigned.test");

  TRY(lab::PolicySite * lost, domain("lost"));
  content = lost->host.content();
  content.status = 404;
  lost->host.set(content);
  fault("lost.unsigned.test", "sts_fetch_failed", "lost.unsigned.test");
  return {};
}

Result<> FaultyDomains::make_healthy() {
  Zone& zone = world_->zone("signed.test", lab::Signing::secure);
  for (const char* owner : {"mx1.healthy", "mx2.healthy"}) {
    TRY(LabIdentity identity, world_->issued(fmt::format("{}.signed.test", owner)));
    add_mx(zone, "healthy", owner, identity, {true, true});
    TRY(auto now, tls::tlsa_for(identity.pem.certificate_pem, 3, 1, 1));
    add_tlsa(zone, owner, now.text());
    add_tlsa(zone, owner, fmt::format("3 1 1 {}", std::string(64, 'd')));  // the next key
  }
  TRY_VOID(world_->add_policy(
      zone, "healthy", "20260101",
      "version: STSv1\r\nmode: enforce\r\nmx: *.healthy.signed.test\r\nmax_age: 1209600\r\n"));
  zone.add("_smtp._tls.healthy IN TXT \"v=TLSRPTv1; rua=mailto:tls@signed.test\"");

  const auto mail = IpAddress::v4(127, 40, 1, 10);
  zone.add(fmt::format("mail.healthy IN A {}", mail.text()));
  zone.add("_imaps._tcp.healthy IN SRV 0 1 993 mail.healthy");
  zone.add("_submissions._tcp.healthy IN SRV 0 1 465 mail.healthy");
  TRY(LabIdentity identity, world_->issued("mail.healthy.signed.test"));
  add_script(
      {mail, 993},
      {.greeting = "* OK [CAPABILITY IMAP4rev2 IMAP4rev1 AUTH=PLAIN] ready",
       .in_tls = {{"CAPABILITY", "* CAPABILITY IMAP4rev2 IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done"},
                  {"LOGOUT", "* BYE\r\n{tag} OK done"}},
       .otherwise = "{tag} BAD what",
       .tagged = true,
       .implicit_tls = true,
       .identity = identity.server});
  add_script({mail, 465},
             {.greeting = "220 mail.healthy.signed.test ESMTP",
              .in_tls = {{"EHLO", "250-mail.healthy.signed.test\r\n250 AUTH PLAIN LOGIN"},
                         {"QUIT", "221 2.0.0 bye"}},
              .otherwise = "250 2.0.0 ok",
              .implicit_tls = true,
              .identity = identity.server});
  return {};
}

}  // namespace pawl::e2e
