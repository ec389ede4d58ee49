#include "lab/relay_postman.h"

#include <atomic>
#include <thread>

#include "base/text.h"
#include "discovery/discovery.h"
#include "fetch/policy_source.h"
#include "net/dial.h"
#include "net/loop.h"
#include "policy/verdict.h"
#include "relay/alerts.h"
#include "relay/delivery_events.h"
#include "relay/inbound.h"
#include "relay/outbound.h"
#include "relay/routes.h"
#include "relay/scheduler.h"
#include "resolver/unbound_resolver.h"
#include "store/sqlite_store.h"

namespace pawl::lab {
namespace {

constexpr const char* kHostname = "relay.sender.test";

resolver::Options resolver_options(const World& world, const RelayOptions& lab) {
  resolver::Options options;
  options.root_trust_anchor_file = world.trust_anchor_file();
  // Every zone by itself: a delegation would lead to port 53, which is not ours everywhere.
  for (const dns::Name& zone : world.zone_names()) {
    resolver::StubZone stub;
    stub.zone = zone;
    stub.servers = {world.dns_endpoint()};
    options.stub_zones.push_back(std::move(stub));
  }
  options.timeout = lab.timeout;
  // Attacks come and go within seconds.
  options.bogus_ttl = Seconds(1);
  options.max_ttl = Seconds(1);
  return options;
}

fetch::HttpsOptions fetch_options(const World& world, const RelayOptions& lab,
                                  std::shared_ptr<tls::ClientContext> tls) {
  fetch::HttpsOptions options;
  options.tls = std::move(tls);
  options.private_networks = {Network{IpAddress::v4(127, 0, 0, 0), 8}};
  options.dial.map = &world.dial_map();
  options.time_limit = lab.timeout;
  return options;
}

relay::OutboundSettings outbound_settings(const RelayOptions& lab) {
  relay::OutboundSettings settings;
  settings.helo = kHostname;
  const Seconds limit = lab.timeout;
  settings.timeouts = {limit, lab.handshake, limit, limit, limit, limit, limit};
  settings.plan_lifetime = std::chrono::milliseconds(0);
  return settings;
}

relay::SchedulerSettings scheduler_settings(const RelayOptions& lab) {
  relay::SchedulerSettings settings;
  settings.retry.waits = {lab.retry};
  settings.limits.first_pause = Seconds{0};
  settings.limits.longest_pause = Seconds{0};
  settings.notices.reporting_mta = kHostname;
  settings.notices.contact = std::string("postmaster@") + kHostname;
  settings.notices.next_hop = [](const dns::Name& domain) { return domain.text(); };
  return settings;
}

relay::AlertOptions alert_options() {
  relay::AlertOptions options;
  options.hostname = kHostname;
  options.postmaster = std::string("postmaster@") + kHostname;
  options.mail = false;  // nobody lives there
  return options;
}

// A mail client that says what must be said.
Result<> submit(const Endpoint& to, const std::string& recipient, const std::string& content) {
  TRY(Socket socket, connect_to(to));
  Connection connection(socket);
  auto expect = [&](std::string_view code) -> Result<> {
    while (true) {
      TRY(std::string line, connection.read_line());
      if (!line.starts_with(code)) return fail(Code::smtp_permanent, "the relay said: " + line);
      if (line.size() < 4 || line[3] != '-') return {};
    }
  };
  std::string stuffed;
  for (std::string_view line : split(content, '\n')) {
    if (line.starts_with('.')) stuffed += '.';
    stuffed += line;
    if (line.ends_with('\r')) stuffed += '\n';
  }
  TRY_VOID(expect("220"));
  for (const auto& [command, code] : {std::pair<std::string, std::string_view>{"EHLO lab", "250"},
                                      {"MAIL FROM:<lab@sender.test>", "250"},
                                      {"RCPT TO:<" + recipient + ">", "250"},
                                      {"DATA", "354"},
                                      {stuffed + ".", "250"},
                                      {"QUIT", "221"}}) {
    TRY_VOID(connection.write(command + "\r\n"));
    TRY_VOID(expect(code));
  }
  return {};
}

class Relay : public RelayPostman {
 public:
  Relay(const World& world, const RelayOptions& options,
        std::unique_ptr<resolver::UnboundResolver> resolver,
        std::shared_ptr<tls::ClientContext> tls)
      : dial_map_(world.dial_map()),
        resolver_(std::move(resolver)),
        source_(*resolver_, clock_, fetch_options(world, options, tls)),
        tls_(std::move(tls)),
        options_(options) {}

