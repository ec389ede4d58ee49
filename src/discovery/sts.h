// How a policy domain's MTA-STS stands now: TXT record, cache and policy host put together by the
// rules of mta_sts/cache_rules.h.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "base/event.h"
#include "fetch/policy_source.h"
#include "mta_sts/cache_rules.h"
#include "net/loop.h"
#include "policy/facts.h"
#include "resolver/resolver.h"
#include "store/policy_cache.h"

namespace pawl::discovery {

// What it is made of must outlive it. Any loop; one domain is fetched by one task at a time, the
// others wait for its outcome.
class StsDiscovery {
 public:
  StsDiscovery(resolver::Resolver& resolver, store::PolicyCache& cache, fetch::PolicySource& source,
               const Clock& clock, EventSink& events)
      : resolver_(resolver), cache_(cache), source_(source), clock_(clock), events_(events) {}

  // For mail to the domain: remembers that it was asked for. Error: the cache cannot be read; mail
  // must wait, because whether something was promised is not known.
  net::Task<policy::StsFacts> find(dns::Name domain);

  // A mismatch is about to block mail: asks the policy host once more, unless that was done within
  // mta_sts::kForceInterval. Nothing if the policy is as it was, or nobody was asked.
  net::Task<std::optional<policy::StsFacts>> find_after_mismatch(dns::Name domain);

  // One round: fetches what is due and still used, forgets what is neither. How many were asked.
  net::Task<std::size_t> refresh_due();

 private:
  struct Held {  // a row, with its policy parsed
    std::optional<mta_sts::StoredPolicy> row;
    std::optional<mta_sts::Policy> policy;
  };
  net::Task<Held> load(dns::Name domain);
  net::Task<mta_sts::TxtOutcome> ask_txt(dns::Name domain);
  net::Task<policy::StsFacts> fetch(dns::Name domain, std::string id, Held held, bool for_mail);
  policy::StsFacts held_facts(const Held& held, const std::string& note,
                              std::optional<Error> error);
  void tell_fetched(const Held& before, const mta_sts::StoredPolicy& after,
                    const mta_sts::Policy& policy);

  bool begin_fetch(const dns::Name& domain, net::Completion<bool>& ended);
  void end_fetch(const dns::Name& domain);

  resolver::Resolver& resolver_;
  store::PolicyCache& cache_;
  fetch::PolicySource& source_;
  const Clock& clock_;
  EventSink& events_;
  std::mutex mutex_;
  std::map<dns::Name, std::vector<net::Completion<bool>>> fetching_;  // who waits
};

}  // namespace pawl::discovery
