#include "lab/path_trick.h"

#include <algorithm>

namespace pawl::lab {
namespace {

using Trick = PathTrick;
using Certificate = ForgedCertificate;

constexpr UpgradeAttackRow kAttacks[] = {
    {"none", "listens only", Trick::listen_only},
    {"no-tls", "listens only, and the server has no TLS", Trick::listen_only, Certificate::none,
     false},
    {"strip", "cuts the offer out, refuses the upgrade, makes a login look possible",
     Trick::remove_capability},
    {"overwrite", "overwrites offer and command by XXXXXXXX", Trick::mask_capability},
    {"overwrite-letter", "overwrites the offer by XXXXXXXA", Trick::mask_capability_letter},
    {"rewrite-command", "turns the client's upgrade command into XXXXXXXX", Trick::rewrite_command},
    {"refuse-permanent", "offers the upgrade and refuses it for good", Trick::answer_500},
    {"refuse-temporary", "offers the upgrade and refuses it for now", Trick::answer_454},
    {"refuse-oddly", "answers the upgrade by something that looks like success",
     Trick::answer_oddly},
    {"old-protocol", "pretends to a server of before the extensions", Trick::old_protocol},
    {"preauth", "greets as if the client were logged in already", Trick::preauthenticate},
    {"early-ok", "says OK to the upgrade before it is asked for", Trick::early_ok},
    {"untagged", "tells of a mailbox of his own before the handshake", Trick::untagged_data},
    {"referral", "sends the client to a host of his own", Trick::refer},
    {"cut-command", "hangs up on the upgrade command", Trick::cut_command},
    {"stall-command", "swallows the upgrade command", Trick::stall_command},
    {"cut", "hangs up on the ClientHello", Trick::cut_handshake},
    {"stall", "swallows the ClientHello", Trick::stall_handshake},
    {"swap-self-signed", "terminates TLS with a self-signed certificate", Trick::swap_certificate,
     Certificate::self_signed},
    {"swap-wrong-name", "terminates TLS with a valid certificate for another name",
     Trick::swap_certificate, Certificate::wrong_name},
    {"swap-expired", "terminates TLS with an expired certificate for the right name",
     Trick::swap_certificate, Certificate::expired},
    {"swap-other-ca", "terminates TLS with a certificate of an unknown authority",
     Trick::swap_certificate, Certificate::other_ca},
    {"inject-response", "adds plaintext behind the server's success reply", Trick::inject_response},
    {"inject-and-withhold",
     "adds the answer to the first command inside TLS, and drops the real one",
     Trick::inject_and_withhold},
    {"inject-command", "adds plaintext behind the client's upgrade command", Trick::inject_command},
    {"splice", "joins the handshake to the server's implicit-TLS port (Opossum)",
     Trick::splice_to_implicit},
};

}  // namespace

std::span<const UpgradeAttackRow> upgrade_attacks() {
  return kAttacks;
}

const UpgradeAttackRow* find_upgrade_attack(std::string_view name) {
  auto found = std::ranges::find(kAttacks, name, &UpgradeAttackRow::name);
  return found != std::end(kAttacks) ? found : nullptr;
}

Dialect dialect_of(starttls::Protocol protocol) {
  switch (protocol) {
    case starttls::Protocol::smtp:
    case starttls::Protocol::submission:
    case starttls::Protocol::lmtp:
      return Dialect::smtp;
    case starttls::Protocol::imap:
      return Dialect::imap;
    case starttls::Protocol::pop3:
      return Dialect::pop3;
    case starttls::Protocol::sieve:
      return Dialect::sieve;
  }
  return Dialect::smtp;
}

bool applies(const UpgradeAttackRow& attack, starttls::Protocol protocol, bool implicit) {
  const Dialect dialect = dialect_of(protocol);
  switch (attack.trick) {
    case Trick::listen_only:
      return attack.server_has_tls || !implicit;
    case Trick::cut_handshake:
    case Trick::stall_handshake:
    case Trick::swap_certificate:
      return true;
    case Trick::preauthenticate:
    case Trick::early_ok:
    case Trick::untagged_data:
      return !implicit && dialect == Dialect::imap;
    case Trick::refer:
      return !implicit && (dialect == Dialect::imap || dialect == Dialect::sieve);
    case Trick::old_protocol:
      // ManageSieve was born with its capabilities.
      return !implicit && dialect != Dialect::sieve;
    case Trick::splice_to_implicit:
      // A ManageSieve server says the same first inside either kind of TLS: nothing is shifted.
      return !implicit && dialect != Dialect::sieve;
    default:
      return !implicit;
  }
}

}  // namespace pawl::lab
