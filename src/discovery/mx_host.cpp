#include "discovery/mx_host.h"

#include <algorithm>

#include "base/limits.h"
#include "dane/base_domain.h"
#include "dane/usable.h"
#include "net/start.h"

namespace pawl::discovery {
namespace {

using policy::DaneFacts;

// One family's addresses; what failed is kept beside them.
std::vector<IpAddress> take_addresses(const Result<dns::Answer>& answer,
                                      std::vector<Error>& errors) {
  if (!answer) {
    errors.push_back(answer.error());
    return {};
  }
  auto found = dns::addresses(*answer);
  if (found) return *std::move(found);
  errors.push_back(std::move(found).error());
  return {};
}

// Both families from the first pair on, so that the first few tries never depend on one of them.
std::vector<IpAddress> interleave(const std::vector<IpAddress>& first,
                                  const std::vector<IpAddress>& second) {
  std::vector<IpAddress> mixed;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  if (mixed.size() > limits::kAddressesPerHost) mixed.resize(limits::kAddressesPerHost);
  return mixed;
}

DaneFacts failed(const dns::Name& base_domain, const Error& error) {
  DaneFacts facts;
  facts.state = DaneFacts::State::failed;
  facts.base_domain = base_domain.text();
  facts.error = Error(Code::tlsa_lookup, error.sentence());
  return facts;
}

DaneFacts found(const dns::Name& base_domain, const std::vector<dns::Tlsa>& records) {
  auto sorted = dane::sort_out(records);
  DaneFacts facts;
  facts.state = sorted.usable.empty() ? DaneFacts::State::unusable : DaneFacts::State::usable;
  facts.base_domain = base_domain.text();
  facts.records = std::move(sorted.usable);
  facts.unusable_records = sorted.unusable.size();
  return facts;
}

net::Task<DaneFacts> look_up_tlsa(resolver::Resolver& resolver, dane::AddressSecurity addresses,
                                  std::uint16_t port) {
  std::optional<dns::Answer> alias;
  if (dane::needs_cname_query(addresses)) {
    auto asked = co_await resolver.lookup(addresses.host, dns::Type::cname);
    if (!asked) co_return failed(addresses.host, asked.error());
    alias = *std::move(asked);
  }
  const auto bases = dane::tlsa_base_domains(addresses, alias ? &*alias : nullptr);
  if (bases.empty()) co_return DaneFacts();
  DaneFacts none;
  none.state = DaneFacts::State::none;
  for (const auto& base : bases) {
    const auto owner = dane::tlsa_owner(base, port);
    if (!owner) continue;  // no record can stand at a name that cannot be
    auto answer = co_await resolver.lookup(*owner, dns::Type::tlsa);
    // rfc7672#2.1.1: a look-up that failed is no denial, and the next name is no substitute for it.
    if (!answer) co_return failed(base, answer.error());
    if (!dane::holds_secure_records(*answer)) continue;
    const auto records = dns::tlsa_records(*answer);
    if (!records) co_return failed(base, records.error());
    co_return found(base, *records);
  }
  co_return none;
}

}  // namespace

net::Task<policy::MxFacts> look_up_mx_host(resolver::Resolver& resolver, dns::Mx mx,
                                           MxOptions options) {
  auto a_started = net::start(resolver.lookup(mx.exchange, dns::Type::a));
  auto aaaa_started = net::start(resolver.lookup(mx.exchange, dns::Type::aaaa));
  const auto a = co_await a_started.wait();
  const auto aaaa = co_await aaaa_started.wait();

  policy::MxFacts facts;
  facts.host = mx.exchange;
  facts.preference = mx.preference;
  const auto v6 = take_addresses(aaaa, facts.address_errors);
  const auto v4 = take_addresses(a, facts.address_errors);
  facts.addresses = interleave(v6, v4);
  // rfc7672#2.2.2: how secure the addresses are is known before TLSA is asked for.
  const auto security =
      dane::address_security(mx.exchange, a ? &*a : nullptr, aaaa ? &*aaaa : nullptr);
  facts.canonical = security.canonical;
  facts.address_secure = security.secure;
  if (!options.ask_tlsa || facts.addresses.empty()) co_return facts;
  CO_TRY(facts.dane, co_await look_up_tlsa(resolver, security, options.port));
  co_return facts;
}

}  // namespace pawl::discovery
