#include "tls/description.h"

#include "base/text.h"

namespace pawl::tls {

namespace {

constexpr std::size_t kShownHex = 16;  // of a TLSA record's data, enough to tell records apart

std::string short_tlsa(const dns::Tlsa& record) {
  std::string text = record.text();
  const auto data = text.rfind(' ');
  if (data != std::string::npos && text.size() > data + 1 + kShownHex) {
    text = text.substr(0, data + 1 + kShownHex) + "...";
  }
  return text;
}

std::string proof_text(const Description& d) {
  std::vector<std::string> proofs;
  std::vector<std::string> failures;
  auto weigh = [&](const std::optional<Result<>>& outcome, const std::string& proof) {
    if (!outcome) return;
    if (*outcome) {
      proofs.push_back(proof);
    } else {
      failures.push_back(outcome->error().sentence());
    }
  };
  weigh(d.dane, "TLSA " + (d.matched_tlsa ? short_tlsa(*d.matched_tlsa) : std::string()));
  weigh(d.pkix, "the certificate for " + d.matched_name);
  weigh(d.fingerprint, "its fingerprint");
  if (!failures.empty()) return "not authenticated: " + join(failures, "; ");
  if (proofs.empty()) return "not authenticated";
  return "authenticated by " + join(proofs, " and by ");
}

Result<> hold(std::string_view what, const std::optional<Result<>>& outcome) {
  if (outcome) return *outcome;
  return fail(Code::internal, "the demand for " + std::string(what) + " was never examined");
}

}  // namespace

std::string Description::sentence() const {
  if (!version) return "no TLS";
  std::string text = std::string(name(*version)) + " with " + cipher_suite;
  if (!group.empty()) text += ", " + group;
  if (resumed) text += ", resumed";
  return text + ", " + proof_text(*this);
}

std::string Ocsp::text() const {
  const auto day = [](WallTime time) { return format_rfc3339(time).substr(0, 10); };
  switch (state) {
    case State::none:
      return "none";
    case State::good:
      return next_update ? "good until " + day(*next_update) : "good since " + day(this_update);
    case State::revoked:
      return "revoked";
    case State::unknown:
      return "unknown to its issuer";
    case State::expired:
      return next_update ? "expired on " + day(*next_update) : "expired";
    case State::unreadable:
      return "unreadable: " + detail;
  }
  return "none";
}

Result<> judge(const ClientProfile& profile, const Description& description) {
  if (!description.version) return fail(Code::tls_handshake, "it did not get as far as a version");
  if (*description.version < profile.floor()) {
    return fail(Code::tls_version, "at least " + std::string(name(profile.floor())) +
                                       " is required, the host chose " +
                                       std::string(name(*description.version)));
  }
  if (profile.dane) TRY_VOID(hold("DANE", description.dane));
  if (profile.pkix) TRY_VOID(hold("a trusted certificate", description.pkix));
  if (!profile.fingerprints.empty()) TRY_VOID(hold("a fingerprint", description.fingerprint));
  return {};
}

}  // namespace pawl::tls
