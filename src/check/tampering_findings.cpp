#include <algorithm>

#include "base/text.h"
#include "check/judge.h"

namespace pawl::check {

namespace {

tamper::Knowledge known_about(const TargetReport& report, const HostReport& host) {
  tamper::Knowledge known;
  if (!host.facts) return known;
  const auto state = host.facts->dane.state;
  if (state == policy::DaneFacts::State::usable || state == policy::DaneFacts::State::unusable) {
    known.promised_by.emplace_back("DANE");
  }
  if (!report.domain || !is_mx(host)) return known;
  const StsSeen& sts = report.domain->sts;
  if (host.verdict && sts.id && sts.policy && sts.policy->mode == mta_sts::Mode::enforce &&
      host.verdict->usable) {
    known.promised_by.emplace_back("MTA-STS");
  }
  const auto& list = report.domain->list;
  if (list && !list->error && list->mode == "enforce") {
    known.promised_by.push_back("list " + list->list);
  }
  return known;
}

// A certificate that proves itself may differ from address to address; one that proves nothing is
// what an attacker would show.
std::string doubtful_key(const HostReport& host, const AddressReport& address) {
  if (address.certificates.empty()) return {};
  const CertificateSeen& seen = address.certificates.front();
  const bool proved = (!seen.pkix && !seen.matched_name.empty()) || matches_tlsa(host, seen, 3) ||
                      matches_tlsa(host, seen, 2);
  return proved ? std::string() : seen.chain.front().spki_sha256;
}

std::string key_of(const AddressReport& address) {
  return address.certificates.empty() ? std::string()
                                      : address.certificates.front().chain.front().spki_sha256;
}

std::string path_of(const AddressReport& address) {
  std::string text = address.look.at.address.text();
  if (!address.via.empty()) text += " via " + address.via;
  return text;
}

// Two addresses may be two servers: that they differ is a hint, whatever it would be of one.
tamper::Examination as_hints(tamper::Examination examination) {
  for (tamper::Finding& finding : examination.findings) {
    finding.confidence = tamper::Confidence::hint;
  }
  examination.assessment = std::min(examination.assessment, tamper::Assessment::suspicious);
  return examination;
}

void compare(const HostReport& host, AddressReport& first, AddressReport& address) {
  tamper::Look one{&first.look.transcript, path_of(first), {}};
  tamper::Look other{&address.look.transcript, path_of(address), {}};
  const bool same_address = first.look.at == address.look.at;
  // Keys are compared where one of the two proves itself and the other does not, and where one
  // address shows an unproved one over two paths.
  const std::string a = doubtful_key(host, first);
  const std::string b = doubtful_key(host, address);
  if (a.empty() != b.empty() || (same_address && !a.empty())) {
    one.spki_sha256 = key_of(first);
    other.spki_sha256 = key_of(address);
  }
  auto compared = tamper::compare(one, other);
  if (!same_address) compared = as_hints(std::move(compared));
  // What differs is charged to the one that has no TLS.
  AddressReport& charged = first.look.secure ? address : first;
  charged.tampering = tamper::merge(std::move(charged.tampering), std::move(compared));
}

// Each with the first that was reached, and with the same address over the first path.
void compare_all(HostReport& host) {
  AddressReport* first = nullptr;
  for (AddressReport& address : host.addresses) {
    if (!is_reached(address)) continue;
    AddressReport* with = first;
    for (AddressReport& other : host.addresses) {
      const bool same = &other != &address && other.via.empty() && !address.via.empty() &&
                        other.look.at == address.look.at && is_reached(other);
      if (same) with = &other;
    }
    if (with != nullptr) compare(host, *with, address);
    if (first == nullptr) first = &address;
  }
}

// The session failed, and its own findings say how; a server's mistake looks no other.
bool is_said_already(const AddressReport& address) {
  using tamper::Signature;
  return !address.look.secure &&
         std::ranges::all_of(address.tampering.findings, [](const tamper::Finding& finding) {
           return finding.signature == Signature::upgrade_refused ||
                  finding.signature == Signature::reset_at_upgrade ||
                  finding.signature == Signature::upgrade_stalled;
         });
}

std::string told(const tamper::Examination& examination) {
  std::string text;
  for (const tamper::Finding& finding : examination.findings) {
    text += (text.empty() ? "" : "; ") + finding.sentence;
    if (!finding.evidence.empty()) text += " (\"" + printable(finding.evidence, 80) + "\")";
  }
  return text;
}

}  // namespace

void judge_tampering(TargetReport& report, Findings& to) {
  for (HostReport& host : report.hosts) {
    const tamper::Knowledge known = known_about(report, host);
    for (AddressReport& address : host.addresses) {
      if (is_reached(address)) {
        address.tampering = tamper::examine(address.look.transcript, known);
      }
    }
    compare_all(host);
    for (const AddressReport& address : host.addresses) {
      if (!is_reached(address)) continue;
      const auto assessment = address.tampering.assessment;
      if (assessment == tamper::Assessment::tampered) {
        add(to, FindingId::tampered, subject_of(host, address), told(address.tampering));
      } else if (assessment == tamper::Assessment::suspicious && !is_said_already(address)) {
        add(to, FindingId::suspicious, subject_of(host, address), told(address.tampering));
      }
    }
  }
}

}  // namespace pawl::check
