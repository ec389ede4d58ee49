#include <algorithm>
#include <set>

#include "base/text.h"
#include "check/judge.h"

namespace pawl::check {

namespace {

void add_dns_error(Findings& to, const std::string& subject, const Error& error) {
  add(to, error.code == Code::dnssec_bogus ? FindingId::dnssec_bogus : FindingId::dns_unanswered,
      subject, error.sentence());
}

// The domain as a whole could not be walked.
void judge_error(TargetReport& report, Findings& to) {
  const std::string domain = report.domain->domain.text();
  switch (report.error->code) {
    case Code::null_mx:
      add(to, FindingId::null_mx, domain);
      report.error.reset();  // it is an answer
      return;
    case Code::domain_not_found:
      add(to, FindingId::domain_not_found, domain, report.error->detail);
      return;
    case Code::dnssec_bogus:
    case Code::dns_servfail:
    case Code::dns_timeout:
    case Code::dns_malformed:
      add_dns_error(to, domain, *report.error);
      return;
    default:
      return;  // said as the report's error
  }
}

void judge_mx_records(const DomainReport& domain, Findings& to) {
  const std::string name = domain.domain.text();
  const auto is_null = [](const dns::Mx& mx) { return mx.exchange.is_root(); };
  const auto nulls = std::ranges::count_if(domain.mx, is_null);
  if (nulls > 0 && static_cast<std::size_t>(nulls) < domain.mx.size()) {
    add(to, FindingId::null_mx_beside_others, name);
  }
  if (domain.facts.mx.empty()) return;
  if (domain.facts.implicit_mx) add(to, FindingId::implicit_mx, name);
  add(to, domain.facts.mx_secure ? FindingId::mx_signed : FindingId::mx_unsigned, name);
}

void judge_mx_host(const policy::MxFacts& mx, bool implicit, const JudgeOptions& options,
                   Findings& to) {
  const std::string host = mx.host.text();
  if (IpAddress::parse(host)) {
    add(to, FindingId::mx_is_address, host);
    return;
  }
  if (!implicit && mx.canonical != mx.host) {
    add(to, FindingId::mx_is_alias, host, "an alias of " + mx.canonical.text());
  }
  for (const Error& error : mx.address_errors) add_dns_error(to, host, error);
  if (mx.addresses.empty() && mx.address_errors.empty()) add(to, FindingId::mx_no_address, host);
  for (const IpAddress& address : mx.addresses) {
    const bool expected = std::ranges::any_of(
        options.private_networks, [&](const Network& one) { return one.contains(address); });
    if (address.is_special() && !expected) {
      add(to, FindingId::address_not_public, host, address.text());
    }
  }
}

std::string text_of(const std::set<std::string>& names) {
  return names.empty() ? "nothing" : join({names.begin(), names.end()}, ", ");
}

void compare_paths(const policy::Facts& ours, const PathSeen& path, const std::string& domain,
                   Findings& to) {
  if (!path.facts) {
    if (path.error && path.error->code != Code::dns_timeout) {
      add(to, FindingId::dns_differs, domain,
          "via " + path.via + " there is no answer: " + path.error->sentence());
    }
    return;
  }
  std::set<std::string> here;
  std::set<std::string> there;
  for (const auto& mx : ours.mx) here.insert(mx.host.text());
  for (const auto& mx : path.facts->mx) there.insert(mx.host.text());
  if (here != there) {
    add(to, FindingId::dns_differs, domain,
        "MX hosts: " + text_of(here) + "; via " + path.via + ": " + text_of(there));
  }
  for (const auto& mx : ours.mx) {
    for (const auto& other : path.facts->mx) {
      if (other.host != mx.host || !mx.address_errors.empty() || !other.address_errors.empty()) {
        continue;
      }
      std::set<std::string> a;
      std::set<std::string> b;
      for (const auto& address : mx.addresses) a.insert(address.text());
      for (const auto& address : other.addresses) b.insert(address.text());
      if (a != b) {
        add(to, FindingId::dns_differs, mx.host.text(),
            "addresses: " + text_of(a) + "; via " + path.via + ": " + text_of(b));
      }
    }
  }
}

}  // namespace

void judge_dns(TargetReport& report, const JudgeOptions& options, Findings& to) {
  if (!report.domain) {
    // A host that was named: what its look-up said.
    for (const HostReport& host : report.hosts) {
      if (!host.facts) continue;
      for (const Error& error : host.facts->address_errors) {
        add_dns_error(to, subject_of(host), error);
      }
      if (host.facts->addresses.empty() && host.facts->address_errors.empty()) {
        add(to, FindingId::mx_no_address, subject_of(host));
      }
    }
    return;
  }
  if (report.error) judge_error(report, to);
  judge_mx_records(*report.domain, to);
  for (const policy::MxFacts& mx : report.domain->facts.mx) {
    judge_mx_host(mx, report.domain->facts.implicit_mx, options, to);
  }
  if (report.domain->services_error) {
    add_dns_error(to, "SRV records of " + report.domain->domain.text(),
                  *report.domain->services_error);
  }
  for (const PathSeen& path : report.domain->paths) {
    compare_paths(report.domain->facts, path, report.domain->domain.text(), to);
  }
}

}  // namespace pawl::check
