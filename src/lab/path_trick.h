// What the attacker between a mail client and its server can do, on any protocol whose sessions
// become TLS by a command, and the one table of attacks made of it.
#pragma once

#include <span>
#include <string_view>

#include "lab/dialect.h"
#include "starttls/protocol.h"

namespace pawl::lab {

enum class PathTrick : unsigned char {
  listen_only,             // reads what passes and changes nothing
  remove_capability,       // the offer is cut out, and the command refused if it comes all the same
  mask_capability,         // offer and command overwritten by as many X
  mask_capability_letter,  // ... the offer as some middle boxes do it: XXXXXXXA
  rewrite_command,         // the offer stays, the client's command becomes XXXXXXXX
  answer_454,              // the command is refused for now ("454 4.7.0 TLS not available")
  answer_500,              // ... for good ("500 5.5.1 unrecognized")
  answer_oddly,            // ... by something that looks like success ("200", "+ go ahead")
  old_protocol,            // EHLO, CAPABILITY, CAPA and the upgrade are unknown here
  preauthenticate,         // IMAP: "you are logged in already", and plays the server
  early_ok,             // IMAP: says OK to the upgrade before it is asked for, never passes it on
  untagged_data,        // IMAP: a mailbox of his own before the handshake
  refer,                // IMAP, ManageSieve: "that user is at my host"
  cut_command,          // hangs up on the upgrade command
  stall_command,        // swallows the upgrade command and keeps the connection open
  cut_handshake,        // hangs up on the ClientHello
  stall_handshake,      // swallows the ClientHello and keeps the connection open
  swap_certificate,     // terminates TLS with a certificate of his own and reads along
  inject_response,      // plaintext behind the server's success reply, in the same packet
  inject_and_withhold,  // ... and the answer that it pretends to be never comes (EAST, method B)
  inject_command,       // plaintext behind the client's upgrade command, in the same packet
  splice_to_implicit,   // grants the upgrade himself, joins the handshake to the implicit port
};

enum class ForgedCertificate : unsigned char {
  none,
  self_signed,
  wrong_name,
  expired,
  other_ca,
};

struct UpgradeAttackRow {
  std::string_view name;      // "strip", as on the command line and in JSON
  std::string_view sentence;  // what the attacker does
  PathTrick trick;
  ForgedCertificate certificate = ForgedCertificate::none;
  bool server_has_tls = true;
};

std::span<const UpgradeAttackRow> upgrade_attacks();
const UpgradeAttackRow* find_upgrade_attack(std::string_view name);

Dialect dialect_of(starttls::Protocol protocol);
// The protocol has what the attack needs. `implicit`: the client's TLS begins with the first byte.
bool applies(const UpgradeAttackRow& attack, starttls::Protocol protocol, bool implicit);

}  // namespace pawl::lab
