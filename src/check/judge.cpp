#include "check/judge.h"

#include <algorithm>

#include "tls/tlsa_match.h"

namespace pawl::check {

namespace {

bool is_part_of(const std::string& subject, const std::string& whole) {
  return subject == whole || (subject.size() > whole.size() && subject.starts_with(whole) &&
                              subject[whole.size()] == ' ');
}

// Nothing is called good of which something bad is said, be it at one address only.
void drop_contradicted(Findings& findings) {
  const auto is_bad = [&](const Finding& good) {
    return std::ranges::any_of(findings, [&](const Finding& other) {
      return row(other.id).severity >= Severity::warning &&
             row(other.id).topic == row(good.id).topic &&
             (is_part_of(other.subject, good.subject) || is_part_of(good.subject, other.subject));
    });
  };
  Findings kept;
  for (const Finding& finding : findings) {
    if (row(finding.id).severity != Severity::good || !is_bad(finding)) kept.push_back(finding);
  }
  findings = std::move(kept);
}

Findings worst_first(Findings found) {
  Findings sorted;
  for (const Severity severity :
       {Severity::fault, Severity::warning, Severity::note, Severity::good}) {
    std::ranges::copy_if(found, std::back_inserter(sorted), [&](const Finding& finding) {
      return row(finding.id).severity == severity;
    });
  }
  return sorted;
}

bool is_promised_by(const HostReport& host, policy::Source source) {
  return std::ranges::find(host.verdict->promised_by, source) != host.verdict->promised_by.end();
}

// Whose demand was not met: where the error itself does not say, everybody's who has made one.
void add_refusal(const HostReport& host, const std::string& subject, const Error& why,
                 Findings& to) {
  bool dane = is_promised_by(host, policy::Source::dane);
  bool sts = is_promised_by(host, policy::Source::mta_sts);
  switch (why.code) {
    case Code::tlsa_mismatch:
    case Code::tlsa_invalid:
    case Code::tlsa_lookup:
    case Code::dnssec_bogus:
    case Code::dane_required:
      dane = true;
      sts = false;
      break;
    case Code::sts_mx_mismatch:
      dane = false;
      break;
    case Code::certificate_untrusted:
    case Code::certificate_expired:
    case Code::certificate_host_mismatch:
    case Code::certificate_invalid:
      dane = dane && !sts;
      break;
    default:
      break;
  }
  if (dane) add(to, FindingId::dane_sender_refuses, subject, why.sentence());
  if (sts || !dane) add(to, FindingId::enforcing_sender_refuses, subject, why.sentence());
}

void judge_refusals(const TargetReport& report, Findings& to) {
  for (const HostReport& host : report.hosts) {
    if (!host.verdict || (host.facts && host.facts->addresses.empty())) continue;
    if (host.refused) {
      add_refusal(host, subject_of(host), *host.refused, to);
      continue;
    }
    for (const AddressReport& address : host.addresses) {
      if (!address.refused) continue;
      add_refusal(host, subject_of(host, address), *address.refused, to);
    }
  }
}

}  // namespace

void add(Findings& to, FindingId id, std::string subject, std::string detail) {
  const bool known = std::ranges::any_of(to, [&](const Finding& one) {
    return one.id == id && one.subject == subject && one.detail == detail;
  });
  if (!known) to.push_back({id, std::move(subject), std::move(detail)});
}

bool is_mx(const HostReport& host) {
  return host.protocol == starttls::Protocol::smtp && !host.implicit_tls;
}

bool is_reached(const AddressReport& address) {
  return address.look.timings.connected.has_value();
}

bool is_reached(const HostReport& host) {
  return std::ranges::any_of(host.addresses,
                             [](const AddressReport& one) { return is_reached(one); });
}

bool lacks_ipv6(const TargetReport& report) {
  bool tried = false;
  for (const HostReport& host : report.hosts) {
    for (const AddressReport& address : host.addresses) {
      if (address.look.at.address.is_v4()) continue;
      tried = true;
      const auto& error = address.look.error;
      if (is_reached(address) || !error || error->code != Code::connect_unreachable) return false;
    }
  }
  return tried;
}

bool matches_tlsa(const HostReport& host, const CertificateSeen& certificate, std::uint8_t usage) {
  return std::ranges::any_of(host.tlsa, [&](const TlsaSeen& seen) {
    return seen.unusable.empty() && seen.record.usage == usage &&
           tls::matching_certificate(seen.record, certificate.chain).has_value();
  });
}

std::string date(WallTime time) {
  return format_rfc3339(time).substr(0, 10);
}

void judge(TargetReport& report, const JudgeOptions& options) {
  Findings found;
  judge_dns(report, options, found);
  judge_tampering(report, found);
  for (const HostReport& host : report.hosts) judge_host(report, host, options, found);
  judge_dane(report, options, found);
  judge_sts(report, found);
  judge_refusals(report, found);
  if (report.domain) {
    judge_tlsrpt(*report.domain, found);
    judge_list(*report.domain, found);
  }
  judge_services(report, found);
  drop_contradicted(found);
  report.findings = worst_first(std::move(found));
  fill_stages(report, options);
  report.verdict = verdict_of(report);
}

}  // namespace pawl::check
