#include "check/host.h"

#include <algorithm>

#include "dane/base_domain.h"
#include "dane/usable.h"
#include "net/start.h"

namespace pawl::check {

namespace {

constexpr std::chrono::milliseconds kGuessedConnect{4000};

const Path* path_named(const Walk& walk, const std::string& name) {
  for (const Path& path : walk.options.via) {
    if (path.name == name) return &path;
  }
  return nullptr;
}

// What every session with this host has in common.
probe::SessionOptions session_with(const Walk& walk, const HostReport& host, IpAddress address,
                                   const Path* path) {
  probe::SessionOptions session;
  session.to = {address, host.port};
  session.host = host.host;
  session.protocol = host.protocol;
  session.client.implicit_tls = host.implicit_tls;
  session.client.client_name = walk.options.helo;
  session.tls = walk.tls;
  session.dial = walk.options.dial;
  if (path != nullptr && path->source) session.dial.source = path->source;
  session.timeouts = walk.options.timeouts;
  return session;
}

// Everything is looked at and nothing is demanded.
probe::SessionOptions curious(probe::SessionOptions session, const HostReport& host) {
  session.client.mode = starttls::Mode::if_available;
  session.client.ask_unoffered = true;
  if (!IpAddress::parse(host.host)) {
    // rfc7672#8.1: the TLSA base domain, where there is one, chooses the certificate.
    const bool based = host.facts && !host.facts->dane.base_domain.empty();
    session.profile.sni = based ? host.facts->dane.base_domain : host.host;
    session.profile.pkix_observed = tls::PkixDemand{{host.host}, {}};
  }
  session.profile.ask_ocsp = true;
  session.profile.keep_chain = true;
  return session;
}

net::Task<probe::Look> look(const Walk& walk, probe::SessionOptions session) {
  const Endpoint at = session.to;
  const auto protocol = session.protocol;
  const bool implicit_tls = session.client.implicit_tls;
  auto seen = co_await walk.probes.look(std::move(session));
  if (seen) co_return seen;
  probe::Look nothing;
  nothing.at = at;
  nothing.protocol = protocol;
  nothing.implicit_tls = implicit_tls;
  nothing.error = std::move(seen).error();
  co_return nothing;
}

std::optional<CertificateSeen> certificate_in(const probe::Look& look) {
  if (!look.tls || look.tls->chain.empty()) return {};
  CertificateSeen seen;
  seen.chain = look.tls->chain;
  if (look.tls->pkix_observed && !*look.tls->pkix_observed) {
    seen.pkix = look.tls->pkix_observed->error();
  }
  seen.matched_name = look.tls->matched_name;
  seen.ocsp = look.tls->ocsp ? look.tls->ocsp->text() : "none";
  if (look.tls->ocsp) {
    seen.ocsp_state = look.tls->ocsp->state;
    if (!look.tls->ocsp->verified) seen.ocsp_doubt = look.tls->ocsp->detail;
  }
  return seen;
}

void add_certificate(std::vector<CertificateSeen>& all, const probe::Look& look) {
  auto seen = certificate_in(look);
  if (!seen) return;
  const bool known = std::ranges::any_of(all, [&](const CertificateSeen& one) {
    return one.chain.front().sha256 == seen->chain.front().sha256;
  });
  if (!known) all.push_back(*std::move(seen));
}

tls::CertificateKind other_kind(const tls::Certificate& leaf) {
  return leaf.key.starts_with("RSA") ? tls::CertificateKind::ecdsa : tls::CertificateKind::rsa;
}

net::Task<AddressReport> look_at_address(Walk& walk, const HostReport& host, std::string target,
                                         IpAddress address, const Path* path, bool guessed) {
  AddressReport report;
  if (path != nullptr) report.via = path->name;
  auto session = curious(session_with(walk, host, address, path), host);
  if (guessed) session.timeouts.connect = std::min(session.timeouts.connect, kGuessedConnect);
  walk.tell(target, host.host + " [" + address.text() + "]: a session");
  CO_TRY(report.look, co_await look(walk, session));
  add_certificate(report.certificates, report.look);
  if (!report.look.secure || report.certificates.empty()) co_return report;
  // What an address offers does not depend on from where it is asked.
  const bool enumerate = walk.options.enumerate && path == nullptr;
  std::optional<net::Completion<probe::Enumeration>> enumerating;
  if (enumerate && walk.probes.enumerate) {
    walk.tell(target, host.host + " [" + address.text() + "]: TLS versions and suites");
    enumerating = net::start(walk.probes.enumerate(session));
  }
  auto other = session;
  other.profile.certificate_kind = other_kind(report.certificates.front().chain.front());
  auto second = co_await look(walk, std::move(other));
  if (second && second->secure) add_certificate(report.certificates, *second);
  if (enumerating) {
    auto offered = co_await enumerating->wait();
    if (offered) report.offered = *std::move(offered);
  }
  co_return report;
}

net::Task<std::vector<TlsaSeen>> tlsa_of(Walk& walk, policy::DaneFacts dane, std::uint16_t port) {
  std::vector<TlsaSeen> seen;
  if (dane.state != policy::DaneFacts::State::usable &&
      dane.state != policy::DaneFacts::State::unusable) {
    co_return seen;
  }
  CO_TRY(const dns::Name base, dns::Name::parse(dane.base_domain));
  CO_TRY(const dns::Name owner, dane::tlsa_owner(base, port));
  CO_TRY(const dns::Answer answer, co_await walk.resolver.lookup(owner, dns::Type::tlsa));
  CO_TRY(const auto records, dns::tlsa_records(answer));
  for (const dns::Tlsa& record : records) {
    seen.push_back({record, dane::why_unusable(record).value_or(""), {}});
  }
  co_return seen;
}

// The session ended for no reason of TLS: a host that counts connections, a line that breaks.
bool is_mishap(Code code) {
  return code == Code::connection_lost || code == Code::connection_reset || code == Code::timeout;
}

// What a sender would say who got this far with the demands of the verdict.
std::optional<Error> refusal(const probe::Look& strict) {
  if (strict.proof_failed) return strict.proof_failed;
  if (!strict.timings.connected) return {};  // no matter of policy
  // Before the handshake nothing was demanded yet, and the same address has just done it.
  if (strict.error && !strict.timings.upgrading && is_mishap(strict.error->code)) return {};
  return strict.error;
}

net::Task<> ask_address(Walk& walk, const HostReport& host, AddressReport& address) {
  if (!address.look.timings.connected) co_return Result<>();
  if (!address.look.secure) {
    address.refused = address.look.downgrade ? address.look.downgrade : address.look.error;
    co_return Result<>();
  }
  auto session = session_with(walk, host, address.look.at.address, path_named(walk, address.via));
  session.client.mode = starttls::Mode::required;
  session.profile = host.verdict->profile;
  CO_TRY(const probe::Look strict, co_await look(walk, std::move(session)));
  address.refused = refusal(strict);
  address.satisfied = strict.secure && !strict.proof_failed && !strict.error;
  co_return Result<>();
}

}  // namespace

std::vector<PathAddresses> from_all_paths(const Walk& walk,
                                          const std::vector<IpAddress>& addresses) {
  std::vector<PathAddresses> from = {{nullptr, addresses}};
  for (const Path& path : walk.options.via) {
    PathAddresses one{&path, {}};
    std::ranges::copy_if(addresses, std::back_inserter(one.addresses), [&](const IpAddress& to) {
      return !path.source || path.source->is_v4() == to.is_v4();
    });
    from.push_back(std::move(one));
  }
  return from;
}

net::Task<HostReport> look_at_host(Walk& walk, HostPlan plan) {
  CO_TRY_VOID(co_await walk.hosts.take());
  walk.begin();
  HostReport report;
  report.host = plan.host;
  report.protocol = plan.protocol;
  report.implicit_tls = plan.implicit_tls;
  report.port = plan.port;
  report.found_by = plan.found_by;
  report.facts = plan.facts;
  std::vector<net::Completion<AddressReport>> looking;
  for (const PathAddresses& from : plan.from) {
    for (const IpAddress& address : from.addresses) {
      looking.push_back(
          net::start(look_at_address(walk, report, plan.target, address, from.path, plan.guessed)));
    }
  }
  std::optional<Error> failure;
  for (auto& one : looking) {
    auto seen = co_await one.wait();
    if (seen) {
      report.addresses.push_back(*std::move(seen));
    } else {
      failure = std::move(seen).error();
    }
  }
  if (plan.facts) {
    auto tlsa = co_await tlsa_of(walk, plan.facts->dane, plan.port);
    if (tlsa) report.tlsa = *std::move(tlsa);
  }
  walk.hosts.give();
  walk.end(plan.target, plan.host + ": done");
  if (failure) co_return fail(*std::move(failure));
  co_return report;
}

net::Task<> ask_as_enforcing_sender(Walk& walk, HostReport& report) {
  if (!report.verdict || !report.verdict->tls_required) co_return Result<>();
  if (!report.verdict->usable) {
    report.refused = report.verdict->unusable;
    co_return Result<>();
  }
  std::vector<net::Completion<void>> asking;
  for (AddressReport& address : report.addresses) {
    asking.push_back(net::start(ask_address(walk, report, address)));
  }
  Result<> all;
  for (auto& one : asking) {
    auto asked = co_await one.wait();
    if (!asked) all = std::move(asked);
  }
  bool taken = false;
  for (const AddressReport& address : report.addresses) {
    if (address.refused && !report.refused) report.refused = address.refused;
    taken = taken || (address.look.timings.connected && !address.refused);
  }
  if (taken) report.refused.reset();
  co_return all;
}

}  // namespace pawl::check
