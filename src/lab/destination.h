// The destinations of the lab's matrix: one row each; building one puts its records, hosts and
// policy into a world. Each is built once for each attack, so that all of them run side by side.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lab/world.h"

namespace pawl::lab {

struct Destination {
  std::string domain;                                 // "r17.signed.test"
  std::vector<MailHost*> hosts;                       // all its MX hosts
  std::vector<std::string> tlsa;                      // owners of its TLSA records, full names
  PolicySite* policy = nullptr;                       // mta-sts.DOMAIN, if it has one
  std::optional<PolicyHost::Content> policy_content;  // what its owner serves
  MailHost* attacker_host = nullptr;                  // where a forged MX leads

  std::string recipient() const { return "postmaster@" + domain; }
  std::size_t bytes_leaked() const;  // on the path to any of its hosts, and at the attacker's
  std::string leaked_excerpt() const;
};

struct DestinationRow {
  std::string_view name;      // "dane-ee", as on the command line and in JSON
  std::string_view sentence;  // what stands there
  std::string_view promised;  // by whom and what, "" if nothing
  bool has_policy;            // MTA-STS: its rows run warm and cold
  Result<> (*build)(World& world, Destination& destination, const std::string& label);
};

std::span<const DestinationRow> destinations();
const DestinationRow* find_destination(std::string_view name);

// `label` is one DNS label, unlike those before it.
Result<Destination> build(World& world, const DestinationRow& row, const std::string& label);

}  // namespace pawl::lab
