// The matrix: for each host and address one cell per stage. Its colour is the worst finding there,
// its word what was seen.
#include <algorithm>

#include "base/text.h"
#include "check/judge.h"

namespace pawl::check {

namespace {

constexpr std::size_t kStages = 8;

Stage::State state_of(Severity severity) {
  return static_cast<Stage::State>(severity);
}
static_assert(static_cast<int>(Stage::State::fault) == static_cast<int>(Severity::fault));

// The worst finding of a topic about one of these subjects; null: none. That addresses differ is
// said of the host, which is one subject; an address, which is two, says what it is like itself.
const Finding* worst_of(const TargetReport& report, Topic topic,
                        const std::vector<std::string>& subjects) {
  for (const Finding& finding : report.findings) {  // the worst first
    if (finding.id == FindingId::starttls_on_some_addresses && subjects.size() > 1) continue;
    if (row(finding.id).topic == topic &&
        std::ranges::find(subjects, finding.subject) != subjects.end()) {
      return &finding;
    }
  }
  return nullptr;
}

std::string text_of(FindingId id) {
  switch (id) {
    case FindingId::starttls_missing:
      return "not offered";
    case FindingId::starttls_refused:
      return "refused";
    case FindingId::handshake_failed:
      return "handshake failed";
    case FindingId::starttls_again:
      return "offered twice";
    case FindingId::starttls_on_some_addresses:
      return "not everywhere";
    case FindingId::certificate_expired:
      return "expired";
    case FindingId::certificate_not_yet_valid:
      return "not yet valid";
    case FindingId::certificate_expires_soon:
      return "expires soon";
    case FindingId::certificate_other_name:
      return "other name";
    case FindingId::certificate_self_signed:
      return "self-signed";
    case FindingId::certificate_untrusted:
      return "untrusted";
    case FindingId::certificate_invalid:
      return "invalid";
    case FindingId::service_certificate_refused:
      return "refused";
    case FindingId::certificate_of_address:
      return "no name";
    case FindingId::weak_key:
      return "weak key";
    case FindingId::weak_signature:
      return "weak signature";
    case FindingId::ocsp_revoked:
      return "revoked";
    case FindingId::tlsa_mismatch:
      return "mismatch";
    case FindingId::tlsa_one_kind:
      return "one of two";
    case FindingId::tlsa_lookup_failed:
      return "look-up failed";
    case FindingId::tlsa_none_usable:
    case FindingId::tlsa_unusable:
      return "unusable";
    case FindingId::dane_on_some_hosts:
      return "none here";
    case FindingId::dane_ends_soon:
      return "ends soon";
    case FindingId::sts_mx_not_covered:
    case FindingId::sts_mx_not_covered_yet:
      return "not covered";
    case FindingId::dane_sender_refuses:
    case FindingId::enforcing_sender_refuses:
      return "refused";
    case FindingId::greeting_refused:
      return "refused";
    case FindingId::session_broken:
      return "broken off";
    case FindingId::mx_no_address:
      return "no address";
    case FindingId::mx_is_alias:
      return "alias";
    case FindingId::mx_is_address:
      return "no name";
    case FindingId::address_not_public:
      return "not public";
    case FindingId::dns_unanswered:
      return "no answer";
    case FindingId::dnssec_bogus:
      return "bogus";
    case FindingId::dns_differs:
      return "differs";
    default:
      return {};
  }
}

std::string unreached_text(const AddressReport& address) {
  if (!address.look.error) return "no answer";
  switch (address.look.error->code) {
    case Code::connect_refused:
      return "refused";
    case Code::timeout:
      return "no answer";
    default:
      return "unreachable";
  }
}

Stage dns_stage(const HostReport& host) {
  if (!host.facts) return {Stage::State::not_applicable, ""};
  return host.facts->address_secure ? Stage{Stage::State::good, "signed"}
                                    : Stage{Stage::State::note, "unsigned"};
}

Stage connect_stage(const AddressReport& address) {
  if (!is_reached(address)) return {Stage::State::unknown, unreached_text(address)};
  return {Stage::State::good, std::to_string(address.look.timings.connected->count()) + " ms"};
}

Stage starttls_stage(const AddressReport& address) {
  if (address.look.implicit_tls && address.look.secure) return {Stage::State::good, "implicit"};
  if (address.look.secure) return {Stage::State::good, "offered"};
  if (address.tampering.assessment == tamper::Assessment::tampered) {
    return {Stage::State::fault, "kept off"};
  }
  return {Stage::State::unknown, ""};
}

Stage tls_stage(const AddressReport& address) {
  if (!address.look.secure || !address.look.tls || !address.look.tls->version) {
    return {Stage::State::unknown, ""};
  }
  return {Stage::State::good, std::string(tls::name(*address.look.tls->version))};
}

Stage certificate_stage(const HostReport& host, const AddressReport& address,
                        const JudgeOptions& options) {
  if (address.certificates.empty()) return {Stage::State::unknown, ""};
  WallTime end = address.certificates.front().chain.front().not_after;
  bool verified = true;
  for (const CertificateSeen& seen : address.certificates) {
    end = std::min(end, seen.chain.front().not_after);
    verified = verified && !seen.pkix && !seen.matched_name.empty();
  }
  const auto days = std::chrono::duration_cast<std::chrono::days>(end - options.now).count();
  const bool by_dane = matches_tlsa(host, address.certificates.front(), 3);
  if (!verified) {
    return {by_dane ? Stage::State::note : Stage::State::unknown, by_dane ? "DANE only" : ""};
  }
  return {Stage::State::good, std::to_string(days) + " days"};
}

Stage dane_stage(const HostReport& host) {
  using State = policy::DaneFacts::State;
  if (!host.facts) return {Stage::State::not_applicable, ""};
  switch (host.facts->dane.state) {
    case State::not_applicable:
      return {Stage::State::note, "unsigned"};
    case State::none:
      return {Stage::State::note, "none"};
    case State::usable: {
      const auto matched = std::ranges::find_if(
          host.tlsa, [](const TlsaSeen& seen) { return !seen.matches.empty(); });
      if (matched == host.tlsa.end()) return {Stage::State::unknown, ""};
      const dns::Tlsa& record = matched->record;
      return {Stage::State::good, std::to_string(record.usage) + " " +
                                      std::to_string(record.selector) + " " +
                                      std::to_string(record.matching_type)};
    }
    case State::unusable:
    case State::failed:
      return {Stage::State::unknown, ""};
  }
  return {};
}

Stage sts_stage(const TargetReport& report, const HostReport& host) {
  if (!report.domain || !is_mx(host)) return {Stage::State::not_applicable, ""};
  const StsSeen& sts = report.domain->sts;
  if (sts.record_error || sts.policy_error) return {Stage::State::unknown, "no policy"};
  if (!sts.id || !sts.policy) return {Stage::State::note, "none"};
  const bool enforced = sts.policy->mode == mta_sts::Mode::enforce;
  return {enforced ? Stage::State::good : Stage::State::note,
          std::string(mta_sts::name(sts.policy->mode))};
}

Stage tampering_stage(const AddressReport& address) {
  if (!is_reached(address)) return {Stage::State::unknown, ""};
  using tamper::Assessment;
  Stage stage{Stage::State::good, std::string(tamper::name(address.tampering.assessment))};
  // No TLS is no tampering: the column STARTTLS speaks of it.
  if (address.tampering.assessment == Assessment::not_offered) stage.text = "clean";
  switch (address.tampering.assessment) {
    case Assessment::clean:
    case Assessment::not_offered:
      break;
    case Assessment::suspicious:
      stage.state = Stage::State::warning;
      break;
    case Assessment::tampered:
      stage.state = Stage::State::fault;
      break;
  }
  return stage;
}

std::vector<Stage> seen_at(const TargetReport& report, const HostReport& host,
                           const AddressReport& address, const JudgeOptions& options) {
  return {dns_stage(host),
          connect_stage(address),
          starttls_stage(address),
          tls_stage(address),
          certificate_stage(host, address, options),
          dane_stage(host),
          sts_stage(report, host),
          tampering_stage(address)};
}

// What the findings say of it counts more than what was merely seen.
void weigh(std::vector<Stage>& stages, const TargetReport& report,
           const std::vector<std::string>& subjects) {
  for (std::size_t i = 0; i < kStages; ++i) {
    const Finding* worst = worst_of(report, static_cast<Topic>(i), subjects);
    if (worst == nullptr) continue;
    const bool differ = worst->id == FindingId::starttls_on_some_addresses;
    const Stage::State state = state_of(row(worst->id).severity);
    const bool known = stages[i].state <= Stage::State::fault;
    if (known && stages[i].state >= state && !differ) continue;
    stages[i].state = state;
    if (auto text = text_of(worst->id); !text.empty()) stages[i].text = std::move(text);
  }
}

int weight(Stage::State state) {
  switch (state) {
    case Stage::State::not_applicable:
      return -1;
    case Stage::State::good:
      return 0;
    case Stage::State::unknown:
      return 1;
    default:
      return static_cast<int>(state) + 1;
  }
}

std::vector<Stage> worst_of_addresses(const HostReport& host) {
  std::vector<Stage> worst = host.addresses.front().stages;
  for (const AddressReport& address : host.addresses) {
    for (std::size_t i = 0; i < kStages; ++i) {
      if (weight(address.stages[i].state) > weight(worst[i].state)) worst[i] = address.stages[i];
    }
  }
  return worst;
}

}  // namespace

void fill_stages(TargetReport& report, const JudgeOptions& options) {
  for (HostReport& host : report.hosts) {
    const std::string name = subject_of(host);
    for (AddressReport& address : host.addresses) {
      address.stages = seen_at(report, host, address, options);
      weigh(address.stages, report, {name, subject_of(host, address)});
    }
    if (host.addresses.empty()) {
      const Stage unknown{Stage::State::unknown, ""};
      host.stages = {dns_stage(host),         unknown, unknown, unknown, unknown, dane_stage(host),
                     sts_stage(report, host), unknown};
    } else {
      host.stages = worst_of_addresses(host);
    }
    weigh(host.stages, report, {name});
  }
}

}  // namespace pawl::check
