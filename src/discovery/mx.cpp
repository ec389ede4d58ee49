#include "discovery/mx.h"

#include <algorithm>

#include "base/limits.h"
#include "discovery/mx_host.h"
#include "net/start.h"

namespace pawl::discovery {
namespace {

constexpr std::size_t kHostsAtOnce = 8;

// The hosts to try, best first: equal preferences shuffled (rfc5321#5.1), each host once, the best
// limits::kMxHosts of them.
std::vector<dns::Mx> order(std::vector<dns::Mx> hosts, std::mt19937_64& random) {
  std::ranges::sort(hosts);
  std::ranges::shuffle(hosts, random);
  std::ranges::sort(hosts, {}, &dns::Mx::preference);
  std::vector<dns::Mx> once;
  for (auto& host : hosts) {
    if (once.size() == limits::kMxHosts) break;
    if (std::ranges::find(once, host.exchange, &dns::Mx::exchange) == once.end())
      once.push_back(std::move(host));
  }
  return once;
}

Result<std::vector<dns::Mx>> hosts_of(const dns::Answer& answer) {
  TRY(auto hosts, dns::mx_records(answer));
  // rfc7505#3: "0 ." alone says that the domain takes no mail; beside others it says nothing.
  const auto is_null = [](const dns::Mx& mx) { return mx.exchange.is_root(); };
  if (!hosts.empty() && std::ranges::all_of(hosts, is_null))
    return fail(Code::null_mx, answer.question.text());
  std::erase_if(hosts, is_null);
  return hosts;
}

net::Task<> look_up_all(resolver::Resolver& resolver, std::vector<dns::Mx> hosts, MxOptions options,
                        std::vector<policy::MxFacts>& into) {
  for (std::size_t begin = 0; begin < hosts.size(); begin += kHostsAtOnce) {
    const auto end = std::min(begin + kHostsAtOnce, hosts.size());
    std::vector<net::Completion<policy::MxFacts>> started;
    for (auto i = begin; i < end; ++i)
      started.push_back(net::start(look_up_mx_host(resolver, hosts[i], options)));
    for (auto& one : started) {
      CO_TRY(auto facts, co_await one.wait());
      into.push_back(std::move(facts));
    }
  }
  co_return Result<>();
}

}  // namespace

net::Task<policy::Facts> find_mail_hosts(resolver::Resolver& resolver, dns::Name domain,
                                         MxOptions options, std::mt19937_64& random) {
  CO_TRY(const auto answer, co_await resolver.lookup(domain, dns::Type::mx));
  if (answer.existence == dns::Existence::no_domain)
    co_return fail(Code::domain_not_found, domain.text());
  policy::Facts facts;
  facts.policy_domain = domain;
  facts.mx_secure = answer.secure();
  facts.mx_canonical = answer.canonical;
  std::vector<dns::Mx> hosts;
  if (answer.found()) {
    CO_TRY(hosts, hosts_of(answer));
  } else {
    facts.implicit_mx = true;  // rfc5321#5.1: the domain itself, with preference 0
    hosts = {{0, domain}};
  }
  CO_TRY_VOID(co_await look_up_all(resolver, order(std::move(hosts), random), options, facts.mx));
  if (facts.implicit_mx && facts.mx.front().addresses.empty() &&
      facts.mx.front().address_errors.empty())
    co_return fail(Code::domain_not_found, domain.text() + " has no MX, A or AAAA records");
  co_return facts;
}

net::Task<policy::Facts> look_up_host(resolver::Resolver& resolver, dns::Name host,
                                      MxOptions options) {
  policy::Facts facts;
  facts.policy_domain = host;
  facts.mx_lookup = false;
  facts.mx_secure = true;  // rfc7672#2.2.1: what the operator named needs no securing
  facts.mx_canonical = host;
  CO_TRY_VOID(co_await look_up_all(resolver, {{0, host}}, options, facts.mx));
  co_return facts;
}

}  // namespace pawl::discovery
