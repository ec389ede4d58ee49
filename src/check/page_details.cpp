// The tables below the findings.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "check/page.h"

namespace pawl::check {

namespace {

using State = Stage::State;

constexpr std::size_t kNamesShown = 3;  // of a certificate; a page shows no hundred
constexpr std::size_t kDigestShown = 12;

std::string some_of(const std::vector<std::string>& list, bool all) {
  if (all || list.size() <= kNamesShown + 1) return join(list, ", ");
  const std::vector<std::string> first(list.begin(), list.begin() + kNamesShown);
  return fmt::format("{} and {} more", join(first, ", "), list.size() - kNamesShown);
}

// What several hosts or addresses have in common is said once, with all of them.
struct Shared {
  std::vector<std::string> places;
  void add(const std::string& place) {
    if (std::ranges::find(places, place) == places.end()) places.push_back(place);
  }
  std::string text(bool all) const {
    constexpr std::size_t kShown = 6;
    if (all || places.size() <= kShown + 1) return join(places, ", ");
    const std::vector<std::string> first(places.begin(), places.begin() + kShown);
    return fmt::format("{} and {} more", join(first, ", "), places.size() - kShown);
  }
};

// A name that stands in the row above already is left out.
void add_if_any(std::vector<Table>& tables, Table table) {
  if (table.rows.empty()) return;
  for (std::size_t i = table.rows.size(); i-- > 1;) {
    if (table.rows[i][0].text == table.rows[i - 1][0].text) table.rows[i][0].text.clear();
  }
  tables.push_back(std::move(table));
}

// --- Promises of the domain

std::string days_of(Seconds age) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(age).count();
  return hours % 24 == 0 ? fmt::format("{} days", hours / 24) : fmt::format("{} s", age.count());
}

Cell sts_cell(const StsSeen& sts) {
  if (sts.record_error) return {sts.record_error->sentence(), State::fault};
  if (sts.policy_error) return {sts.policy_error->sentence(), State::fault};
  if (!sts.policy) return {"none", State::not_applicable};
  std::string text = fmt::format("{}, {}, max_age {}, for {}", mta_sts::name(sts.policy->mode),
                                 sts.id ? "id " + *sts.id : "no TXT record",
                                 days_of(sts.policy->max_age), join(sts.policy->mx, ", "));
  if (!sts.not_covered.empty()) text += "; does not name " + join(sts.not_covered, ", ");
  if (!sts.unused.empty()) text += "; names no host of the domain: " + join(sts.unused, ", ");
  const bool enforced = sts.policy->mode == mta_sts::Mode::enforce;
  if (!sts.not_covered.empty()) return {text, enforced ? State::fault : State::warning};
  return {text, enforced ? State::good : State::note};
}

Cell tlsrpt_cell(const TlsrptSeen& tlsrpt) {
  if (tlsrpt.error) return {tlsrpt.error->sentence(), State::warning};
  if (tlsrpt.rua.empty()) return {"none", State::not_applicable};
  return {"reports go to " + join(tlsrpt.rua, ", "), State::good};
}

Cell list_cell(const ListSeen& list) {
  if (list.error) return {list.error->sentence(), State::warning};
  if (list.mode.empty()) return {"not on " + list.list, State::not_applicable};
  if (list.not_covered.empty()) return {list.mode + ", on " + list.list, State::good};
  return {fmt::format("{}, on {}, which does not name {}", list.mode, list.list,
                      join(list.not_covered, ", ")),
          State::warning};
}

Cell dnssec_cell(const policy::Facts& facts) {
  std::string text =
      facts.mx_secure ? "the MX records are signed" : "the MX records are not signed";
  if (facts.implicit_mx) text += " (there are none: the domain itself is the host)";
  return {text, facts.mx_secure ? State::good : State::note};
}

// Lines as one line: "version: STSv1 / mode: enforce".
std::string one_line(std::string_view text) {
  std::vector<std::string> lines;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
  }
  return join(lines, " / ");
}

