#include "app/delivery_side.h"

#include "app/composition.h"

namespace pawl::app {

DeliverySide::DeliverySide(const Settings& settings, DeliveryParts parts)
    : parts_(parts), rules_(std::make_shared<const policy::Rules>(policy_rules(settings))) {
  outbound_.helo = settings.hostname;
  if (auto own = dns::Name::parse(settings.hostname)) outbound_.own_names.push_back(*own);
  outbound_.own_addresses = own_addresses(settings);
  outbound_.pool.connections_per_destination = settings.limits.connections_per_destination;
}

Result<std::unique_ptr<DeliverySide>> DeliverySide::make(const Settings& settings,
                                                         DeliveryParts parts) {
  std::unique_ptr<DeliverySide> side(new DeliverySide(settings, parts));
  TRY(relay::Logins logins, logins_of(settings));
  side->set_logins(std::move(logins));
  tls::ClientContextOptions tls;
  tls.ca_file = settings.ca_file;
  TRY(side->tls_, tls::make_client_context(tls));
  TRY(side->resolver_, resolver::make_unbound_resolver(settings.dns));
  fetch::HttpsOptions https;
  https.tls = side->tls_;
  https.private_networks = settings.sts_private_networks;
  https.dial.map = parts.dial_map;
  side->source_ = std::make_unique<fetch::HttpsPolicySource>(*side->resolver_, parts.clock, https);
  side->discovery_ = std::make_unique<discovery::Discovery>(
      *side->resolver_, parts.policies, *side->source_, parts.clock, parts.events);
  return side;
}

std::unique_ptr<relay::Outbound> DeliverySide::make_outbound() {
  relay::OutboundServices services;
  discovery::Discovery* discovery = discovery_.get();
  services.gather = [discovery](const relay::NextHop& hop) {
    return discovery->gather(hop.domain, {hop.mx_lookup, hop.port});
  };
  services.refetch_policy = [discovery](dns::Name domain) {
    return discovery->policy_has_changed(std::move(domain));
  };
  services.decide = policy::decide;
  services.rules = [this] { return rules_.load(); };
  services.login = [this](const relay::NextHop& hop) { return logins_.load()->find(hop); };
  services.dial = [map = parts_.dial_map](Endpoint to, MonoTime deadline) {
    net::DialOptions options;
    options.map = map;
    return net::dial(to, deadline, options);
  };
  services.tls = tls_;
  services.queue = parts_.queue;
  services.events = &parts_.events;
  services.clock = &parts_.clock;
  return std::make_unique<relay::Outbound>(outbound_, std::move(services));
}

void DeliverySide::set_logins(relay::Logins logins) {
  logins_.store(std::make_shared<const relay::Logins>(std::move(logins)));
}

void DeliverySide::set_rules(policy::Rules rules) {
  rules_.store(std::make_shared<const policy::Rules>(std::move(rules)));
}

}  // namespace pawl::app
