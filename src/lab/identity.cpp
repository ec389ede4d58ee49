#include "lab/identity.h"

#include <chrono>
#include <utility>

#include "lab/forgery.h"

namespace pawl::lab {

WallTime lab_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Result<LabIdentity> load_identity(tls::Identity pem) {
  TRY(auto server, TlsIdentity::make(pem.certificate_pem, pem.key_pem));
  return LabIdentity{std::move(pem), std::move(server)};
}

Result<LabIdentity> issue_identity(const tls::Authority& authority,
                                   const tls::LeafOptions& options) {
  TRY(tls::Identity pem, authority.issue(options));
  return load_identity(std::move(pem));
}

Result<LabIdentity> forge_identity(const tls::Authority& trusted, const std::string& host,
                                   ForgedCertificate how) {
  tls::LeafOptions right = tls::leaf_for({host}, lab_now());
  switch (how) {
    case ForgedCertificate::none:
      return LabIdentity();
    case ForgedCertificate::wrong_name:
      return issue_identity(trusted, tls::leaf_for({std::string(kAttackerHost)}, lab_now()));
    case ForgedCertificate::expired:
      right.not_before = lab_now() - std::chrono::hours(24 * 90);
      right.not_after = lab_now() - std::chrono::hours(24);
      return issue_identity(trusted, right);
    case ForgedCertificate::other_ca: {
      TRY(tls::Authority unknown, tls::Authority::make("Unknown authority", lab_now()));
      return issue_identity(unknown, right);
    }
    case ForgedCertificate::self_signed:
      break;
  }
  TRY(tls::Identity pem, tls::self_signed(right));
  return load_identity(std::move(pem));
}

}  // namespace pawl::lab
