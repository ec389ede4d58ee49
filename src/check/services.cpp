#include "check/services.h"

#include <algorithm>
#include <array>

#include "check/records.h"
#include "discovery/mx.h"
#include "net/start.h"

namespace pawl::check {

namespace {

using starttls::Protocol;

struct ServiceRow {
  std::string_view label;
  Protocol protocol;
  bool implicit_tls;
};

// rfc6186#3, rfc8314#5.1 (_submissions), rfc5804#1.8 (_sieve)
constexpr std::array<ServiceRow, 7> kServices = {{
    {"_submissions", Protocol::submission, true},
    {"_submission", Protocol::submission, false},
    {"_imaps", Protocol::imap, true},
    {"_imap", Protocol::imap, false},
    {"_pop3s", Protocol::pop3, true},
    {"_pop3", Protocol::pop3, false},
    {"_sieve", Protocol::sieve, false},
}};

constexpr std::size_t kGuessedHosts = 4;
constexpr std::size_t kTargetsPerService = 8;

net::Task<std::vector<ServiceSeen>> look_for(Walk& walk, dns::Name domain, std::string label) {
  CO_TRY(const dns::Name tcp, domain.prepend("_tcp"));
  CO_TRY(const dns::Name owner, tcp.prepend(label));
  CO_TRY(const dns::Answer answer, co_await walk.resolver.lookup(owner, dns::Type::srv));
  CO_TRY(auto records, dns::srv_records(answer));
  std::ranges::sort(records);
  std::vector<ServiceSeen> seen;
  for (dns::Srv& record : records) {
    if (seen.size() == kTargetsPerService) break;
    seen.push_back({label + "._tcp", std::move(record), answer.secure()});
  }
  co_return seen;
}

}  // namespace

net::Task<std::vector<ServiceSeen>> look_for_services(Walk& walk, dns::Name domain,
                                                      std::optional<Error>& unanswered) {
  std::vector<net::Completion<std::vector<ServiceSeen>>> asking;
  for (const ServiceRow& row : kServices) {
    asking.push_back(net::start(look_for(walk, domain, std::string(row.label))));
  }
  std::vector<ServiceSeen> all;
  for (auto& one : asking) {
    // A question that is not answered names no service; the others may.
    auto seen = co_await one.wait();
    if (seen) {
      all.insert(all.end(), seen->begin(), seen->end());
    } else if (!unanswered) {
      unanswered = std::move(seen).error();
    }
  }
  co_return all;
}

net::Task<HostPlan> plan_for(Walk& walk, std::string target, dns::Name host, HostPlan plan) {
  plan.target = std::move(target);
  plan.host = host.text();
  CO_TRY(auto facts, co_await discovery::look_up_host(walk.resolver, host, {plan.port, true}));
  plan.facts = std::move(facts.mx.front());
  plan.from = from_all_paths(walk, plan.facts->addresses);
  co_return plan;
}

net::Task<std::vector<HostPlan>> named_services(Walk& walk, std::string target,
                                                std::vector<ServiceSeen> services) {
  std::vector<net::Completion<HostPlan>> planning;
  for (const ServiceSeen& service : services) {
    if (service.record.target.is_root() || service.record.port == 0) continue;
    const auto* row = std::ranges::find_if(kServices, [&](const ServiceRow& one) {
      return service.label == std::string(one.label) + "._tcp";
    });
    if (row == kServices.end()) continue;
    HostPlan plan;
    plan.protocol = row->protocol;
    plan.implicit_tls = row->implicit_tls;
    plan.port = service.record.port;
    plan.found_by = "SRV " + service.label;
    planning.push_back(net::start(plan_for(walk, target, service.record.target, std::move(plan))));
  }
  std::vector<HostPlan> plans;
  for (auto& one : planning) {
    auto plan = co_await one.wait();
    if (plan) plans.push_back(*std::move(plan));
  }
  co_return plans;
}

net::Task<std::vector<HostPlan>> guessed_services(Walk& walk, std::string target,
                                                  std::vector<policy::MxFacts> hosts) {
  std::vector<net::Completion<HostPlan>> planning;
  for (std::size_t i = 0; i < std::min(hosts.size(), kGuessedHosts); ++i) {
    for (const ServiceRow& row : kServices) {
      const auto& protocol = starttls::row(row.protocol);
      HostPlan plan;
      plan.protocol = row.protocol;
      plan.implicit_tls = row.implicit_tls;
      plan.port = row.implicit_tls ? protocol.implicit_port : protocol.port;
      plan.found_by = "answers at port " + std::to_string(plan.port);
      plan.guessed = true;
      planning.push_back(net::start(plan_for(walk, target, hosts[i].host, std::move(plan))));
    }
  }
  std::vector<HostPlan> plans;
  for (auto& one : planning) {
    auto plan = co_await one.wait();
    if (plan) plans.push_back(*std::move(plan));
  }
  co_return plans;
}

}  // namespace pawl::check
