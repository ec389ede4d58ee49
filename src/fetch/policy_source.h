// Where MTA-STS policies come from: the policy host, over HTTPS (rfc8461#3.3), or a test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "mta_sts/policy.h"
#include "net/dial.h"
#include "net/task.h"
#include "resolver/resolver.h"
#include "tls/engine.h"

namespace pawl::fetch {

struct FetchedPolicy {
  std::string text;  // as it came
  mta_sts::Policy policy;
};

class PolicySource {
 public:
  virtual ~PolicySource() = default;
  // Errors: sts_fetch (not reached, not answered, not 200, too long), sts_webpki (its certificate),
  // sts_policy_invalid (not text/plain, not a policy). The sentence names URL, address and cause.
  virtual net::Task<FetchedPolicy> fetch(dns::Name policy_domain) = 0;
};

struct HttpsOptions {
  std::shared_ptr<tls::ClientContext> tls;
  // A policy host at an address that is not public is not asked (who publishes a policy would
  // otherwise choose what we connect to inside), unless it is in one of these.
  std::vector<Network> private_networks;
  net::DialOptions dial;
  Seconds time_limit = limits::kStsFetchTime;  // for all addresses together
};

// https://mta-sts.<domain>/.well-known/mta-sts.txt, port 443. No redirects, no proxy, no HTTP cache
// (rfc8461#3.3 forbids them); addresses from our own resolver, each of both families tried in turn
// until one answers.
class HttpsPolicySource : public PolicySource {
 public:
  // Both must outlive it. Any loop.
  HttpsPolicySource(resolver::Resolver& resolver, const Clock& clock, HttpsOptions options)
      : resolver_(resolver), clock_(clock), options_(std::move(options)) {}
  net::Task<FetchedPolicy> fetch(dns::Name policy_domain) override;

 private:
  net::Task<std::vector<IpAddress>> addresses(dns::Name host);
  net::Task<FetchedPolicy> ask(Endpoint at, dns::Name host, MonoTime deadline);

  resolver::Resolver& resolver_;
  const Clock& clock_;
  HttpsOptions options_;
};

}  // namespace pawl::fetch
