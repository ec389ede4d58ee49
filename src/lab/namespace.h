// A network of the lab's own: a user, network and mount namespace in which ports 25, 53 and 443,
// the IPv6 addresses of lo and /etc/resolv.conf belong to the lab, without root, and from which no
// packet can leave. Entered once per process, before it starts a thread (unshare(2) refuses a user
// namespace to a process with threads).
//
// Where the system forbids namespaces, enter() says why and the world stands on high ports instead
// (world.h): DNS names, TLSA owners and URLs stay as they are.
#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "base/ip_address.h"

namespace pawl::lab {

// Errors: permission, with what to change on this machine. A second call returns at once.
Result<> enter_namespace();
bool in_namespace();

// Puts IPv6 addresses on lo (IPv4 needs nothing: all of 127.0.0.0/8 is local). In the namespace.
Result<> add_addresses(std::span<const IpAddress> addresses);

// Binds a file over /etc/resolv.conf for this process and its children. In the namespace.
Result<> use_resolv_conf(const std::string& path);
// The same over /etc/hosts.
Result<> use_hosts(const std::string& path);

}  // namespace pawl::lab
