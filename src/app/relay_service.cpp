#include "app/relay_service.h"

#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "app/composition.h"
#include "app/metrics_server.h"
#include "app/service_notify.h"
#include "app/version.h"
#include "base/text.h"

namespace pawl::app {

namespace {

std::string store_path(const Settings& settings) {
  return settings.store.substr(std::string_view("sqlite:").size());
}

relay::ListenerOptions listener_options(const ListenSettings& settings) {
  using Tls = relay::ListenerOptions::Tls;
  Tls tls = settings.tls == ListenTls::implicit   ? Tls::implicit
            : settings.tls == ListenTls::starttls ? Tls::starttls
                                                  : Tls::none;
  return {tls, settings.auth};
}

}  // namespace

Result<std::shared_ptr<tls::ServerContext>> server_certificates(const Settings& settings) {
  if (settings.certificates.empty()) return std::shared_ptr<tls::ServerContext>();
  tls::ServerContextOptions options;
  options.key_pairs = settings.certificates;
  return tls::make_server_context(options);
}

RelayService::RelayService(Settings settings, RelayOptions options)
    : settings_(std::move(settings)), options_(std::move(options)) {
  routes_.store(std::make_shared<const relay::Routes>(routes_of(settings_)));
}

RelayService::~RelayService() = default;

void RelayService::emit(Severity severity, std::string name,
                        std::vector<std::pair<std::string, std::string>> fields) {
  events_.emit({severity, std::move(name), std::move(fields)});
}

Result<std::string> RelayService::route(const smtp::Recipient& recipient) const {
  TRY(relay::NextHop hop, routes_.load()->next_hop(recipient));
  return hop.key();
}

Result<> RelayService::open_store() {
  std::filesystem::path path = store_path(settings_);
  if (path.has_parent_path() && !std::filesystem::exists(path.parent_path())) {
    return fail(Code::config_invalid,
                fmt::format("store: the directory {} does not exist; create it, owned by the user "
                            "that Pawl runs as",
                            path.parent_path().string()));
  }
  store::SqliteOptions options;
  options.path = path.string();
  options.events = &events_;
  TRY(store_, store::SqliteStore::open(options));
  return {};
}

Result<> RelayService::open_listeners() {
  for (std::size_t i = 0; i < settings_.listeners.size(); ++i) {
    const ListenSettings& wanted = settings_.listeners[i];
    Endpoint at = wanted.address;
    net::ListenOptions options;
    options.events = &events_;
    if (i < options_.adopted.size()) {
      TRY(auto listener, net::adopt_listener(options_.adopted[i], options));
      listening_.push_back(listener->local().text());
      opened_.push_back({std::move(listener), listener_options(wanted), 0});
      continue;
    }
    // Sharing a port among our loops would also share it, silently, with another relay that runs
    // already.
    if (auto free = net::check_port_is_free(at); !free) {
      return fail(free.error().code,
                  fmt::format("listen on {}: {}", at.text(), free.error().detail));
    }
    options.reuse_port = true;
    for (std::size_t loop = 0; loop < loops_->size(); ++loop) {
      auto listener = net::listen(at, options);
      if (!listener) {
        return fail(listener.error().code,
                    fmt::format("listen on {}: {}", at.text(), listener.error().detail));
      }
      at = (*listener)->local();  // port 0 is the same port on every loop
      opened_.push_back({*std::move(listener), listener_options(wanted), loop});
    }
    listening_.push_back(at.text());
  }
  return {};
}

Result<> RelayService::open_metrics() {
  if (!settings_.metrics_listen) return {};
  auto listener = net::listen(*settings_.metrics_listen);
  if (!listener) {
    return fail(listener.error().code, fmt::format("metrics.listen: {}", listener.error().detail));
  }
  metrics_listener_ = *std::move(listener);
  return {};
}

relay::SchedulerSettings RelayService::scheduler_settings(const Settings& settings) const {
  relay::SchedulerSettings scheduler;
  scheduler.retry = settings.retry;
  std::size_t loops = loops_->size();
  scheduler.limits.deliveries = std::max<std::size_t>(1, settings.limits.deliveries / loops);
  scheduler.limits.recording = std::max<std::size_t>(1, scheduler.limits.recording / loops);
  scheduler.limits.per_destination =
      std::max<std::size_t>(1, settings.limits.connections_per_destination / loops);
  scheduler.notices.reporting_mta = settings.hostname;
  scheduler.notices.contact = settings.postmaster;
  scheduler.notices.next_hop = [this](const dns::Name& domain) {
    smtp::Recipient recipient;
    recipient.domain = domain;
    return route(recipient).value_or("");
  };
  return scheduler;
}

void RelayService::accepted(store::QueuedMessage message) {
  net::Loop* here = &net::Loop::current();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (&loops_->at(i) == here) return workers_[i].scheduler->accept(std::move(message));
  }
  store_->queue().release(message.id);
}

