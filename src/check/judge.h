// Internal to check/: from what was seen to findings, stages and a verdict. Pure: everything it
// says follows from the report it is given; what was not seen is not judged.
#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"
#include "check/report.h"

namespace pawl::check {

struct JudgeOptions {
  WallTime now{};
  int days = 0;
  std::vector<Network> private_networks;  // addresses in these are no finding
};

// Fills findings (the worst first), stages, verdict, what each TLSA record matches and what the
// policies do not cover.
void judge(TargetReport& report, const JudgeOptions& options);

// The parts, each about one subject. They add findings; order and contradictions are judge()'s.
using Findings = std::vector<Finding>;
void add(Findings& to, FindingId id, std::string subject, std::string detail = {});

void judge_dns(TargetReport& report, const JudgeOptions& options, Findings& to);
void judge_tampering(TargetReport& report, Findings& to);  // fills AddressReport::tampering
void judge_dane(TargetReport& report, const JudgeOptions& options, Findings& to);
void judge_sts(TargetReport& report, Findings& to);
void judge_tlsrpt(const DomainReport& domain, Findings& to);
void judge_list(const DomainReport& domain, Findings& to);
void judge_services(const TargetReport& report, Findings& to);
// Sessions, TLS and certificates of one host; what all its addresses share is said of the host.
void judge_host(const TargetReport& report, const HostReport& host, const JudgeOptions& options,
                Findings& to);
// Of one address, subject left empty.
void judge_session(const HostReport& host, const AddressReport& address, Findings& to);
void judge_offered(const HostReport& host, const AddressReport& address, Findings& to);
void judge_certificates(const HostReport& host, const AddressReport& address,
                        const JudgeOptions& options, Findings& to);

void fill_stages(TargetReport& report, const JudgeOptions& options);
std::string verdict_of(const TargetReport& report);

// Small questions that several parts ask.
bool is_mx(const HostReport& host);  // found by MX record, or SMTP that was named
bool is_reached(const HostReport& host);
bool is_reached(const AddressReport& address);
bool lacks_ipv6(
    const TargetReport& report);  // no IPv6 address could be reached for want of a route
// Usable TLSA records that stand for a certificate of this chain, by usage.
bool matches_tlsa(const HostReport& host, const CertificateSeen& certificate, std::uint8_t usage);
std::string date(WallTime time);  // "2026-12-01"

}  // namespace pawl::check