  // Deliveries under way end by themselves or by their time limits, connections on their loop.
  ~Relay() override {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  Result<> start(const std::string& directory) {
    store::SqliteOptions file;
    file.path = directory + "/queue.db";
    file.events = &ledger_;
    TRY(store_, store::SqliteStore::open(file));
    discovery_.emplace(*resolver_, store_->policy_cache(), source_, clock_, ledger_);
    auto route = [this](const smtp::Recipient& recipient) { return route_of(recipient); };
    alerts_.emplace(alert_options(), store_->queue(), ledger_, clock_, route);
    outbound_ = std::make_unique<relay::Outbound>(outbound_settings(options_), outbound_needs());
    observer_.emplace(ledger_, clock_, &*alerts_);
    relay::SchedulerServices services;
    services.loop = &loop_;
    services.queue = &store_->queue();
    services.deliverer = outbound_.get();
    services.observer = &*observer_;
    services.clock = &clock_;
    services.events = &ledger_;
    scheduler_ = std::make_unique<relay::Scheduler>(scheduler_settings(options_), services);
    relay::InboundOptions inbound;
    inbound.server.hostname = kHostname;
    inbound_ = std::make_unique<relay::Inbound>(
        inbound, relay::InboundNeeds{store_->queue(), clock_, ledger_, nullptr, route,
                                     [this](store::QueuedMessage message) {
                                       scheduler_->accept(std::move(message));
                                     }});
    std::atomic<bool> ready = false;
    Result<> outcome;
    loop_.post([&] {
      outcome = open_listener();
      ready = true;
      ready.notify_all();
    });
    loop_.spawn(stay());
    thread_ = std::thread([this] { loop_.run(); });
    ready.wait(false);
    return outcome;
  }

  Result<> send(const std::string& recipient, const std::string& content) override {
    return submit(endpoint_, recipient, content);
  }
  Account account(const std::string& recipient) override { return ledger_.account(recipient); }
  const Endpoint& endpoint() const override { return endpoint_; }
  const Ledger& ledger() const override { return ledger_; }

 private:
  Result<> open_listener() {
    TRY(auto listener, net::listen({IpAddress::v4(127, 0, 0, 1), 0}));
    endpoint_ = listener->local();
    relay::ListenerOptions plain;
    plain.tls = relay::ListenerOptions::Tls::none;
    loop_.spawn(inbound_->serve(std::move(listener), plain));
    loop_.spawn(scheduler_->run());
    return {};
  }

  Result<std::string> route_of(const smtp::Recipient& recipient) const {
    TRY(relay::NextHop hop, routes_.next_hop(recipient));
    return hop.key();
  }

  relay::OutboundServices outbound_needs() {
    relay::OutboundServices needs;
    needs.gather = [this](const relay::NextHop& hop) { return discovery_->gather(hop.domain); };
    needs.refetch_policy = [this](dns::Name domain) {
      return discovery_->policy_has_changed(std::move(domain));
    };
    needs.decide = policy::decide;
    needs.rules = [rules = std::make_shared<const policy::Rules>()] { return rules; };
    needs.dial = [this](Endpoint to, MonoTime deadline) {
      net::DialOptions dial;
      dial.map = &dial_map_;
      return net::dial(to, deadline, dial);
    };
    needs.tls = tls_;
    needs.queue = &store_->queue();
    needs.events = &ledger_;
    needs.clock = &clock_;
    return needs;
  }

  // Ends on the loop what was made on it.
  net::Task<> stay() {
    while (!stopping_) {
      CO_TRY_VOID(co_await net::sleep_for(std::chrono::milliseconds(20)));
    }
    inbound_->stop();
    CO_TRY_VOID(co_await scheduler_->stop(clock_.monotonic() + options_.timeout));
    outbound_.reset();
    loop_.stop();
    co_return Result<>();
  }

  net::SystemClock clock_;
  Ledger ledger_;
  net::DialMap dial_map_;
  std::unique_ptr<resolver::UnboundResolver> resolver_;  // ends after the loop
  fetch::HttpsPolicySource source_;
  std::shared_ptr<tls::ClientContext> tls_;
  RelayOptions options_;
  relay::Routes routes_;
  std::unique_ptr<store::SqliteStore> store_;
  std::optional<discovery::Discovery> discovery_;
  std::optional<relay::Alerts> alerts_;
  std::optional<relay::DeliveryEvents> observer_;
  std::atomic<bool> stopping_ = false;
  Endpoint endpoint_;
  net::Loop loop_;
  std::unique_ptr<relay::Outbound> outbound_;
  std::unique_ptr<relay::Scheduler> scheduler_;
  std::unique_ptr<relay::Inbound> inbound_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<RelayPostman>> start_relay(const World& world, const RelayOptions& options) {
  TRY(auto resolver, resolver::make_unbound_resolver(resolver_options(world, options)));
  tls::ClientContextOptions trust;
  trust.ca_file = world.ca_file();
  TRY(auto tls, tls::make_client_context(trust));
  const std::string directory =
      options.directory.empty() ? world.scratch().path().string() : options.directory;
  auto made = std::make_unique<Relay>(world, options, std::move(resolver), std::move(tls));
  TRY_VOID(made->start(directory));
  return made;
}

}  // namespace pawl::lab
