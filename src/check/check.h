// Checks targets. Hosts, addresses and policies are asked side by side: a domain is done in the
// time of its slowest host. Coroutines of one loop.
#pragma once

#include <functional>

#include "base/clock.h"
#include "check/report.h"
#include "fetch/policy_source.h"
#include "net/dial.h"
#include "resolver/resolver.h"
#include "tls/engine.h"

namespace pawl::check {

// Another way to look at the same hosts: from another source address, by another resolver.
struct Path {
  std::string name;  // as given to --via
  std::optional<IpAddress> source;
  resolver::Resolver* resolver = nullptr;  // null: the first one
};

struct Progress {
  std::string target;
  std::string doing;  // "mx1.example.org: TLS 1.2 suites"
  std::size_t done = 0;
  std::size_t of = 0;
};

struct CheckOptions {
  int days = 0;
  bool enumerate = true;  // versions, suites, groups: some 20 to 60 connections a host
  bool services = true;   // submission and access, not only MX
  std::vector<Path> via;
  std::string list_file;  // STARTTLS Everywhere JSON; empty: none
  // Addresses in these are no finding though they are not public (as for policy hosts).
  std::vector<Network> private_networks;
  std::string helo = "localhost";
  probe::Timeouts timeouts;
  net::DialOptions dial;
  std::shared_ptr<tls::ClientContext> tls;
  std::function<void(const Progress&)> progress;
  int hosts_side_by_side = 16;
};

// What it is made of must outlive the call. Never fails: what could not be checked says so.
net::Task<Report> check(std::vector<Target> targets, resolver::Resolver& resolver,
                        fetch::PolicySource& policies, const Clock& clock, CheckOptions options);

}  // namespace pawl::check
