// Internal to check/: one host under one protocol, looked at from every path at every address. What
// is seen is put down; nothing is judged.
#pragma once

#include "check/walk.h"

namespace pawl::check {

struct PathAddresses {
  const Path* path = nullptr;  // null: the first path
  std::vector<IpAddress> addresses;
};

struct HostPlan {
  std::string target;  // for the progress
  std::string host;    // a name or an address
  starttls::Protocol protocol = starttls::Protocol::smtp;
  bool implicit_tls = false;
  std::uint16_t port = 25;
  std::string found_by;
  std::optional<policy::MxFacts> facts;
  std::vector<PathAddresses> from;
  // Nobody said that the service is there: where it does not answer soon, there is none.
  bool guessed = false;
};

// One entry per path for a host's addresses; a path with a source address asks those of its family.
std::vector<PathAddresses> from_all_paths(const Walk& walk,
                                          const std::vector<IpAddress>& addresses);

net::Task<HostReport> look_at_host(Walk& walk, HostPlan plan);

// Asks each address once more as a sender does that demands `report.verdict`; fills `refused`.
net::Task<> ask_as_enforcing_sender(Walk& walk, HostReport& report);

}  // namespace pawl::check
