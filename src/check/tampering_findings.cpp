#include "base/text.h"
#include "check/judge.h"
#include "lists/everywhere.h"

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

std::string proved_key(const AddressReport& address) {
  return address.certificates.empty() ? std::string()
                                      : address.certificates.front().chain.front().spki_sha256;
}

std::string path_of(const AddressReport& address) {
  std::string text = address.look.at.address.text();
  if (!address.via.empty()) text += " via " + address.via;
  return text;
}

void compare(HostReport& host) {
  const AddressReport* first = nullptr;
  for (AddressReport& address : host.addresses) {
    if (!is_reached(address)) continue;
    if (first == nullptr) {
      first = &address;
      continue;
    }
    tamper::Look one{&first->look.transcript, path_of(*first), {}};
    tamper::Look other{&address.look.transcript, path_of(address), {}};
    // Keys are compared where one of the two proves itself and the other does not, and where one
    // address shows an unproved one over two paths.
    const std::string a = doubtful_key(host, *first);
    const std::string b = doubtful_key(host, address);
    const bool same_address = first->look.at == address.look.at;
    if (a.empty() != b.empty() || (same_address && !a.empty())) {
      one.spki_sha256 = proved_key(*first);
      other.spki_sha256 = proved_key(address);
    }
    address.tampering = tamper::merge(std::move(address.tampering), tamper::compare(one, other));
  }
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
    compare(host);
    for (const AddressReport& address : host.addresses) {
      if (!is_reached(address)) continue;
      const auto assessment = address.tampering.assessment;
      if (assessment == tamper::Assessment::tampered) {
        add(to, FindingId::tampered, subject_of(host, address), told(address.tampering));
      } else if (assessment == tamper::Assessment::suspicious) {
        add(to, FindingId::suspicious, subject_of(host, address), told(address.tampering));
      }
    }
  }
}

}  // namespace pawl::check
