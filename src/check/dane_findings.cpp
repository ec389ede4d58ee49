#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/text.h"
#include "check/judge.h"
#include "tls/tlsa_match.h"

namespace pawl::check {

namespace {

using State = policy::DaneFacts::State;

constexpr std::uint8_t kTrustAnchor = 2;
constexpr std::uint8_t kEndEntity = 3;
constexpr std::uint8_t kWholeCertificate = 0;
// SHA-256 and SHA-512 of the empty string: what `openssl dgst` makes of a file that is not there.
constexpr std::string_view kSha256OfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kSha512OfNothing =
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

bool is_of_nothing(const dns::Tlsa& record) {
  const std::string hex = to_hex(record.data);
  return hex == kSha256OfNothing || hex == kSha512OfNothing;
}

std::string kind_of(const tls::Certificate& leaf) {
  return leaf.key.substr(0, leaf.key.find(' '));
}

std::string parameters(const dns::Tlsa& record) {
  return std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
         std::to_string(record.matching_type);
}

// "3 1 1 0b9fa5a5..."
std::string short_text(const dns::Tlsa& record) {
  const std::string hex = to_hex(record.data);
  return parameters(record) + " " + hex.substr(0, 16) + (hex.size() > 16 ? "..." : "");
}

// The engine proved it, whatever our own comparison found (a trust anchor that is not sent).
bool is_proved(const HostReport& host, const AddressReport& address) {
  return host.verdict && host.verdict->usable && host.verdict->profile.dane && address.satisfied;
}

void fill_matches(HostReport& host) {
  for (TlsaSeen& seen : host.tlsa) {
    seen.matches.clear();
    std::map<std::string, std::vector<std::string>> where;  // certificate, addresses
    std::size_t shown = 0;
    for (const AddressReport& address : host.addresses) {
      if (address.certificates.empty()) continue;
      ++shown;
      for (const CertificateSeen& certificate : address.certificates) {
        const auto depth = tls::matching_certificate(seen.record, certificate.chain);
        if (!depth) continue;
        const std::string what =
            *depth == 0 ? "the " + kind_of(certificate.chain.front()) + " certificate"
                        : "the authority " + printable(certificate.chain[*depth].subject, 80);
        auto& addresses = where[what];
        const std::string text = address.look.at.address.text();
        if (addresses.empty() || addresses.back() != text) addresses.push_back(text);
      }
    }
    for (const auto& [what, addresses] : where) {
      seen.matches.push_back(addresses.size() == shown ? what
                                                       : what + " at " + join(addresses, ", "));
    }
  }
}

struct Records {
  std::vector<const TlsaSeen*> matched;
  std::vector<const TlsaSeen*> unmatched;  // without those of nothing
};

Records sort_records(const HostReport& host) {
  Records records;
  for (const TlsaSeen& seen : host.tlsa) {
    if (!seen.unusable.empty()) continue;
    if (!seen.matches.empty()) {
      records.matched.push_back(&seen);
    } else if (!is_of_nothing(seen.record)) {
      records.unmatched.push_back(&seen);
    }
  }
  return records;
}

std::size_t kinds_shown(const HostReport& host) {
  std::size_t most = 0;
  for (const AddressReport& address : host.addresses) {
    most = std::max(most, address.certificates.size());
  }
  return most;
}

std::string scheme_text(const std::vector<const TlsaSeen*>& records) {
  std::string text;
  for (const TlsaSeen* seen : records) {
    text += (text.empty() ? "" : " + ") + parameters(seen->record);
  }
  return text;
}

std::string rollover_of(const HostReport& host, const Records& records) {
  if (records.matched.empty()) return {};
  const auto of_usage = [](const std::vector<const TlsaSeen*>& all, std::uint8_t usage) {
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const TlsaSeen* seen) { return seen->record.usage == usage; }));
  };
  const std::size_t kinds = std::max<std::size_t>(kinds_shown(host), 1);
  const bool key = of_usage(records.matched, kEndEntity) > 0;
  const bool authority = of_usage(records.matched, kTrustAnchor) > 0;
  auto all = records.matched;
  all.insert(all.end(), records.unmatched.begin(), records.unmatched.end());
  const std::string text = " (" + scheme_text(all) + ")";
  if (key && authority) return "key and authority: either may change alone" + text;
  if (authority) return "the authority: certificates of it may change freely" + text;
  if (records.unmatched.empty()) {
    return (kinds > 1 ? "the keys in use alone" : "the key in use alone") + text;
  }
  if (records.unmatched.size() <= kinds) return "current and next key" + text;
  return "the key in use, and more records than the next key needs" + text;
}

void judge_rollover(HostReport& host, const Records& records, Findings& to) {
  const std::string subject = subject_of(host);
  host.tlsa_rollover = rollover_of(host, records);
  if (records.matched.empty()) return;
  const bool by_key_only = std::ranges::none_of(
      records.matched, [](const TlsaSeen* seen) { return seen->record.usage == kTrustAnchor; });
  if (by_key_only && records.unmatched.empty()) {
    add(to, FindingId::tlsa_no_rollover, subject, host.tlsa_rollover);
  }
  const std::size_t kinds = std::max<std::size_t>(kinds_shown(host), 1);
  if (records.unmatched.size() > kinds) {
    for (const TlsaSeen* seen : records.unmatched) {
      add(to, FindingId::tlsa_stale, subject, short_text(seen->record));
    }
  }
  const bool pins_whole = std::ranges::all_of(records.matched, [](const TlsaSeen* seen) {
    return seen->record.usage == kEndEntity && seen->record.selector == kWholeCertificate;
  });
  if (pins_whole) {
    add(to, FindingId::tlsa_pins_certificate, subject, short_text(records.matched[0]->record));
  }
}

