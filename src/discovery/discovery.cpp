#include "discovery/discovery.h"

#include <algorithm>
#include <random>

#include "discovery/mx.h"
#include "mta_sts/match.h"
#include "net/start.h"

namespace pawl::discovery {

namespace {

constexpr std::chrono::minutes kRefreshRound{1};

// Would an enforced policy block all of them? Then it may be stale: an owner who moves his MX hosts
// and forgets the new id is common (and is heard of when mail stays away).
bool blocks_all(const policy::Facts& facts) {
  const auto& policy = facts.sts.policy;
  if (!policy || policy->mode != mta_sts::Mode::enforce || facts.mx.empty()) return false;
  return std::ranges::none_of(facts.mx, [&](const policy::MxFacts& mx) {
    return mta_sts::matching_pattern(*policy, mx.host).has_value();
  });
}

}  // namespace

net::Task<policy::Facts> Discovery::gather(dns::Name next_hop, NextHopOptions options) {
  std::mt19937_64 random(std::random_device{}());
  MxOptions mx;
  mx.port = options.port;
  // Side by side; both are waited for, because both refer to this coroutine's arguments.
  auto asking = net::start(sts_.find(next_hop));
  auto facts = options.mx_lookup ? co_await find_mail_hosts(resolver_, next_hop, mx, random)
                                 : co_await look_up_host(resolver_, next_hop, mx);
  auto sts = co_await asking.wait();
  if (!facts) co_return fail(std::move(facts).error());
  CO_TRY(facts->sts, std::move(sts));
  facts->policy_domain = next_hop;
  if (blocks_all(*facts)) {
    CO_TRY(auto changed, co_await sts_.find_after_mismatch(next_hop));
    if (changed) facts->sts = *std::move(changed);
  }
  co_return facts;
}

net::Task<bool> Discovery::policy_has_changed(dns::Name policy_domain) {
  CO_TRY(auto changed, co_await sts_.find_after_mismatch(policy_domain));
  co_return changed.has_value();
}

net::Task<> Discovery::keep_fresh(net::Signal& stop) {
  while (true) {
    // What cannot be refreshed now is due again in the next round; the store has said why.
    (void)co_await sts_.refresh_due();
    CO_TRY(bool stopped, co_await stop.wait_until(clock_.monotonic() + kRefreshRound));
    if (stopped) co_return Result<>();
  }
}

}  // namespace pawl::discovery
