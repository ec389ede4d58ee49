#include <algorithm>

#include "base/text.h"
#include "check/judge.h"
#include "mta_sts/match.h"

namespace pawl::check {

namespace {

constexpr Seconds kDay{86400};

bool is_dns(Code code) {
  return code == Code::dns_servfail || code == Code::dns_timeout || code == Code::dns_malformed ||
         code == Code::dnssec_bogus;
}

void add_dns_error(Findings& to, const std::string& subject, const Error& error) {
  add(to, error.code == Code::dnssec_bogus ? FindingId::dnssec_bogus : FindingId::dns_unanswered,
      subject, error.sentence());
}

void judge_sts_record(const DomainReport& domain, Findings& to) {
  const StsSeen& sts = domain.sts;
  const std::string name = domain.domain.text();
  if (sts.record_error) {
    if (is_dns(sts.record_error->code)) {
      add_dns_error(to, "_mta-sts." + name, *sts.record_error);
    } else {
      add(to, FindingId::sts_record_invalid, name, sts.record_error->detail);
    }
  } else if (sts.txt.empty()) {
    add(to, sts.policy ? FindingId::sts_record_gone : FindingId::sts_absent, name);
  } else if (!sts.id) {
    add(to, FindingId::sts_record_ignored, name, "\"" + printable(sts.txt.front()) + "\"");
  }
}

void judge_sts_fetch(const DomainReport& domain, Findings& to) {
  if (!domain.sts.policy_error) return;
  const Error& error = *domain.sts.policy_error;
  FindingId id = FindingId::sts_fetch_failed;
  if (error.code == Code::sts_webpki) id = FindingId::sts_host_certificate;
  if (error.code == Code::sts_policy_invalid) id = FindingId::sts_policy_invalid;
  add(to, id, domain.domain.text(), error.detail);
}

// Which hosts the policy leaves out, and which patterns stand for none.
void fill_cover(DomainReport& domain) {
  StsSeen& sts = domain.sts;
  sts.not_covered.clear();
  sts.unused.clear();
  for (const policy::MxFacts& mx : domain.facts.mx) {
    if (!mta_sts::matching_pattern(*sts.policy, mx.host)) {
      sts.not_covered.push_back(mx.host.text());
    }
  }
  for (const std::string& pattern : sts.policy->mx) {
    const bool used = std::ranges::any_of(domain.facts.mx, [&](const policy::MxFacts& mx) {
      return mta_sts::matches(pattern, mx.host);
    });
    if (!used) sts.unused.push_back(pattern);
  }
}

void judge_sts_policy(DomainReport& domain, Findings& to) {
  const std::string name = domain.domain.text();
  const mta_sts::Policy& policy = *domain.sts.policy;
  for (const std::string& warning : policy.warnings) {
    add(to, FindingId::sts_policy_odd, name, warning);
  }
  if (policy.mode == mta_sts::Mode::none) {
    add(to, FindingId::sts_none, name);
    return;
  }
  const bool enforced = policy.mode == mta_sts::Mode::enforce;
  if (!enforced) add(to, FindingId::sts_testing, name);
  if (policy.max_age < kDay) {
    add(to, FindingId::sts_max_age_short, name,
        "max_age: " + std::to_string(policy.max_age.count()));
  }
  if (domain.facts.mx.empty()) return;
  fill_cover(domain);
  for (const std::string& host : domain.sts.not_covered) {
    add(to, enforced ? FindingId::sts_mx_not_covered : FindingId::sts_mx_not_covered_yet, host,
        "it names " + printable(join(policy.mx, ", "), 160));
  }
  for (const std::string& pattern : domain.sts.unused) {
    add(to, FindingId::sts_pattern_unused, name, pattern);
  }
  if (enforced && domain.sts.id && domain.sts.not_covered.empty()) {
    add(to, FindingId::sts_good, name, "id " + *domain.sts.id);
  }
}

}  // namespace

void judge_sts(TargetReport& report, Findings& to) {
  if (!report.domain) return;
  // A domain that takes no mail, or could not be looked at, needs no policy.
  if (report.domain->facts.mx.empty() && report.domain->sts.txt.empty()) return;
  judge_sts_record(*report.domain, to);
  judge_sts_fetch(*report.domain, to);
  if (report.domain->sts.policy) judge_sts_policy(*report.domain, to);
}

void judge_tlsrpt(const DomainReport& domain, Findings& to) {
  const std::string name = domain.domain.text();
  if (domain.tlsrpt.error) {
    if (is_dns(domain.tlsrpt.error->code)) {
      add_dns_error(to, "_smtp._tls." + name, *domain.tlsrpt.error);
    } else {
      add(to, FindingId::tlsrpt_invalid, name, domain.tlsrpt.error->detail);
    }
  } else if (!domain.tlsrpt.rua.empty()) {
    add(to, FindingId::tlsrpt_good, name, printable(join(domain.tlsrpt.rua, ", "), 160));
  } else if (!domain.facts.mx.empty()) {
    add(to, FindingId::tlsrpt_absent, name);
  }
}

void judge_list(const DomainReport& domain, Findings& to) {
  if (!domain.list) return;
  const std::string name = domain.domain.text();
  if (domain.list->error) {
    add(to, FindingId::list_unusable, domain.list->list, domain.list->error->sentence());
    return;
  }
  if (domain.list->mode.empty()) return;  // to be on a list is nobody's duty
  for (const std::string& host : domain.list->not_covered) {
    add(to, FindingId::list_mx_not_covered, host, "in mode " + domain.list->mode);
  }
  if (domain.list->not_covered.empty()) {
    add(to, FindingId::list_good, name, "in mode " + domain.list->mode);
  }
}

void judge_services(const TargetReport& report, Findings& to) {
  const std::pair<starttls::Protocol, std::string_view> kServices[] = {
      {starttls::Protocol::submission, "submissions, port 465"},
      {starttls::Protocol::imap, "imaps, port 993"},
      {starttls::Protocol::pop3, "pop3s, port 995"}};
  if (!report.domain) return;  // of one host alone nothing else was asked
  for (const auto& [protocol, name] : kServices) {
    const HostReport* clear = nullptr;
    bool implicit = false;
    for (const HostReport& host : report.hosts) {
      if (host.protocol != protocol) continue;
      implicit = implicit || host.implicit_tls;
      if (!host.implicit_tls && is_reached(host)) clear = &host;
    }
    if (clear != nullptr && !implicit) {
      add(to, FindingId::implicit_tls_missing, subject_of(*clear), std::string(name));
    }
  }
}

}  // namespace pawl::check
