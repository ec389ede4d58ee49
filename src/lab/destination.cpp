#include "lab/destination.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace pawl::lab {
namespace {

Zone& signed_zone(World& world) {
  return world.zone("signed.test", Signing::secure);
}
Zone& plain_zone(World& world) {
  return world.zone("plain.test", Signing::insecure);
}
Zone& attacker_zone(World& world) {
  return world.zone("attacker.test", Signing::insecure);
}

// One destination being built in one zone, under one label.
class Site {
 public:
  Site(World& world, Zone& zone, Destination& destination, std::string label)
      : world_(world), zone_(zone), to_(destination), label_(std::move(label)) {
    to_.domain = label_ + "." + zone.name();
  }

  std::string owner(std::string_view host) const { return fmt::format("{}.{}", host, label_); }
  std::string full(std::string_view host) const { return fmt::format("{}.{}", host, to_.domain); }

  void mx(int preference, std::string_view host) {
    zone_.add(fmt::format("{} IN MX {} {}.", label_, preference, host));
  }
  // A mail host below the domain, with its MX record.
  MailHost& host(const std::optional<LabIdentity>& identity, int preference = 10,
                 std::string_view name = "mx", World::Families families = {}) {
    mx(preference, full(name));
    return bare_host(identity, owner(name), families);
  }
  MailHost& bare_host(const std::optional<LabIdentity>& identity, const std::string& at,
                      World::Families families = {}) {
    MailHost& made = world_.add_mail_host(zone_, at, identity, families);
    to_.hosts.push_back(&made);
    return made;
  }
  void tlsa(const std::string& base_owner, const std::string& rdata) {
    const std::string at = "_25._tcp." + base_owner;
    zone_.add(fmt::format("{} IN TLSA {}", at, rdata));
    to_.tlsa.push_back(at + "." + zone_.name());
  }
  Result<> tlsa_of(const std::string& base_owner, std::string_view certificate_pem, int usage,
                   int selector, int matching) {
    TRY(dns::Tlsa record,
        tls::tlsa_for(certificate_pem, static_cast<std::uint8_t>(usage),
                      static_cast<std::uint8_t>(selector), static_cast<std::uint8_t>(matching)));
    tlsa(base_owner, fmt::format("{} {} {} {}", usage, selector, matching, to_hex(record.data)));
    return {};
  }
  // Usage 1 is not for mail (RFC 7672 section 3.1.3), matching type 9 is unknown.
  void unusable_tlsa(const std::string& base_owner) {
    tlsa(base_owner, "1 1 1 " + std::string(64, 'a'));
    tlsa(base_owner, "3 1 9 " + std::string(64, 'a'));
  }
  Result<> policy(std::string_view mode, const std::vector<std::string>& mx) {
    std::string text = fmt::format("version: STSv1\r\nmode: {}\r\nmax_age: 604800\r\n", mode);
    for (const std::string& pattern : mx) text += "mx: " + pattern + "\r\n";
    TRY(to_.policy, world_.add_policy(zone_, label_, "20261122", std::move(text)));
    return {};
  }
  World& world() { return world_; }
  Zone& zone() { return zone_; }
  const std::string& label() const { return label_; }

