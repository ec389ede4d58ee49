#include <algorithm>

#include "base/text.h"
#include "check/judge.h"
#include "tls/reference_name.h"

namespace pawl::check {

namespace {

constexpr std::uint8_t kTrustAnchor = 2;
constexpr std::uint8_t kEndEntity = 3;
constexpr int kSmallestRsaKey = 2048;
constexpr int kSmallestCurve = 224;

// What a certificate is called in a detail: its kind tells two of one host apart.
std::string which(const tls::Certificate& leaf) {
  return leaf.key + ", " + printable(leaf.subject, 80);
}

bool has_weak_key(const tls::Certificate& certificate) {
  if (certificate.key_bits == 0) return false;
  if (certificate.key.starts_with("RSA")) return certificate.key_bits < kSmallestRsaKey;
  return certificate.key.starts_with("EC") && certificate.key_bits < kSmallestCurve;
}

bool has_weak_signature(const tls::Certificate& certificate) {
  const std::string algorithm = to_lower(certificate.signature_algorithm);
  return algorithm.find("sha1") != std::string::npos || algorithm.find("md5") != std::string::npos;
}

bool judge_strength(const CertificateSeen& seen, Findings& to) {
  const std::size_t before = to.size();
  for (std::size_t i = 0; i < seen.chain.size(); ++i) {
    const tls::Certificate& certificate = seen.chain[i];
    const bool is_leaf = i == 0;
    if (has_weak_key(certificate)) add(to, FindingId::weak_key, {}, which(certificate));
    // Nobody looks at the signature by which a root vouches for itself.
    if (has_weak_signature(certificate) && (is_leaf || !certificate.self_signed)) {
      add(to, FindingId::weak_signature, {},
          which(certificate) + ": " + certificate.signature_algorithm);
    }
  }
  return to.size() > before;
}

bool is_for(const tls::Certificate& leaf, const std::string& host) {
  return IpAddress::parse(host) || !tls::find_match(leaf.dns_names, {host}).empty();
}

std::string names_of(const tls::Certificate& leaf) {
  if (leaf.dns_names.empty()) return "no DNS name";
  return printable(join(leaf.dns_names, ", "), 160);
}

// rfc7672#3.1.1: neither names nor dates nor authorities count for DANE-EE.
void judge_beside_dane(const CertificateSeen& seen, Findings& to) {
  if (seen.pkix) {
    add(to, FindingId::certificate_not_public, {}, seen.pkix->sentence());
  }
}

void judge_dates(const tls::Certificate& leaf, const JudgeOptions& options, Findings& to) {
  if (leaf.not_after < options.now) {
    add(to, FindingId::certificate_expired, {}, "on " + date(leaf.not_after) + ": " + which(leaf));
  } else if (leaf.not_before > options.now) {
    add(to, FindingId::certificate_not_yet_valid, {},
        "before " + date(leaf.not_before) + ": " + which(leaf));
  } else if (options.days > 0 && leaf.not_after < options.now + std::chrono::days(options.days)) {
    add(to, FindingId::certificate_expires_soon, {},
        "on " + date(leaf.not_after) + ": " + which(leaf));
  }
}

// Why no authority vouches for it. False: the code does not say.
bool judge_trust(const CertificateSeen& seen, Findings& to) {
  const tls::Certificate& leaf = seen.chain.front();
  if (seen.pkix->code != Code::certificate_untrusted) return false;
  if (seen.chain.size() == 1 && leaf.self_signed) {
    add(to, FindingId::certificate_self_signed, {}, which(leaf));
  } else {
    add(to, FindingId::certificate_untrusted, {}, seen.pkix->detail);
  }
  return true;
}

// For whom it is, and who vouches for it. `explained`: its dates, key or signature are why it
// fails, and have been named.
void judge_identity(const HostReport& host, const CertificateSeen& seen, bool explained,
                    Findings& to) {
  const tls::Certificate& leaf = seen.chain.front();
  if (IpAddress::parse(host.host)) add(to, FindingId::certificate_of_address, {}, which(leaf));
  if (!is_for(leaf, host.host)) {
    add(to, FindingId::certificate_other_name, {}, "it is for " + names_of(leaf));
    explained = true;
  }
  if (!seen.pkix || matches_tlsa(host, seen, kTrustAnchor)) return;
  if (!judge_trust(seen, to) && !explained) {
    add(to, FindingId::certificate_invalid, {}, seen.pkix->detail);
  }
}

void judge_ocsp(const CertificateSeen& seen, Findings& to) {
  using State = tls::Ocsp::State;
  if (!seen.ocsp_doubt.empty() &&
      (seen.ocsp_state == State::good || seen.ocsp_state == State::revoked)) {
    // Anybody may have written it. Where the issuer's certificate was not sent, nothing can be
    // said.
    if (seen.chain.size() > 1) {
      add(to, FindingId::ocsp_stale, {}, seen.ocsp + ", and " + seen.ocsp_doubt);
    }
    return;
  }
  switch (seen.ocsp_state) {
    case State::good:
      add(to, FindingId::ocsp_good, {});
      return;
    case State::revoked:
      add(to, FindingId::ocsp_revoked, {}, which(seen.chain.front()));
      return;
    case State::expired:
    case State::unreadable:
      add(to, FindingId::ocsp_stale, {}, seen.ocsp);
      return;
    case State::none:
    case State::unknown:
      return;
  }
}

void judge_certificate(const HostReport& host, const CertificateSeen& seen,
                       const JudgeOptions& options, Findings& to) {
  const tls::Certificate& leaf = seen.chain.front();
  const std::size_t before = to.size();
  const bool weak = judge_strength(seen, to);
  judge_ocsp(seen, to);
  if (matches_tlsa(host, seen, kEndEntity)) {
    judge_beside_dane(seen, to);
    // Who made it valid for others as well means to keep it so.
    if (!seen.pkix) judge_dates(leaf, options, to);
  } else {
    const std::size_t at = to.size();
    judge_dates(leaf, options, to);
    const bool dated = to.size() > at;
    if (is_mx(host)) judge_identity(host, seen, weak || dated, to);
  }
  // Mail programs have no such patience: whatever the reason is, they refuse.
  if (!is_mx(host) && seen.pkix) {
    add(to, FindingId::service_certificate_refused, {}, seen.pkix->sentence());
  }
  const bool bad =
      std::any_of(to.begin() + static_cast<std::ptrdiff_t>(before), to.end(),
                  [](const Finding& finding) { return row(finding.id).severity > Severity::good; });
  if (!bad && !seen.pkix && !seen.matched_name.empty()) {
    add(to, FindingId::certificate_good, {}, leaf.key + ", until " + date(leaf.not_after));
  }
}

}  // namespace

void judge_certificates(const HostReport& host, const AddressReport& address,
                        const JudgeOptions& options, Findings& to) {
  for (const CertificateSeen& seen : address.certificates) {
    if (!seen.chain.empty()) judge_certificate(host, seen, options, to);
  }
}

}  // namespace pawl::check
