#include "lab/attack.h"

#include <algorithm>

#include "dns/record.h"

namespace pawl::lab {
namespace {

using Trick = PathTrick;
constexpr Trick kListen = Trick::listen_only;
constexpr Trick kStrip = Trick::remove_capability;
constexpr Trick kSwap = Trick::swap_certificate;

// Hiding a promise is half an attack: those who suppress TXT, policy or TLSA also remove STARTTLS.
constexpr AttackRow kAttacks[] = {
    {Attack::none, "none", "listens only", kListen},
    {Attack::capability_removed, "capability-removed", "cuts STARTTLS out of the EHLO reply",
     kStrip},
    {Attack::capability_masked, "capability-masked", "overwrites STARTTLS by XXXXXXXX",
     Trick::mask_capability},
    {Attack::command_rewritten, "command-rewritten", "turns the client's STARTTLS into XXXXXXXX",
     Trick::rewrite_command},
    {Attack::starttls_454, "starttls-454", "answers 454 to STARTTLS", Trick::answer_454},
    {Attack::starttls_500, "starttls-500", "answers 500 to STARTTLS", Trick::answer_500},
    {Attack::handshake_cut, "handshake-cut", "hangs up on the ClientHello", Trick::cut_handshake},
    {Attack::handshake_stalled, "handshake-stalled", "swallows the ClientHello",
     Trick::stall_handshake},
    {Attack::certificate_self_signed, "certificate-self-signed",
     "terminates TLS with a self-signed certificate", kSwap},
    {Attack::certificate_wrong_name, "certificate-wrong-name",
     "terminates TLS with a valid certificate for another name", kSwap},
    {Attack::certificate_expired, "certificate-expired",
     "terminates TLS with an expired certificate for the right name", kSwap},
    {Attack::certificate_other_ca, "certificate-other-ca",
     "terminates TLS with a certificate of an unknown authority", kSwap},
    {Attack::response_injected, "response-injected", "adds plaintext behind the server's 220",
     Trick::inject_response},
    {Attack::command_injected, "command-injected", "adds plaintext behind the client's STARTTLS",
     Trick::inject_command},
    {Attack::spliced_to_implicit, "spliced-to-implicit",
     "joins the handshake to the server's implicit-TLS port (Opossum)", Trick::splice_to_implicit},
    {Attack::mx_forged, "mx-forged", "forges an MX record to a host of his own", kListen},
    {Attack::tlsa_stripped, "tlsa-stripped", "denies the TLSA records and removes STARTTLS",
     kStrip},
    {Attack::txt_dropped, "txt-dropped", "denies the MTA-STS record and removes STARTTLS", kStrip},
    {Attack::txt_forged, "txt-forged",
     "forges a new MTA-STS id, serves mode none, removes STARTTLS", kStrip},
    {Attack::policy_host_down, "policy-host-down",
     "refuses connections to the policy host, removes STARTTLS", kStrip},
    {Attack::policy_host_swapped, "policy-host-swapped",
     "answers as the policy host with his own certificate, removes STARTTLS", kStrip},
    {Attack::ipv4_refused, "ipv4-refused", "refuses connections over IPv4", kListen},
    {Attack::ipv6_refused, "ipv6-refused", "refuses connections over IPv6", kListen},
};

constexpr auto kMx = static_cast<std::uint16_t>(dns::Type::mx);
constexpr auto kTxt = static_cast<std::uint16_t>(dns::Type::txt);
constexpr auto kTlsa = static_cast<std::uint16_t>(dns::Type::tlsa);

ForgedCertificate forged_certificate(Attack attack) {
  switch (attack) {
    case Attack::certificate_wrong_name:
      return ForgedCertificate::wrong_name;
    case Attack::certificate_expired:
      return ForgedCertificate::expired;
    case Attack::certificate_other_ca:
      return ForgedCertificate::other_ca;
    default:
      return ForgedCertificate::self_signed;
  }
}

Result<> swap_policy_host(Destination& to) {
  if (to.policy == nullptr) return {};
  TRY(LabIdentity identity, World::self_signed("mta-sts." + to.domain));
  to.policy->host.set(
      {identity.server, "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n", 200, "text/plain"});
  return {};
}

void refuse_family(World& world, Destination& to, bool v4) {
  for (MailHost* host : to.hosts) {
    for (const Endpoint& at : host->addresses) {
      if (at.address.is_v4() == v4) world.refuse(at);
    }
  }
}

}  // namespace

std::span<const AttackRow> attacks() {
  return kAttacks;
}
const AttackRow& row(Attack attack) {
  return kAttacks[static_cast<std::size_t>(attack)];
}

const AttackRow* find_attack(std::string_view name) {
  auto found = std::ranges::find(kAttacks, name, &AttackRow::name);
  return found != std::end(kAttacks) ? found : nullptr;
}

Result<> mount(World& world, Destination& to, Attack attack) {
  for (MailHost* host : to.hosts) {
    std::shared_ptr<TlsIdentity> identity;
    if (row(attack).trick == kSwap) {
      TRY(LabIdentity made,
          forge_identity(world.authority(), host->name, forged_certificate(attack)));
      identity = made.server;
    }
    host->path.set(row(attack).trick, std::move(identity));
  }
  const DnsForgery denied{DnsForgery::Kind::no_data, {}};
  const std::string txt_owner = "_mta-sts." + to.domain;
  switch (attack) {
    case Attack::mx_forged:
      return world.dns().forge(to.domain, kMx,
                               {DnsForgery::Kind::records, {mx_rdata(0, to.attacker_host->name)}});
    case Attack::tlsa_stripped:
      for (const std::string& owner : to.tlsa) TRY_VOID(world.dns().forge(owner, kTlsa, denied));
      return {};
    case Attack::txt_dropped:
      return world.dns().forge(txt_owner, kTxt, denied);
    case Attack::txt_forged:
      TRY_VOID(swap_policy_host(to));
      return world.dns().forge(txt_owner, kTxt,
                               {DnsForgery::Kind::records, {txt_rdata("v=STSv1; id=forged;")}});
    case Attack::policy_host_down:
      if (to.policy != nullptr) world.refuse(to.policy->address);
      return {};
    case Attack::policy_host_swapped:
      return swap_policy_host(to);
    case Attack::ipv4_refused:
    case Attack::ipv6_refused:
      refuse_family(world, to, attack == Attack::ipv4_refused);
      return {};
    default:
      return {};
  }
}

Result<> dismount(World& world, Destination& to, Attack attack) {
  for (MailHost* host : to.hosts) host->path.set(kListen);
  world.dns().stop_forging(to.domain, kMx);
  world.dns().stop_forging("_mta-sts." + to.domain, kTxt);
  for (const std::string& owner : to.tlsa) world.dns().stop_forging(owner, kTlsa);
  if (to.policy != nullptr && to.policy_content) to.policy->host.set(*to.policy_content);
  if (attack == Attack::policy_host_down && to.policy != nullptr) {
    TRY_VOID(world.accept_again(*to.policy));
  }
  if (attack == Attack::ipv4_refused || attack == Attack::ipv6_refused) {
    for (MailHost* host : to.hosts) TRY_VOID(world.accept_again(*host));
  }
  return {};
}

}  // namespace pawl::lab
