#include <algorithm>

#include "check/judge.h"

namespace pawl::check {

namespace {

std::string why_unreached(const AddressReport& address) {
  return address.look.error ? address.look.error->sentence() : "no answer";
}

// Addresses that could not be reached. True: none could.
bool judge_reachability(const TargetReport& report, const HostReport& host, Findings& to) {
  if (host.addresses.empty()) return true;  // the DNS findings say so
  const bool reached = is_reached(host);
  const bool no_ipv6 = lacks_ipv6(report);
  std::string all;
  bool only_ipv6 = true;
  for (const AddressReport& address : host.addresses) {
    if (is_reached(address)) continue;
    const bool excused = no_ipv6 && !address.look.at.address.is_v4();
    if (!excused) only_ipv6 = false;
    if (reached && !excused) {
      add(to, FindingId::address_unreachable, subject_of(host, address), why_unreached(address));
    }
    all += (all.empty() ? "" : "; ") + why_unreached(address);
  }
  if (no_ipv6) add(to, FindingId::ipv6_not_checked, report.target.text);
  if (reached || only_ipv6) return !reached;
  const bool promised = host.found_by.starts_with("SRV");
  add(to, promised ? FindingId::service_unreachable : FindingId::host_unreachable, subject_of(host),
      all);
  return true;
}

// What every reached address has in common is said of the host, the rest of its address.
void lift(const HostReport& host, const std::vector<const AddressReport*>& reached,
          const std::vector<Findings>& found, Findings& to) {
  const auto everywhere = [&](const Finding& finding) {
    return std::ranges::all_of(found, [&](const Findings& others) {
      return std::ranges::any_of(others, [&](const Finding& other) {
        return other.id == finding.id && other.detail == finding.detail;
      });
    });
  };
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const Finding& finding : found[i]) {
      add(to, finding.id, everywhere(finding) ? subject_of(host) : subject_of(host, *reached[i]),
          finding.detail);
    }
  }
}

}  // namespace

void judge_host(const TargetReport& report, const HostReport& host, const JudgeOptions& options,
                Findings& to) {
  if (judge_reachability(report, host, to)) return;
  std::vector<const AddressReport*> reached;
  std::vector<Findings> found;
  bool with_tls = false;
  bool without = false;
  for (const AddressReport& address : host.addresses) {
    if (!is_reached(address)) continue;
    reached.push_back(&address);
    Findings& here = found.emplace_back();
    judge_session(host, address, here);
    judge_offered(host, address, here);
    judge_certificates(host, address, options, here);
    with_tls = with_tls || address.look.secure;
    without = without || std::ranges::any_of(here, [](const Finding& finding) {
                return row(finding.id).topic == Topic::starttls &&
                       row(finding.id).severity == Severity::fault;
              });
  }
  if (with_tls && without) {
    std::string which;
    for (const AddressReport* address : reached) {
      which += (which.empty() ? "" : ", ") + address->look.at.address.text() +
               (address->via.empty() ? "" : " via " + address->via) +
               (address->look.secure ? " with TLS" : " without");
    }
    add(to, FindingId::starttls_on_some_addresses, subject_of(host), which);
  }
  lift(host, reached, found, to);
}

}  // namespace pawl::check
