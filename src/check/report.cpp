#include "check/report.h"

#include <algorithm>

namespace pawl::check {

namespace {

constexpr int kNothingWorseThanANote = 0;
constexpr int kWarning = 1;
constexpr int kFault = 2;
constexpr int kTampered = 3;
constexpr int kNotChecked = 75;  // EX_TEMPFAIL

bool is_tampered(const TargetReport& report) {
  return std::ranges::any_of(report.hosts, [](const HostReport& host) {
    return std::ranges::any_of(host.addresses, [](const AddressReport& address) {
      return address.tampering.assessment == tamper::Assessment::tampered;
    });
  });
}

}  // namespace

std::string_view name(StageName stage) {
  return name(static_cast<Topic>(stage));
}

std::string subject_of(const HostReport& host) {
  const auto& row = starttls::row(host.protocol);
  const std::uint16_t usual = host.implicit_tls ? row.implicit_port : row.port;
  if (host.protocol == starttls::Protocol::smtp && !host.implicit_tls && host.port == usual) {
    return host.host;
  }
  std::string text(host.implicit_tls && !row.implicit_name.empty() ? row.implicit_name : row.name);
  text += "://";
  const bool is_v6 = host.host.find(':') != std::string::npos;
  text += is_v6 ? "[" + host.host + "]" : host.host;
  if (host.port != usual) text += ":" + std::to_string(host.port);
  return text;
}

std::string subject_of(const HostReport& host, const AddressReport& address) {
  std::string text = subject_of(host) + " [" + address.look.at.address.text() + "]";
  if (!address.via.empty()) text += " via " + address.via;
  return text;
}

Severity worst(const TargetReport& report) {
  Severity worst = Severity::good;
  for (const Finding& finding : report.findings) worst = std::max(worst, row(finding.id).severity);
  return worst;
}

int exit_status(const Report& report) {
  Severity worst_seen = Severity::good;
  bool not_checked = false;
  for (const TargetReport& target : report.targets) {
    if (is_tampered(target)) return kTampered;
    worst_seen = std::max(worst_seen, worst(target));
    not_checked = not_checked || target.error.has_value();
  }
  if (worst_seen == Severity::fault) return kFault;
  if (not_checked) return kNotChecked;
  return worst_seen == Severity::warning ? kWarning : kNothingWorseThanANote;
}

}  // namespace pawl::check