// Does each address show only certificates that a record stands for? True: all that were seen do.
bool judge_matches(const HostReport& host, Findings& to) {
  std::vector<std::string> nowhere;
  bool all = true;
  bool any_seen = false;
  bool any_matched = false;
  Findings here;
  for (const AddressReport& address : host.addresses) {
    if (!address.look.secure || address.certificates.empty()) continue;
    any_seen = true;
    std::string unmatched;
    std::size_t count = 0;
    for (const CertificateSeen& certificate : address.certificates) {
      if (matches_tlsa(host, certificate, kEndEntity) ||
          matches_tlsa(host, certificate, kTrustAnchor)) {
        continue;
      }
      ++count;
      unmatched += (unmatched.empty() ? "" : ", ") + kind_of(certificate.chain.front());
    }
    const bool none = count == address.certificates.size();
    if (count == 0 || (none && is_proved(host, address))) {
      any_matched = true;
      continue;
    }
    all = false;
    if (none) {
      nowhere.push_back(address.look.at.address.text());
      add(here, FindingId::tlsa_mismatch, subject_of(host, address));
    } else {
      any_matched = true;
      add(here, FindingId::tlsa_one_kind, subject_of(host, address),
          "the " + unmatched + " certificate");
    }
  }
  if (any_seen && !any_matched) {
    add(to, FindingId::tlsa_mismatch, subject_of(host), "at " + join(nowhere, ", "));
  } else {
    to.insert(to.end(), here.begin(), here.end());
  }
  return any_seen && all;
}

void judge_days(const HostReport& host, const JudgeOptions& options, Findings& to) {
  const WallTime then = options.now + std::chrono::days(options.days);
  for (const AddressReport& address : host.addresses) {
    for (const CertificateSeen& certificate : address.certificates) {
      const WallTime end = certificate.chain.front().not_after;
      // Dates are nothing to DANE-EE (rfc7672#3.1.1) and hold for DANE-TA (rfc7672#3.1.2).
      if (matches_tlsa(host, certificate, kEndEntity)) continue;
      if (options.days > 0 && end < then && matches_tlsa(host, certificate, kTrustAnchor)) {
        add(to, FindingId::dane_ends_soon, subject_of(host), "on " + date(end));
      }
    }
  }
}

void judge_records(HostReport& host, const JudgeOptions& options, Findings& to) {
  const std::string subject = subject_of(host);
  fill_matches(host);
  for (const TlsaSeen& seen : host.tlsa) {
    if (!seen.unusable.empty()) {
      add(to, FindingId::tlsa_unusable, subject, short_text(seen.record) + ": " + seen.unusable);
    } else if (is_of_nothing(seen.record)) {
      add(to, FindingId::tlsa_of_nothing, subject, short_text(seen.record));
    }
  }
  if (host.facts->dane.state == State::unusable) {
    add(to, FindingId::tlsa_none_usable, subject);
    return;
  }
  if (judge_matches(host, to)) add(to, FindingId::dane_good, subject);
  judge_rollover(host, sort_records(host), to);
  judge_days(host, options, to);
}

void judge_domain(const TargetReport& report, Findings& to) {
  const policy::Facts& facts = report.domain->facts;
  if (facts.mx.empty()) return;
  const auto in_state = [&](State state) {
    return std::ranges::any_of(facts.mx,
                               [&](const policy::MxFacts& mx) { return mx.dane.state == state; });
  };
  const std::string domain = report.domain->domain.text();
  if (in_state(State::usable)) {
    if (!facts.mx_secure) add(to, FindingId::half_dane, domain);
    for (const policy::MxFacts& mx : facts.mx) {
      const bool none = mx.dane.state == State::none || mx.dane.state == State::not_applicable;
      if (none && !mx.addresses.empty()) {
        add(to, FindingId::dane_on_some_hosts, mx.host.text(),
            mx.dane.state == State::none ? "" : "its address is not signed with DNSSEC");
      }
    }
  } else if (!in_state(State::unusable) && !in_state(State::failed)) {
    add(to, FindingId::dane_absent, domain,
        in_state(State::none) ? "" : "the hosts' addresses are not signed with DNSSEC");
  }
}

}  // namespace

void judge_dane(TargetReport& report, const JudgeOptions& options, Findings& to) {
  for (HostReport& host : report.hosts) {
    if (!host.facts) continue;
    const State state = host.facts->dane.state;
    if (state == State::failed) {
      add(to, FindingId::tlsa_lookup_failed, subject_of(host),
          host.facts->dane.error ? host.facts->dane.error->sentence() : "");
    } else if (state == State::usable || state == State::unusable) {
      judge_records(host, options, to);
    }
  }
  if (report.domain) judge_domain(report, to);
}

}  // namespace pawl::check
