// What delivers, made of the settings: resolver, TLS, discovery, rules; an Outbound for each loop.
// Shared by `pawl relay` and `pawl send`.
#pragma once

#include <atomic>
#include <memory>

#include "app/settings.h"
#include "discovery/discovery.h"
#include "net/dial.h"
#include "relay/outbound.h"
#include "resolver/unbound_resolver.h"

namespace pawl::app {

struct DeliveryParts {  // all outlive it
  store::PolicyCache& policies;
  store::Queue* queue = nullptr;
  EventSink& events;
  const Clock& clock;
  const net::DialMap* dial_map = nullptr;  // test only
};

class DeliverySide {
 public:
  // Errors: config_invalid, io: a trust anchor, CA or password file that cannot be used.
  static Result<std::unique_ptr<DeliverySide>> make(const Settings& settings, DeliveryParts parts);

  // One for each loop; it must not outlive this.
  std::unique_ptr<relay::Outbound> make_outbound();
  void set_rules(policy::Rules rules);    // any thread
  void set_logins(relay::Logins logins);  // any thread; before the rules that come with them
  discovery::Discovery& discovery() { return *discovery_; }
  resolver::Resolver& resolver() { return *resolver_; }

 private:
  DeliverySide(const Settings& settings, DeliveryParts parts);

  DeliveryParts parts_;
  relay::OutboundSettings outbound_;
  std::shared_ptr<tls::ClientContext> tls_;
  std::atomic<std::shared_ptr<const policy::Rules>> rules_;
  std::atomic<std::shared_ptr<const relay::Logins>> logins_;
  std::unique_ptr<resolver::Resolver> resolver_;
  std::unique_ptr<fetch::HttpsPolicySource> source_;
  std::unique_ptr<discovery::Discovery> discovery_;
};

}  // namespace pawl::app