Result<> RelayService::start_incoming() {
  relay::InboundOptions options;
  options.server.hostname = settings_.hostname;
  options.server.normalize = settings_.line_endings == LineEndings::normalize;
  options.server.max_size = settings_.limits.message_size;
  options.server.max_recipients = settings_.limits.recipients;
  options.server.require_tls = true;
  options.sessions.total = settings_.limits.sessions;
  options.sessions.per_client = settings_.limits.sessions_per_client;
  if (!settings_.users_file.empty()) {
    TRY(relay::Users users, relay::Users::load(settings_.users_file));
    authenticator_ = std::make_unique<relay::Authenticator>(std::move(users), clock_);
  }
  TRY(auto certificates, server_certificates(settings_));
  relay::InboundNeeds needs{
      .queue = store_->queue(),
      .clock = clock_,
      .events = events_,
      .authenticator = authenticator_.get(),
      .route = [this](const smtp::Recipient& recipient) { return route(recipient); },
      .accepted = [this](store::QueuedMessage message) { accepted(std::move(message)); }};
  inbound_ = std::make_unique<relay::Inbound>(options, std::move(needs));
  inbound_->set_certificates(std::move(certificates));
  inbound_->set_rules({settings_.client_networks});
  return {};
}

void RelayService::start_workers() {
  workers_.resize(loops_->size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    worker.outbound = delivery_->make_outbound();
    relay::SchedulerSettings settings = scheduler_settings(settings_);
    settings.seed = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()) + i;
    relay::SchedulerServices services;
    services.loop = &loops_->at(i);
    services.queue = &store_->queue();
    services.deliverer = worker.outbound.get();
    services.clock = &clock_;
    services.events = &events_;
    services.observer = delivery_events_.get();
    worker.scheduler = std::make_unique<relay::Scheduler>(std::move(settings), services);
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    loops_->at(i).spawn(workers_[i].scheduler->run());
  }
  for (Opened& opened : opened_) {
    loops_->at(opened.loop).spawn(inbound_->serve(std::move(opened.listener), opened.options));
  }
  opened_.clear();
}

Result<> RelayService::start() {
  TRY_VOID(log_.configure(settings_.log_format, settings_.log_level, settings_.log_file));
  TRY_VOID(open_store());
  DeliveryParts parts{.policies = store_->policy_cache(),
                      .queue = &store_->queue(),
                      .events = events_,
                      .clock = clock_,
                      .dial_map = options_.dial_map.empty() ? nullptr : &options_.dial_map};
  TRY(delivery_, DeliverySide::make(settings_, parts));
  relay::AlertOptions alerts{.hostname = settings_.hostname,
                             .postmaster = settings_.postmaster,
                             .mail = settings_.alert_mail,
                             .interval = settings_.alert_interval,
                             .memory_file = store_path(settings_) + ".alerts"};
  alerts_ = std::make_unique<relay::Alerts>(
      alerts, store_->queue(), events_, clock_,
      [this](const smtp::Recipient& recipient) { return route(recipient); });
  delivery_events_ = std::make_unique<relay::DeliveryEvents>(events_, clock_, alerts_.get());
  std::size_t threads = settings_.threads != 0 ? settings_.threads
                                               : std::max(1U, std::thread::hardware_concurrency());
  loops_ = std::make_unique<net::LoopGroup>(threads);
  TRY_VOID(start_incoming());
  TRY_VOID(open_listeners());
  TRY_VOID(open_metrics());
  start_workers();

  net::Loop& first = loops_->at(0);
  first.spawn(watch_signals(this));
  // Who is told "ready" may send SIGHUP at once: before this it would end the process.
  watching_.get_future().wait();
  first.spawn(delivery_->discovery().keep_fresh(stop_refreshing_));
  first.spawn(test_dns(this));
  if (metrics_listener_) {
    listening_.push_back(metrics_listener_->local().text() + " (metrics)");
    first.spawn(serve_metrics(std::move(metrics_listener_), metrics_,
                              [this] { return fill_gauges(this); }));
  }
  if (auto interval = watchdog_interval()) {
    first.spawn(
        feed_watchdog(this, std::chrono::duration_cast<std::chrono::milliseconds>(*interval / 2)));
  }
  metrics_.set("pawl_start_time_seconds",
               static_cast<double>(clock_.now().time_since_epoch().count()) / 1000.0);
  emit(Severity::notice, "relay.ready",
       {{"listeners", join(listening_, " ")},
        {"threads", fmt::format("{}", threads)},
        {"store", settings_.store},
        {"version", std::string(kVersion)}});
  service_notify(fmt::format("READY=1\nSTATUS=Taking mail on {}", join(listening_, " ")));
  return {};
}

void RelayService::wait() {
  stopped_.get_future().wait();
  loops_->stop();
  loops_->join();
  emit(Severity::notice, "relay.stopped");
}

}  // namespace pawl::app
