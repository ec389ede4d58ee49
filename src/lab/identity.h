// Certificates of the lab with what serves them, right ones and those the attacker forges.
#pragma once

#include <memory>
#include <string>

#include "lab/connection.h"
#include "lab/path_trick.h"
#include "tls/authority.h"

namespace pawl::lab {

struct LabIdentity {
  tls::Identity pem;
  std::shared_ptr<TlsIdentity> server;  // the same, ready to serve
};

WallTime lab_now();
Result<LabIdentity> load_identity(tls::Identity pem);
Result<LabIdentity> issue_identity(const tls::Authority& authority,
                                   const tls::LeafOptions& options);
// What the attacker shows in the place of `host`. ForgedCertificate::none: no identity.
Result<LabIdentity> forge_identity(const tls::Authority& trusted, const std::string& host,
                                   ForgedCertificate how);

}  // namespace pawl::lab
