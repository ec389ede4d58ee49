// The attacks of the lab's matrix: one row each, and what mounting one means for a destination.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "lab/destination.h"
#include "lab/mail_path.h"

namespace pawl::lab {

enum class Attack : unsigned char {
  none,
  capability_removed,
  capability_masked,
  command_rewritten,
  starttls_454,
  starttls_500,
  handshake_cut,
  handshake_stalled,
  certificate_self_signed,
  certificate_wrong_name,
  certificate_expired,
  certificate_other_ca,
  response_injected,
  command_injected,
  spliced_to_implicit,
  mx_forged,
  tlsa_stripped,
  txt_dropped,
  txt_forged,
  policy_host_down,
  policy_host_swapped,
  ipv4_refused,
  ipv6_refused,
};

struct AttackRow {
  Attack attack;
  std::string_view name;      // "capability-removed", as on the command line and in JSON
  std::string_view sentence;  // what the attacker does
  PathTrick trick;            // on the path to the MX hosts
};

std::span<const AttackRow> attacks();
const AttackRow& row(Attack attack);
const AttackRow* find_attack(std::string_view name);

// From now on, until dismount().
Result<> mount(World& world, Destination& destination, Attack attack);
Result<> dismount(World& world, Destination& destination, Attack attack);

}  // namespace pawl::lab