// `known`: the DNS said where mail goes.
Table promises(const DomainReport& domain, bool known, bool all) {
  Table table{"Promises of " + domain.domain.text(), {}, {}};
  if (known) table.rows.push_back({{"DNSSEC"}, dnssec_cell(domain.facts)});
  table.rows.push_back({{"MTA-STS"}, sts_cell(domain.sts)});
  if (all) {
    for (const std::string& txt : domain.sts.txt) table.rows.push_back({{"TXT _mta-sts"}, {txt}});
    if (!domain.sts.policy_text.empty()) {
      table.rows.push_back({{"Policy file"}, {one_line(domain.sts.policy_text)}});
    }
  }
  table.rows.push_back({{"TLSRPT"}, tlsrpt_cell(domain.tlsrpt)});
  if (all) {
    for (const std::string& txt : domain.tlsrpt.txt) {
      table.rows.push_back({{"TXT _smtp._tls"}, {txt}});
    }
  }
  if (domain.list) table.rows.push_back({{"Policy list"}, list_cell(*domain.list)});
  for (const ServiceSeen& service : domain.services) {
    std::string text =
        service.record.target.is_root()
            ? "not provided"
            : fmt::format("{}:{}", service.record.target.text(), service.record.port);
    if (!service.secure) text += ", not signed";
    table.rows.push_back({{"SRV " + service.label}, {text}});
  }
  return table;
}

// --- What a sender that enforces does

// Digests are told apart by their first digits.
std::string shortened(std::string_view text, bool all) {
  std::vector<std::string> words;
  for (std::string_view word : split(text, ' ')) {
    const bool digest = word.size() > kDigestShown + 3 &&
                        word.find_first_not_of("0123456789abcdef,") == std::string_view::npos;
    words.push_back(all || !digest ? std::string(word)
                                   : std::string(word.substr(0, kDigestShown)) + "..." +
                                         (word.ends_with(',') ? "," : ""));
  }
  return join(words, " ");
}

Cell outcome_of(const HostReport& host, bool all) {
  if (!host.verdict->usable) return {"does not use this host", State::note};
  if (host.refused) {
    const std::string why(row(host.refused->code).text);
    return {"refuses: " + (all ? host.refused->sentence() : why), State::fault};
  }
  if (!host.verdict->tls_required) return {"delivers, whoever listens or answers", State::note};
  const bool asked =
      std::ranges::any_of(host.addresses, [](const AddressReport& one) { return one.satisfied; });
  if (!asked) return {"not known: no session came about", State::unknown};
  return {"delivers", State::good};
}

Table enforcement(const TargetReport& report, bool all) {
  struct Fate {
    std::string demanded;
    Cell outcome;
    Shared hosts;
  };
  std::vector<Fate> fates;
  for (const HostReport& host : report.hosts) {
    if (!host.verdict) continue;
    Fate fate{shortened(policy::demanded(*host.verdict), all), outcome_of(host, all), {}};
    auto known = std::ranges::find_if(fates, [&](const Fate& one) {
      return one.demanded == fate.demanded && one.outcome.text == fate.outcome.text;
    });
    if (known == fates.end()) known = fates.insert(known, std::move(fate));
    known->hosts.add(subject_of(host));
  }
  Table table{"A sender that enforces what is promised", {"host", "demands", "and so"}, {}};
  for (const Fate& fate : fates) {
    table.rows.push_back({{fate.hosts.text(all)}, {fate.demanded}, fate.outcome});
  }
  return table;
}

Table tlsa(const TargetReport& report, bool all) {
  Table table{"TLSA records", {"host", "record", "is of"}, {}};
  for (const HostReport& host : report.hosts) {
    for (const TlsaSeen& seen : host.tlsa) {
      Cell of{join(seen.matches, ", "), State::good};
      if (!seen.unusable.empty()) {
        of = {"not usable: " + seen.unusable, State::warning};
      } else if (seen.matches.empty()) {
        of = {"no certificate seen", State::note};
      }
      table.rows.push_back({{subject_of(host)}, {shortened(seen.record.text(), all)}, of});
    }
    if (!host.tlsa_rollover.empty()) {
      table.rows.push_back({{subject_of(host)}, {"rollover"}, {host.tlsa_rollover}});
    }
  }
  return table;
}

// --- Certificates

// "CN=mx1.example.org,O=Example" -> "mx1.example.org"; the O where there is no CN.
std::string short_name(const std::string& distinguished) {
  for (std::string_view key : {"CN=", "O="}) {
    for (std::string_view part : split(distinguished, ',')) {
      part = trim(part);
      if (part.starts_with(key)) return std::string(part.substr(key.size()));
    }
  }
  return distinguished;
}

Cell validity(const tls::Certificate& leaf, const Report& whole) {
  const auto days = std::chrono::floor<std::chrono::days>(leaf.not_after - whole.at).count();
  const std::string until = day_text(leaf.not_after);
  if (leaf.not_before > whole.at) return {"from " + day_text(leaf.not_before), State::fault};
  if (leaf.not_after <= whole.at) return {"ended " + until, State::fault};
  return {fmt::format("{}, {} days", until, days),
          days < whole.days ? State::warning : State::good};
}

