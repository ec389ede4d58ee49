#include "base/text.h"
#include "policy/verdict.h"

namespace pawl::policy {

std::string demanded(const Verdict& verdict) {
  if (!verdict.usable) return "nothing: this host is not used";
  if (verdict.tls_forbidden) return "no TLS at all";
  if (!verdict.tls_required) return "nothing; TLS is taken if it is offered";
  std::string text = std::string(name(verdict.profile.min_version)) + " or newer";
  if (const auto& dane = verdict.profile.dane) {
    text += ", proved by TLSA " + dane->records.front().text();
    const std::size_t others = dane->records.size() - 1;
    if (others > 0) text += " or " + std::to_string(others) + (others == 1 ? " other" : " others");
  }
  if (const auto& pkix = verdict.profile.pkix) {
    text += ", a trusted certificate for " + join(pkix->names, " or ");
    if (!pkix->also_names.empty()) text += " and for " + join(pkix->also_names, " or ");
  }
  if (!verdict.profile.fingerprints.empty()) text += ", a configured fingerprint";
  if (!verdict.profile.authenticated()) text += ", whatever the certificate";
  return text;
}

}  // namespace pawl::policy
