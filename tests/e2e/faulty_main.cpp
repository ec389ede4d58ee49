// faulty.unsigned.test: no DNSSEC, so that each host's own fault stands alone.
#include <fmt/format.h>

#include <span>

#include "lab/guard.h"
#include "lab/namespace.h"
#include "tests/e2e/faulty_domain.h"

namespace pawl::e2e {
namespace {

using lab::LabIdentity;
using lab::PathTrick;
using lab::TlsOffer;
using lab::Zone;

constexpr const char* kDomain = "faulty.unsigned.test";
constexpr const char* kOwner = "faulty";

std::string full(const std::string& owner) {
  return owner + "." + kDomain;
}
std::string in_zone(const std::string& owner) {
  return fmt::format("{}.{}", owner, kOwner);
}

}  // namespace

// Signed by whom, for whom, from when to when.
Result<> FaultyDomains::make_main_certificates() {
  Zone& zone = world_->zone("unsigned.test", lab::Signing::insecure);
  const auto now = lab::World::now();
  const auto issued = [&](const char* owner, auto change) -> Result<> {
    auto leaf = tls::leaf_for({full(owner)}, now);
    change(leaf);
    TRY(LabIdentity identity, world_->issued(leaf));
    add_mx(zone, kOwner, in_zone(owner), identity);
    return {};
  };
  TRY_VOID(issued("mx-expired", [&](tls::LeafOptions& leaf) {
    leaf.not_before = now - std::chrono::days(90);
    leaf.not_after = now - std::chrono::days(2);
  }));
  fault(kDomain, "certificate_expired", full("mx-expired"));
  TRY_VOID(issued("mx-early",
                  [&](tls::LeafOptions& leaf) { leaf.not_before = now + std::chrono::days(2); }));
  fault(kDomain, "certificate_not_yet_valid", full("mx-early"));
  TRY_VOID(issued("mx-soon", [&](tls::LeafOptions& leaf) {
    leaf.not_after = now + std::chrono::days(kDays / 3);
  }));
  fault(kDomain, "certificate_expires_soon", full("mx-soon"));
  TRY_VOID(
      issued("mx-name", [&](tls::LeafOptions& leaf) { leaf.dns_names = {"mail.elsewhere.test"}; }));
  fault(kDomain, "certificate_other_name", full("mx-name"));

  TRY(LabIdentity own, lab::World::self_signed(full("mx-self")));
  add_mx(zone, kOwner, in_zone("mx-self"), own);
  fault(kDomain, "certificate_self_signed", full("mx-self"));
  TRY(auto stranger, tls::Authority::make("Nobody's authority", now));
  TRY(auto strange, stranger.issue(tls::leaf_for({full("mx-untrusted")}, now)));
  TRY(LabIdentity untrusted, lab::load_identity(std::move(strange)));
  add_mx(zone, kOwner, in_zone("mx-untrusted"), untrusted);
  fault(kDomain, "certificate_untrusted", full("mx-untrusted"));
  return {};
}

// What TLS is offered, and with which key.
Result<> FaultyDomains::make_main_tls() {
  Zone& zone = world_->zone("unsigned.test", lab::Signing::insecure);
  const auto add = [&](const char* owner, tls::KeyKind key, TlsOffer offer,
                       bool sha1 = false) -> Result<> {
    auto leaf = tls::leaf_for({full(owner)}, lab::World::now());
    leaf.key = key;
    leaf.sha1 = sha1;
    // Not World::issued: what loads it into a server first must not mind how weak it is.
    TRY(auto identity, world_->authority().issue(leaf));
    offer.identities = {identity};
    TRY(auto server, lab::make_offer(offer));
    add_mx(zone, kOwner, in_zone(owner), LabIdentity{std::move(identity), std::move(server)});
    return {};
  };
  using enum tls::KeyKind;
  TRY_VOID(add("mx-old", ec_p256, {.oldest = tls::Version::tls1_0}));
  note(kDomain, "old_tls_offered", full("mx-old"));
  TRY_VOID(
      add("mx-ancient", ec_p256, {.oldest = tls::Version::tls1_0, .newest = tls::Version::tls1_1}));
  fault(kDomain, "tls12_missing", full("mx-ancient"));
  TRY_VOID(add("mx-weak", ec_p256, {.cipher_list = "ALL:COMPLEMENTOFALL"}));
  fault(kDomain, "weak_suites", full("mx-weak"));
  TRY_VOID(add("mx-rsa", rsa_2048, {.newest = tls::Version::tls1_2, .cipher_list = "kRSA+AESGCM"}));
  fault(kDomain, "no_forward_secrecy", full("mx-rsa"));
  TRY_VOID(add("mx-dh", rsa_2048, {.cipher_list = "DHE-RSA-AES128-GCM-SHA256", .small_dh = true}));
  fault(kDomain, "small_dh_group", full("mx-dh"));
  TRY_VOID(add("mx-key", rsa_1024, {.cipher_list = "ECDHE+AESGCM"}));
  fault(kDomain, "weak_key", full("mx-key"));
  TRY_VOID(add("mx-sha1", ec_p256, {}, true));
  fault(kDomain, "weak_signature", full("mx-sha1"));
  return {};
}

// What happens before TLS, or instead of it.
Result<> FaultyDomains::make_main_dialogs() {
  Zone& zone = world_->zone("unsigned.test", lab::Signing::insecure);
  add_mx(zone, kOwner, in_zone("mx-plain"), std::nullopt);
  fault(kDomain, "starttls_missing", full("mx-plain"));
  const auto tricked = [&](const char* owner, PathTrick trick) -> Result<> {
    TRY(LabIdentity identity, world_->issued(full(owner)));
    add_mx(zone, kOwner, in_zone(owner), identity).path.set(trick);
    return {};
  };
  TRY_VOID(tricked("mx-masked", PathTrick::mask_capability));
  fault(kDomain, "tampered", full("mx-masked"));
  TRY_VOID(tricked("mx-refused", PathTrick::answer_454));
  fault(kDomain, "starttls_refused", full("mx-refused"));
  TRY_VOID(tricked("mx-broken", PathTrick::cut_handshake));
  fault(kDomain, "handshake_failed", full("mx-broken"));

  // TLS over IPv4, and over IPv6 an older server without it: one name, two servers.
  TRY(LabIdentity split, world_->issued(full("mx-split")));
  add_mx(zone, kOwner, in_zone("mx-split"), split);
  const IpAddress v6 = lab::lab_v6(40, 1);
  zone.add(fmt::format("{} IN AAAA {}", in_zone("mx-split"), v6.text()));
  TRY_VOID(lab::add_addresses(std::span(&v6, 1)));
  add_script({v6, 25}, {.greeting = "220 old.faulty.unsigned.test ESMTP Antiquity 8.9",
                        .in_clear = {{"EHLO",
                                      "250-old.faulty.unsigned.test\r\n250-8BITMIME\r\n"
                                      "250-ETRN\r\n250 HELP"},
                                     {"QUIT", "221 2.0.0 bye"}},
                        .otherwise = "500 5.5.1 what"});
  fault(kDomain, "starttls_on_some_addresses", full("mx-split"));
  fault(kDomain, "starttls_missing", full("mx-split"));
  fault(kDomain, "suspicious", full("mx-split"));  // no more: the two differ in much else

  const auto at = [&](const char* owner, std::uint8_t number) {
    const auto address = IpAddress::v4(127, 40, 0, number);
    zone.add(fmt::format("{} IN MX 10 {}", kOwner, in_zone(owner)));
    zone.add(fmt::format("{} IN A {}", in_zone(owner), address.text()));
    return Endpoint{address, 25};
  };
  add_script(at("mx-closed", 1), {.greeting = "554 5.3.2 mx-closed takes no mail today",
                                  .otherwise = "503 5.5.1 nothing but QUIT"});
  fault(kDomain, "greeting_refused", full("mx-closed"));
  TRY(LabIdentity again, world_->issued(full("mx-again")));
  const std::string offer = "250-mx-again\r\n250 STARTTLS";
  add_script(at("mx-again", 2), {.greeting = "220 mx-again.faulty.unsigned.test ESMTP",
                                 .in_clear = {{"EHLO", offer}},
                                 .in_tls = {{"EHLO", offer}},
                                 .otherwise = "250 2.0.0 ok",
                                 .upgrade = "STARTTLS",
                                 .upgrade_reply = "220 2.0.0 go ahead",
                                 .identity = again.server});
  fault(kDomain, "starttls_again", full("mx-again"));
  at("mx-down", 3);  // nobody listens
  fault(kDomain, "host_unreachable", full("mx-down"));

  TRY(LabIdentity alias, world_->issued(full("mx-alias")));
  zone.add(fmt::format("{} IN MX 10 {}", kOwner, in_zone("mx-alias")));
  zone.add(fmt::format("{} IN CNAME {}", in_zone("mx-alias"), in_zone("real")));
  world_->add_mail_host(zone, in_zone("real"), alias, {true, false});
  fault(kDomain, "mx_is_alias", full("mx-alias"));
  zone.add(fmt::format("{} IN MX 10 {}", kOwner, in_zone("mx-nowhere")));
  zone.add(fmt::format("{} IN TXT \"a name without an address\"", in_zone("mx-nowhere")));
  fault(kDomain, "mx_no_address", full("mx-nowhere"));
  return {};
}

// Submission and access, which the domain names by SRV records.
Result<> FaultyDomains::make_main_services() {
  Zone& zone = world_->zone("unsigned.test", lab::Signing::insecure);
  const auto mail = IpAddress::v4(127, 40, 0, 10);
  zone.add(fmt::format("{} IN A {}", in_zone("mail"), mail.text()));
  for (auto [label, port] :
       {std::pair{"_imap", 143}, {"_imaps", 993}, {"_submission", 587}, {"_pop3s", 995}}) {
    zone.add(fmt::format("{}._tcp.{} IN SRV 0 1 {} {}", label, kOwner, port, in_zone("mail")));
  }
  TRY(LabIdentity identity, world_->issued(full("mail")));
  add_script(
      {mail, 143},
      {.greeting = "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready",
       .in_clear = {{"CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n{tag} OK done"},
                    {"LOGOUT", "* BYE\r\n{tag} OK done"}},
       .in_tls = {{"CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done"},
                  {"LOGOUT", "* BYE\r\n{tag} OK done"}},
       .otherwise = "{tag} BAD what",
       .upgrade = "STARTTLS",
       .upgrade_reply = "{tag} OK begin",
       .tagged = true,
       .identity = identity.server});
  fault(kDomain, "login_before_tls", "imap://" + full("mail"));
  add_script({mail, 587},
             {.greeting = "220 mail.faulty.unsigned.test ESMTP",
              .in_clear = {{"EHLO", "250-mail\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"},
                           {"QUIT", "221 2.0.0 bye"}},
              .in_tls = {{"EHLO", "250-mail\r\n250 AUTH PLAIN LOGIN"}, {"QUIT", "221 2.0.0 bye"}},
              .otherwise = "250 2.0.0 ok",
              .upgrade = "STARTTLS",
              .upgrade_reply = "220 2.0.0 go ahead",
              .identity = identity.server});
  fault(kDomain, "login_before_tls", "submission://" + full("mail"));
  TRY(LabIdentity other, world_->issued("imap.elsewhere.test"));
  add_script({mail, 993},
             {.greeting = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready",
              .in_tls = {{"CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done"},
                         {"LOGOUT", "* BYE\r\n{tag} OK done"}},
              .otherwise = "{tag} BAD what",
              .tagged = true,
              .implicit_tls = true,
              .identity = other.server});
  fault(kDomain, "service_certificate_refused", "imaps://" + full("mail"));
  fault(kDomain, "service_unreachable", "pop3s://" + full("mail"));  // nobody listens
  return {};
}

Result<> FaultyDomains::make_main() {
  Zone& zone = world_->zone("unsigned.test", lab::Signing::insecure);
  TRY_VOID(make_main_certificates());
  TRY_VOID(make_main_tls());
  TRY_VOID(make_main_dialogs());
  TRY_VOID(make_main_services());
  // One label more than the policy's wildcard takes.
  TRY(LabIdentity identity, world_->issued(full("mx.uncovered")));
  add_mx(zone, kOwner, in_zone("mx.uncovered"), identity);
  fault(kDomain, "sts_mx_not_covered_yet", full("mx.uncovered"));
  TRY_VOID(world_->add_policy(zone, kOwner, "1",
                              "version: STSv1\r\nmode: testing\r\nmx: *.faulty.unsigned.test\r\n"
                              "mx: gone.unsigned.test\r\nmax_age: 3600\r\n"));
  note(kDomain, "sts_testing", kDomain);
  note(kDomain, "sts_pattern_unused", kDomain);
  fault(kDomain, "sts_max_age_short", kDomain);
  zone.add(fmt::format("_smtp._tls.{} IN TXT \"v=TLSRPTv1; rua=ftp://reports.test/\"", kOwner));
  fault(kDomain, "tlsrpt_invalid", kDomain);
  return {};
}

}  // namespace pawl::e2e