Cell trust(const CertificateSeen& seen) {
  if (!seen.pkix) {
    if (seen.matched_name.empty()) return {"held against no name", State::unknown};
    return {"trusted", State::good};
  }
  switch (seen.pkix->code) {
    case Code::certificate_untrusted:
      return {"no trusted authority", State::note};
    case Code::certificate_expired:
      return {"outside its dates", State::fault};
    case Code::certificate_host_mismatch:
      return {"for another name", State::note};
    default:
      return {std::string(row(seen.pkix->code).text), State::note};
  }
}

Table certificates(const TargetReport& report, const Report& whole, bool all) {
  struct One {
    const CertificateSeen* seen;
    Shared where;
    bool own_name = true;  // it names the host it is of, and nothing else
  };
  std::vector<One> found;
  for (const HostReport& host : report.hosts) {
    for (const AddressReport& address : host.addresses) {
      for (const CertificateSeen& seen : address.certificates) {
        if (seen.chain.empty()) continue;
        auto known = std::ranges::find_if(found, [&](const One& one) {
          return one.seen->chain.front().sha256 == seen.chain.front().sha256 &&
                 trust(*one.seen).text == trust(seen).text && one.seen->ocsp == seen.ocsp;
        });
        if (known == found.end()) known = found.insert(known, {&seen, {}, true});
        known->where.add(subject_of(host));
        const auto& names = seen.chain.front().dns_names;
        known->own_name = known->own_name && names.size() == 1 && names.front() == host.host;
      }
    }
  }
  Table table{
      "Certificates", {"host", "key", "valid until", "issuer", "names", "authority", "OCSP"}, {}};
  if (all) table.headers.emplace_back("SHA-256 of certificate and key");
  for (const One& one : found) {
    const tls::Certificate& leaf = one.seen->chain.front();
    std::string issuer = short_name(leaf.issuer);
    if (leaf.issuer == leaf.subject) issuer = "itself";
    if (all) {
      for (std::size_t i = 1; i < one.seen->chain.size(); ++i) {
        issuer += " < " + short_name(one.seen->chain[i].issuer);
      }
    }
    std::vector<Cell> row{{one.where.text(all)},
                          {leaf.key},
                          validity(leaf, whole),
                          {issuer},
                          {one.own_name && !all ? "the host's" : some_of(leaf.dns_names, all)},
                          trust(*one.seen),
                          {one.seen->ocsp}};
    if (all) row.push_back({leaf.sha256 + " " + leaf.spki_sha256});
    table.rows.push_back(std::move(row));
  }
  return table;
}

// --- TLS

struct Offer {
  std::string versions;
  std::string suites;
  std::string groups;
  std::string also;
  bool operator==(const Offer&) const = default;
};

std::string suites_text(const probe::Enumeration& offered) {
  std::vector<std::string> weak;
  std::size_t count = 0;
  std::size_t without_secrecy = 0;
  for (const auto& version : offered.versions) {
    for (const auto& suite : version.suites) {
      ++count;
      if (!suite.forward_secrecy) ++without_secrecy;
      if (suite.weak && std::ranges::find(weak, suite.name) == weak.end()) {
        weak.push_back(suite.name);
      }
    }
  }
  if (count == 0) return "none seen";
  std::string text = std::to_string(count);
  text += without_secrecy == 0 ? ", all with forward secrecy"
                               : fmt::format(", {} without forward secrecy", without_secrecy);
  if (!weak.empty()) text += "; broken: " + some_of(weak, false);
  return text;
}

Offer offer_of(const probe::Enumeration& offered, bool all) {
  Offer offer;
  std::vector<std::string> versions;
  std::vector<std::string> also;
  bool server_order = false;
  bool older_than_13 = false;
  constexpr std::uint16_t kTls13 = 0x0304;
  for (auto it = offered.versions.rbegin(); it != offered.versions.rend(); ++it) {
    if (!it->offered) continue;
    versions.push_back(it->name);
    server_order = server_order || it->server_order.value_or(false);
    older_than_13 = older_than_13 || it->wire < kTls13;
  }
  if (server_order) also.emplace_back("the server chooses the suite");
  if (older_than_13) {
    if (!offered.secure_renegotiation) also.emplace_back("no secure renegotiation");
    if (!offered.extended_master_secret) also.emplace_back("no extended master secret");
  }
  if (offered.compression) also.emplace_back("compression");
  if (offered.ocsp_stapled) also.emplace_back("OCSP stapled");
  if (offered.error) also.push_back("ended early: " + offered.error->sentence());
  offer.versions = versions.empty() ? "none" : join(versions, ", ");
  offer.suites = suites_text(offered);
  offer.groups = some_of(offered.groups, all);
  offer.also = join(also, ", ");
  return offer;
}

