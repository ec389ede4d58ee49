// How Pawl asks the DNS. One value; unbound_config() turns it into the one generated file that
// libunbound is driven by.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "dns/name.h"

namespace pawl::resolver {

// A resolver that is asked instead of the authoritative servers. Its answers are validated here all
// the same.
struct Forwarder {
  Endpoint endpoint;     // port 53, or 853 with TLS
  std::string tls_name;  // not empty: asked over TLS only, certificate checked for this name
};

// A zone asked at fixed servers: split horizons, laboratories.
struct StubZone {
  dns::Name zone;
  std::vector<Endpoint> servers;
  // How far the zone is believed. Nothing set: as the chain from the trust anchors above says.
  bool insecure = false;                   // its answers are insecure, whatever is signed
  std::vector<std::string> trust_anchors;  // DS or DNSKEY records, in the text of a zone file
};

struct Options {
  // Debian's dns-root-data. Empty: no anchor for the root, so that names under no other anchor are
  // indeterminate.
  std::string root_trust_anchor_file = "/usr/share/dns/root.key";
  std::vector<std::string> trust_anchor_files;  // more anchors, zone-file text
  std::string root_hints_file;                  // empty: libunbound's own list
  std::vector<Forwarder> forwarders;            // empty: full recursion
  std::vector<StubZone> stub_zones;
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";  // for forwarders over TLS

  std::chrono::milliseconds timeout{20'000};  // of one lookup, whatever libunbound is still trying
  Seconds bogus_ttl{60};                      // how long a failed validation is remembered
  Seconds max_ttl{3600};                      // no answer is believed for longer
  std::size_t cached_answers = 20'000;        // in front of libunbound's own caches; 0: none
};

// Are the forwarders asked over TLS? All of them, or none (unbound_config refuses a mixture).
bool forwards_over_tls(const Options& options);

// Errors: Code::config_invalid, naming what is wrong. Looks at no file. `bridge`: where forwarders
// over TLS are asked instead, see tls_bridge.h.
Result<std::string> unbound_config(const Options& options,
                                   const std::vector<Endpoint>& bridge = {});

}  // namespace pawl::resolver