 private:
  World& world_;
  Zone& zone_;
  Destination& to_;
  std::string label_;
};

using Label = const std::string&;

Result<> no_tls(World& world, Destination& to, Label label) {
  Site(world, plain_zone(world), to, label).host({});
  return {};
}

Result<> opportunistic(World& world, Destination& to, Label label) {
  Site site(world, plain_zone(world), to, label);
  TRY(LabIdentity identity, World::self_signed(site.full("mx")));
  site.host(identity);
  return {};
}

Result<> dane_ee(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  // Another name and past dates: DANE-EE looks at neither (RFC 7671 section 5.1).
  tls::LeafOptions options = tls::leaf_for({"unrelated.test"}, World::now());
  options.not_after = World::now() - std::chrono::hours(1);
  TRY(LabIdentity identity, World::self_signed(options));
  site.host(identity);
  return site.tlsa_of(site.owner("mx"), identity.pem.certificate_pem, 3, 1, 1);
}

Result<> dane_ta(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  TRY(tls::Authority root, tls::Authority::make("Root of " + to.domain, World::now()));
  TRY(tls::Authority anchor, root.intermediate("Anchor of " + to.domain, World::now()));
  TRY(tls::Identity pem, anchor.issue(tls::leaf_for({site.full("mx")}, World::now())));
  TRY(LabIdentity identity, load_identity(std::move(pem)));
  site.host(identity);
  return site.tlsa_of(site.owner("mx"), anchor.certificate_pem(), 2, 0, 1);
}

Result<> dane_unusable(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  TRY(LabIdentity identity, World::self_signed(site.full("mx")));
  site.host(identity);
  site.unusable_tlsa(site.owner("mx"));
  return {};
}

Result<> dane_bogus(World& world, Destination& to, Label label) {
  TRY_VOID(dane_ee(world, to, label));
  signed_zone(world).corrupt("_25._tcp.mx." + label, "TLSA");
  return {};
}

Result<> half_dane(World& world, Destination& to, Label label) {
  Site site(world, plain_zone(world), to, label);
  Destination secure_half;
  TRY_VOID(dane_ee(world, secure_half, label));
  site.mx(10, "mx." + secure_half.domain);
  to.hosts = secure_half.hosts;
  to.tlsa = secure_half.tlsa;
  return {};
}

Result<> cname_secure(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  TRY(LabIdentity identity, World::self_signed(site.full("mx")));
  site.mx(10, site.full("alias"));
  site.zone().add(fmt::format("{} IN CNAME {}", site.owner("alias"), site.owner("mx")));
  site.bare_host(identity, site.owner("mx"));
  return site.tlsa_of(site.owner("mx"), identity.pem.certificate_pem, 3, 1, 1);
}

Result<> cname_insecure(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  TRY(LabIdentity identity, World::self_signed(site.full("alias")));
  MailHost& host = world.add_mail_host(plain_zone(world), "mx." + label, identity);
  to.hosts.push_back(&host);
  site.mx(10, site.full("alias"));
  site.zone().add(fmt::format("{} IN CNAME {}.", site.owner("alias"), host.name));
  return site.tlsa_of(site.owner("alias"), identity.pem.certificate_pem, 3, 1, 1);
}

Result<> mixed_mx(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  TRY(LabIdentity broken, World::self_signed(site.full("mx1")));
  TRY(LabIdentity good, World::self_signed(site.full("mx2")));
  site.host(broken, 10, "mx1");
  site.host(good, 20, "mx2");
  // The first host's certificate was renewed and its TLSA record forgotten.
  site.tlsa(site.owner("mx1"), "3 1 1 " + std::string(64, 'a'));
  return site.tlsa_of(site.owner("mx2"), good.pem.certificate_pem, 3, 1, 1);
}

Result<> implicit_mx(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  TRY(LabIdentity identity, World::self_signed(to.domain));
  site.bare_host(identity, label);
  return site.tlsa_of(label, identity.pem.certificate_pem, 3, 1, 1);
}

Result<> ipv6_only(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  TRY(LabIdentity identity, World::self_signed(site.full("mx")));
  site.host(identity, 10, "mx", {false, true});
  return site.tlsa_of(site.owner("mx"), identity.pem.certificate_pem, 3, 1, 1);
}

// One MX host with a certificate of the private CA, and a policy; the certificate.
Result<std::string> with_policy(Site& site, std::string_view mode, const std::string& pattern) {
  TRY(LabIdentity identity, site.world().issued(site.full("mx")));
  site.host(identity);
  TRY_VOID(site.policy(mode, {pattern}));
  return identity.pem.certificate_pem;
}

Result<> only_policy(World& world, Destination& to, Label label, std::string_view mode) {
  Site site(world, plain_zone(world), to, label);
  TRY_VOID(with_policy(site, mode, site.full("mx")));
  return {};
}

Result<> sts_enforce(World& world, Destination& to, Label label) {
  return only_policy(world, to, label, "enforce");
}

Result<> sts_testing(World& world, Destination& to, Label label) {
  return only_policy(world, to, label, "testing");
}

Result<> sts_none(World& world, Destination& to, Label label) {
  return only_policy(world, to, label, "none");
}

Result<> sts_wildcard(World& world, Destination& to, Label label) {
  Site site(world, plain_zone(world), to, label);
  TRY_VOID(with_policy(site, "enforce", "*." + to.domain));
  return {};
}

Result<> sts_with_unusable_tlsa(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  site.unusable_tlsa(site.owner("mx"));
  TRY_VOID(with_policy(site, "enforce", site.full("mx")));
  return {};
}

Result<> dane_and_sts(World& world, Destination& to, Label label) {
  Site site(world, signed_zone(world), to, label);
  TRY(std::string certificate, with_policy(site, "enforce", site.full("mx")));
  return site.tlsa_of(site.owner("mx"), certificate, 3, 1, 1);
}

constexpr std::string_view kDane = "DANE";
constexpr std::string_view kEnforce = "MTA-STS enforce";

constexpr DestinationRow kDestinations[] = {
    {"no-tls", "no STARTTLS at all", "", false, no_tls},
    {"opportunistic", "STARTTLS with a self-signed certificate, no policy", "", false,
     opportunistic},
    {"dane-ee", "TLSA 3 1 1 of a self-signed, expired certificate for another name", kDane, false,
     dane_ee},
    {"dane-ta", "TLSA 2 0 1 of a private authority", kDane, false, dane_ta},
    {"dane-unusable", "only unusable TLSA records (1 1 1, 3 1 9)",
     "DANE: encryption, no usable authentication", false, dane_unusable},
    {"dane-bogus", "TLSA 3 1 1 whose signature does not verify", kDane, false, dane_bogus},
    {"half-dane", "unsigned MX to a host with signed address and TLSA 3 1 1",
     "DANE for the host, not for the domain", false, half_dane},
    {"cname-signed", "MX to an alias of a host, all signed, TLSA at the host", kDane, false,
     cname_secure},
    {"cname-into-unsigned", "MX to a signed alias into an unsigned zone, TLSA at the alias", kDane,
     false, cname_insecure},
    {"unusable-tlsa-and-sts", "only unusable TLSA records, and MTA-STS enforce", kEnforce, true,
     sts_with_unusable_tlsa},
    {"mixed-mx", "two MX hosts, the first with a stale TLSA record", kDane, false, mixed_mx},
    {"sts-enforce", "MTA-STS enforce naming the MX", kEnforce, true, sts_enforce},
    {"sts-testing", "MTA-STS testing", "MTA-STS testing: reports, no protection", true,
     sts_testing},
    {"sts-none", "MTA-STS none", "", true, sts_none},
    {"sts-wildcard", "MTA-STS enforce with a wildcard", kEnforce, true, sts_wildcard},
    {"dane-and-sts", "TLSA 3 1 1 and MTA-STS enforce", "DANE and MTA-STS enforce", true,
     dane_and_sts},
    {"implicit-mx", "no MX record, TLSA 3 1 1 at the domain", kDane, false, implicit_mx},
    {"ipv6-only", "MX with IPv6 only, TLSA 3 1 1", kDane, false, ipv6_only},
};

}  // namespace

std::size_t Destination::bytes_leaked() const {
  std::size_t bytes = attacker_host != nullptr ? attacker_host->path.ear().bytes() : 0;
  for (MailHost* host : hosts) bytes += host->path.ear().bytes();
  return bytes;
}

std::string Destination::leaked_excerpt() const {
  for (MailHost* host : hosts) {
    if (std::string text = host->path.ear().excerpt(); !text.empty()) return text;
  }
  return attacker_host != nullptr ? attacker_host->path.ear().excerpt() : "";
}

std::span<const DestinationRow> destinations() {
  return kDestinations;
}

const DestinationRow* find_destination(std::string_view name) {
  auto found = std::ranges::find(kDestinations, name, &DestinationRow::name);
  return found != std::end(kDestinations) ? found : nullptr;
}

Result<Destination> build(World& world, const DestinationRow& row, const std::string& label) {
  Destination destination;
  TRY_VOID(row.build(world, destination, label));
  if (destination.policy != nullptr)
    destination.policy_content = destination.policy->host.content();
  TRY(destination.attacker_host, world.add_attacker_host(attacker_zone(world), "mx." + label));
  return destination;
}

}  // namespace pawl::lab