// Without an enumeration: what one handshake negotiated.
Offer offer_of(const tls::Description& tls) {
  return {.versions = std::string(tls::name(*tls.version)),
          .suites = tls.cipher_suite,
          .groups = tls.group,
          .also = "as negotiated"};
}

Table offers(const TargetReport& report, bool all) {
  std::vector<std::pair<Offer, Shared>> found;
  for (const HostReport& host : report.hosts) {
    const bool enumerated = std::ranges::any_of(
        host.addresses, [](const AddressReport& address) { return address.offered.has_value(); });
    for (const AddressReport& address : host.addresses) {
      Offer offer;
      if (address.offered) {
        offer = offer_of(*address.offered, all);
      } else if (!enumerated && address.look.tls && address.look.tls->version) {
        offer = offer_of(*address.look.tls);
      } else {
        continue;
      }
      auto known = std::ranges::find(found, offer, &std::pair<Offer, Shared>::first);
      if (known == found.end()) known = found.insert(known, {offer, {}});
      known->second.add(subject_of(host));
    }
  }
  Table table{"TLS offered", {"host", "versions", "cipher suites", "groups", "besides"}, {}};
  for (const auto& [offer, where] : found) {
    table.rows.push_back(
        {{where.text(all)}, {offer.versions}, {offer.suites}, {offer.groups}, {offer.also}});
  }
  return table;
}

Table suites(const TargetReport& report) {
  Table table{"Cipher suites", {"at", "version", "suite", "key exchange"}, {}};
  for (const HostReport& host : report.hosts) {
    for (const AddressReport& address : host.addresses) {
      if (!address.offered) continue;
      for (const auto& version : address.offered->versions) {
        for (const auto& suite : version.suites) {
          const State state = suite.weak              ? State::warning
                              : suite.forward_secrecy ? State::good
                                                      : State::note;
          table.rows.push_back({{subject_of(host, address)},
                                {version.name},
                                {suite.name, state},
                                {suite.key_exchange}});
        }
      }
    }
  }
  return table;
}

// --- Sessions

Table tampering(const TargetReport& report) {
  Table table{"Signs of tampering", {"at", "sign", "what was seen", "bytes"}, {}};
  for (const HostReport& host : report.hosts) {
    for (const AddressReport& address : host.addresses) {
      for (const tamper::Finding& finding : address.tampering.findings) {
        const auto& row = tamper::row(finding.signature);
        const State state =
            finding.confidence == tamper::Confidence::hint ? State::warning : State::fault;
        table.rows.push_back(
            {{subject_of(host, address)},
             {fmt::format("{} {} ({})", row.code, row.id, name(finding.confidence)), state},
             {finding.sentence},
             {printable(finding.evidence)}});
      }
    }
  }
  return table;
}

std::string when(const std::optional<std::chrono::milliseconds>& at) {
  return at ? duration_text(*at) : "-";
}

Table sessions(const TargetReport& report) {
  Table table{"Sessions",
              {"at", "connected", "greeted", "TLS", "ready", "greeting", "in clear", "inside TLS"},
              {}};
  for (const HostReport& host : report.hosts) {
    for (const AddressReport& address : host.addresses) {
      const probe::Look& look = address.look;
      table.rows.push_back({{subject_of(host, address)},
                            {when(look.timings.connected)},
                            {when(look.timings.greeted)},
                            {when(look.timings.established)},
                            {when(look.timings.ready)},
                            {printable(look.banner)},
                            {join(look.capabilities_in_clear, ", ")},
                            {join(look.capabilities_in_tls, ", ")}});
    }
  }
  return table;
}

}  // namespace

std::vector<Table> details(const TargetReport& report, const Report& whole, bool all) {
  std::vector<Table> tables;
  add_if_any(tables, tampering(report));
  if (report.domain) add_if_any(tables, promises(*report.domain, !report.error, all));
  add_if_any(tables, enforcement(report, all));
  add_if_any(tables, tlsa(report, all));
  add_if_any(tables, certificates(report, whole, all));
  add_if_any(tables, offers(report, all));
  if (all) {
    add_if_any(tables, suites(report));
    add_if_any(tables, sessions(report));
  }
  return tables;
}

}  // namespace pawl::check
