// DNS over TLS for a libunbound that has none: Debian builds it on nettle, without a TLS library.
// For each forwarder the bridge listens on a loopback port, where libunbound asks over TCP; each
// connection goes on to the forwarder over TLS, certificate checked for its name. Both sides frame
// alike (rfc7858#3.3), so bytes are only carried. Nothing is carried before the check.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "resolver/options.h"

namespace pawl::resolver {

class TlsBridge {
 public:
  virtual ~TlsBridge() = default;                              // ends its thread and connections
  virtual const std::vector<Endpoint>& endpoints() const = 0;  // one for each forwarder, in order
  virtual std::string last_failure() const = 0;  // why a forwarder was not asked; empty: none yet
};

// `forwarders`: each with a TLS name. Errors: config_invalid (the CA file), io.
Result<std::unique_ptr<TlsBridge>> make_tls_bridge(const std::vector<Forwarder>& forwarders,
                                                   const std::string& ca_file);

}  // namespace pawl::resolver
