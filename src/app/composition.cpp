#include "app/composition.h"

#include "policy/selection.h"

namespace pawl::app {

resolver::Options resolver_options(const Settings& settings) {
  resolver::Options options;
  if (!settings.dns.trust_anchor.empty()) {
    options.root_trust_anchor_file.clear();
    options.trust_anchor_files = {settings.dns.trust_anchor};
  }
  for (const Endpoint& forwarder : settings.dns.forwarders) {
    options.forwarders.push_back({forwarder, settings.dns.forward_tls_name});
  }
  for (const StubSettings& stub : settings.dns.stubs) {
    resolver::StubZone zone;
    zone.zone = stub.zone;
    zone.servers = stub.servers;
    options.stub_zones.push_back(std::move(zone));
  }
  if (!settings.ca_file.empty()) options.ca_file = settings.ca_file;
  return options;
}

policy::Rules policy_rules(const Settings& settings) {
  policy::Rules rules{settings.rules, settings.exceptions};
  if (settings.enforcement != policy::Enforcement::enforce) {
    policy::Rule all;
    all.pattern = "*";
    all.enforcement = settings.enforcement;
    all.origin = "the setting \"enforcement\"";
    rules.rules.push_back(std::move(all));
  }
  return rules;
}

relay::NextHop next_hop_of(const Settings& settings, const dns::Name& domain) {
  const RouteSettings* best = nullptr;
  int best_match = policy::kNoMatch;
  for (const RouteSettings& route : settings.routes) {
    const int match = policy::specificity(route.domain, domain);
    if (match > best_match) {
      best = &route;
      best_match = match;
    }
  }
  if (best) return best->to;
  if (settings.relayhost) return *settings.relayhost;
  relay::NextHop itself;
  itself.domain = domain;
  return itself;
}

}  // namespace pawl::app
