#include "check/mail_domain.h"

#include <algorithm>
#include <map>
#include <random>

#include "check/host.h"
#include "check/records.h"
#include "check/services.h"
#include "discovery/mx.h"
#include "net/start.h"

namespace pawl::check {

namespace {

using Hosts = std::vector<HostReport>;

net::Task<policy::Facts> find_mx(resolver::Resolver& resolver, dns::Name domain) {
  // Hosts of equal preference in the order of their names: two checks are to be compared.
  std::mt19937_64 random(0);
  CO_TRY(auto facts, co_await discovery::find_mail_hosts(resolver, domain, {}, random));
  std::ranges::sort(facts.mx, [](const policy::MxFacts& one, const policy::MxFacts& other) {
    return std::tie(one.preference, one.host) < std::tie(other.preference, other.host);
  });
  co_return facts;
}

net::Task<PathSeen> find_mx_over(Path path, dns::Name domain) {
  PathSeen seen;
  seen.via = path.name;
  auto facts = co_await find_mx(*path.resolver, domain);
  if (facts) {
    seen.facts = *std::move(facts);
  } else {
    seen.error = std::move(facts).error();
  }
  co_return seen;
}

net::Task<std::vector<PathSeen>> find_mx_over_all(Walk& walk, dns::Name domain) {
  std::vector<net::Completion<PathSeen>> asking;
  for (const Path& path : walk.options.via) {
    if (path.resolver != nullptr) asking.push_back(net::start(find_mx_over(path, domain)));
  }
  std::vector<PathSeen> seen;
  for (auto& one : asking) {
    auto path = co_await one.wait();
    if (path) seen.push_back(*std::move(path));
  }
  co_return seen;
}

// The addresses that each path's own resolver gives for the host, where it has one.
std::vector<PathAddresses> addresses_over_paths(const Walk& walk, const policy::MxFacts& mx,
                                                const std::vector<PathSeen>& paths) {
  auto from = from_all_paths(walk, mx.addresses);
  for (PathAddresses& one : from) {
    for (const PathSeen& seen : paths) {
      if (one.path == nullptr || one.path->name != seen.via || !seen.facts) continue;
      one.addresses.clear();
      for (const policy::MxFacts& other : seen.facts->mx) {
        if (other.host == mx.host) one.addresses = other.addresses;
      }
    }
  }
  return from;
}

std::vector<HostPlan> mx_plans(const Walk& walk, const Target& target, const policy::Facts& facts,
                               const std::vector<PathSeen>& paths) {
  std::vector<HostPlan> plans;
  for (const policy::MxFacts& mx : facts.mx) {
    HostPlan plan;
    plan.target = target.text;
    plan.host = mx.host.text();
    plan.found_by = facts.implicit_mx ? "no MX record" : "MX " + std::to_string(mx.preference);
    plan.facts = mx;
    plan.from = addresses_over_paths(walk, mx, paths);
    plans.push_back(std::move(plan));
  }
  return plans;
}

net::Task<Hosts> look_at_all(Walk& walk, std::vector<HostPlan> plans) {
  std::vector<net::Completion<HostReport>> looking;
  std::vector<bool> guessed;
  for (HostPlan& plan : plans) {
    guessed.push_back(plan.guessed);
    looking.push_back(net::start(look_at_host(walk, std::move(plan))));
  }
  Hosts hosts;
  for (std::size_t i = 0; i < looking.size(); ++i) {
    auto host = co_await looking[i].wait();
    if (!host) continue;
    const bool answers = std::ranges::any_of(host->addresses, [](const AddressReport& address) {
      return address.look.timings.connected.has_value();
    });
    if (answers || !guessed[i]) hosts.push_back(*std::move(host));
  }
  co_return hosts;
}

net::Task<Hosts> look_at_services(Walk& walk, std::string target, std::vector<ServiceSeen> named,
                                  std::vector<policy::MxFacts> mx) {
  // A record that says "not offered" is an answer too, and then nothing is guessed.
  auto plans = named.empty() ? co_await guessed_services(walk, target, std::move(mx))
                             : co_await named_services(walk, target, std::move(named));
  if (!plans) co_return fail(std::move(plans).error());
  co_return co_await look_at_all(walk, *std::move(plans));
}

// Verdicts for the MX hosts, and each host asked again by them.
net::Task<> enforce(Walk& walk, TargetReport& report) {
  const policy::Plan plan = policy::decide(report.domain->facts, {}, {}, walk.clock.now());
  std::vector<net::Completion<void>> asking;
  for (std::size_t i = 0; i < plan.verdicts.size(); ++i) {
    for (HostReport& host : report.hosts) {
      if (host.host != plan.verdicts[i].host.text() || host.found_by.starts_with("SRV") ||
          host.protocol != starttls::Protocol::smtp) {
        continue;
      }
      host.verdict = plan.verdicts[i];
      walk.tell(report.target.text, host.host + ": as a sender that enforces");
      asking.push_back(net::start(ask_as_enforcing_sender(walk, host)));
    }
  }
  Result<> all;
  for (auto& one : asking) {
    auto asked = co_await one.wait();
    if (!asked) all = std::move(asked);
  }
  co_return all;
}

std::optional<ListSeen> look_at_list(const Walk& walk, const DomainReport& domain) {
  if (!walk.list) return {};
  ListSeen seen;
  seen.list = walk.options.list_file;
  if (!*walk.list) {
    seen.error = walk.list->error();
    return seen;
  }
  const lists::PolicyList& list = **walk.list;
  if (list.expires <= walk.clock.now()) {
    seen.error = Error(Code::config_invalid, "it expired at " + format_rfc3339(list.expires));
  }
  const lists::Entry* entry = lists::find(list, domain.domain);
  if (entry == nullptr) return seen;
  seen.mode = mta_sts::name(entry->mode);
  for (const policy::MxFacts& mx : domain.facts.mx) {
    if (!lists::names(*entry, mx.host)) seen.not_covered.push_back(mx.host.text());
  }
  return seen;
}

net::Task<std::vector<dns::Mx>> raw_mx(Walk& walk, dns::Name domain) {
  CO_TRY(const dns::Answer answer, co_await walk.resolver.lookup(domain, dns::Type::mx));
  CO_TRY(auto records, dns::mx_records(answer));
  std::ranges::sort(records);
  co_return records;
}

}  // namespace

net::Task<TargetReport> walk_mail_domain(Walk& walk, Target target) {
  const MonoTime began = walk.clock.monotonic();
  const dns::Name domain = *target.domain;
  TargetReport report;
  report.target = target;
  report.domain.emplace();
  report.domain->domain = domain;
  walk.begin();
  walk.tell(target.text, "the MX records of " + domain.text());
  auto asking_sts = net::start(look_at_sts(walk, domain));
  auto asking_tlsrpt = net::start(look_at_tlsrpt(walk, domain));
  auto asking_paths = net::start(find_mx_over_all(walk, domain));
  std::optional<net::Completion<std::vector<ServiceSeen>>> asking_services;
  if (walk.options.services)
    asking_services = net::start(look_for_services(walk, domain, report.domain->services_error));
  auto facts = co_await find_mx(walk.resolver, domain);
  if (auto mx = co_await raw_mx(walk, domain)) report.domain->mx = *std::move(mx);
  if (auto paths = co_await asking_paths.wait()) report.domain->paths = *std::move(paths);
  if (asking_services) {
    if (auto named = co_await asking_services->wait()) report.domain->services = *std::move(named);
  }
  std::optional<net::Completion<Hosts>> looking_at_services;
  std::optional<net::Completion<Hosts>> looking;
  if (facts) {
    report.domain->facts = *std::move(facts);
    looking = net::start(
        look_at_all(walk, mx_plans(walk, target, report.domain->facts, report.domain->paths)));
  } else {
    report.domain->facts.policy_domain = domain;
    report.error = std::move(facts).error();
  }
  if (walk.options.services && (looking || !report.domain->services.empty())) {
    looking_at_services = net::start(
        look_at_services(walk, target.text, report.domain->services, report.domain->facts.mx));
  }
  walk.end(target.text, "the hosts of " + domain.text());
  // The policy is there before the hosts are, as a rule; who is slower is waited for.
  if (looking) {
    if (auto hosts = co_await looking->wait()) report.hosts = *std::move(hosts);
  }
  if (auto sts = co_await asking_sts.wait()) report.domain->sts = *std::move(sts);
  if (auto tlsrpt = co_await asking_tlsrpt.wait()) report.domain->tlsrpt = *std::move(tlsrpt);
  report.domain->facts.sts = sts_facts(report.domain->sts);
  report.domain->list = look_at_list(walk, *report.domain);
  auto enforced = co_await enforce(walk, report);
  if (looking_at_services) {
    if (auto services = co_await looking_at_services->wait()) {
      std::ranges::move(*services, std::back_inserter(report.hosts));
    }
  }
  if (!enforced && !report.error) report.error = std::move(enforced).error();
  report.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(walk.clock.monotonic() - began);
  co_return report;
}

net::Task<TargetReport> walk_host(Walk& walk, Target target) {
  const MonoTime began = walk.clock.monotonic();
  TargetReport report;
  report.target = target;
  HostPlan plan;
  plan.target = target.text;
  plan.host = target.host->host;
  plan.protocol = target.host->protocol;
  plan.implicit_tls = target.host->implicit_tls;
  plan.port = target.host->port;
  plan.found_by = "named";
  policy::Facts facts;
  if (auto address = IpAddress::parse(plan.host)) {
    plan.from = from_all_paths(walk, {*address});
  } else {
    CO_TRY(const dns::Name name, dns::Name::parse(plan.host));
    CO_TRY(plan, co_await plan_for(walk, target.text, name, std::move(plan)));
    facts.policy_domain = name;
    facts.mx_lookup = false;
    facts.mx_secure = true;
    facts.mx_canonical = name;
    facts.mx = {*plan.facts};
  }
  CO_TRY(auto host, co_await look_at_host(walk, std::move(plan)));
  if (host.facts && host.protocol == starttls::Protocol::smtp) {
    host.verdict = policy::decide(facts, {}, {}, walk.clock.now()).verdicts.front();
    CO_TRY_VOID(co_await ask_as_enforcing_sender(walk, host));
  }
  report.hosts.push_back(std::move(host));
  report.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(walk.clock.monotonic() - began);
  co_return report;
}

}  // namespace pawl::check
