// The verdict in words: what an attacker on the path can do to mail for this target, and what a
// sender that enforces would do.
#include <algorithm>

#include "check/judge.h"

namespace pawl::check {

namespace {

constexpr std::size_t kHostsNamed = 3;

std::string and_list(const std::vector<std::string>& names) {
  std::string text;
  const std::size_t shown = std::min(names.size(), kHostsNamed);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

std::vector<std::string> subjects_with(const TargetReport& report, FindingId id) {
  std::vector<std::string> subjects;
  for (const Finding& finding : report.findings) {
    if (finding.id == id) subjects.push_back(finding.subject);
  }
  return subjects;
}

void say(std::string& text, const std::string& sentence) {
  text += (text.empty() ? "" : " ") + sentence;
}

// Hosts that are refused for one reason stand in one sentence; the findings have the details.
std::string refusals(const TargetReport& report) {
  std::vector<std::pair<Code, std::vector<std::string>>> reasons;
  for (const HostReport& host : report.hosts) {
    if (!host.refused || (host.facts && host.facts->addresses.empty())) continue;
    auto known = std::ranges::find(reasons, host.refused->code,
                                   &std::pair<Code, std::vector<std::string>>::first);
    if (known == reasons.end()) known = reasons.insert(known, {host.refused->code, {}});
    known->second.push_back(subject_of(host));
  }
  std::string text;
  for (const auto& [code, hosts] : reasons) {
    say(text, "A sender that enforces would refuse mail to " + and_list(hosts) + " because " +
                  std::string(row(code).text) + ".");
  }
  return text;
}

std::string protection(const TargetReport& report) {
  if (!report.domain || report.domain->facts.mx.empty()) return {};
  const std::string domain = report.domain->domain.text();
  std::size_t authenticated = 0;
  std::size_t hosts = 0;
  bool encrypted = false;
  for (const HostReport& host : report.hosts) {
    if (!host.verdict) continue;
    ++hosts;
    if (host.verdict->promised == policy::Protection::authenticated) ++authenticated;
    encrypted = encrypted || host.verdict->tls_required;
  }
  if (hosts == 0) return {};
  if (authenticated == hosts) {
    return "Mail to " + domain +
           " is protected on its way by senders that honour what the domain promises: every MX "
           "host must prove itself.";
  }
  if (authenticated > 0 || encrypted) {
    return "Mail to " + domain +
           " is protected in part: an attacker on the path can lead it to where nothing is proved.";
  }
  return "Nothing promises TLS for mail to " + domain +
         ": an attacker on the path can have it sent in clear.";
}

}  // namespace

std::string verdict_of(const TargetReport& report) {
  if (report.error) return "It could not be checked: " + report.error->sentence() + ".";
  std::string text;
  for (const Finding& finding : report.findings) {
    if (finding.id == FindingId::null_mx) return report.target.text + " accepts no mail.";
  }
  if (auto hosts = subjects_with(report, FindingId::tampered); !hosts.empty()) {
    say(text, "Somebody on the path to " + and_list(hosts) + " tampers with TLS.");
  }
  if (auto refused = refusals(report); !refused.empty()) say(text, refused);
  if (auto hosts = subjects_with(report, FindingId::starttls_missing); !hosts.empty()) {
    say(text, "Mail to " + and_list(hosts) + " crosses in clear: no STARTTLS is offered.");
  }
  if (auto hosts = subjects_with(report, FindingId::login_before_tls); !hosts.empty()) {
    say(text, "Passwords may cross in clear at " + and_list(hosts) + ".");
  }
  if (auto hosts = subjects_with(report, FindingId::host_unreachable); !hosts.empty()) {
    say(text, and_list(hosts) + " could not be reached, so nothing is known of it.");
  }
  if (auto sentence = protection(report); !sentence.empty()) say(text, sentence);
  if (!text.empty()) return text;
  switch (worst(report)) {
    case Severity::good:
      return "All is as it should be.";
    case Severity::note:
      return "Nothing is wrong; some of it could be better.";
    case Severity::warning:
      return "It works, and something will hurt some day.";
    case Severity::fault:
      return "Something is wrong: see the findings.";
  }
  return text;
}

}  // namespace pawl::check
