// `pawl relay`, put together: listeners, queue, schedulers, deliverers, alerts, metrics, signals.
// The composition root; what it is made of knows nothing of it.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "app/delivery_side.h"
#include "app/log_sink.h"
#include "net/loop_group.h"
#include "net/process_signals.h"
#include "relay/authenticator.h"
#include "relay/delivery_events.h"
#include "relay/inbound.h"
#include "relay/metrics.h"
#include "store/sqlite_store.h"

namespace pawl::app {

struct RelayOptions {
  std::optional<std::string> config_file;  // read again on SIGHUP
  net::DialMap dial_map;                   // test only
  std::vector<int> adopted;                // listening sockets given by systemd, by [[listen]]
};

class RelayService {
 public:
  RelayService(Settings settings, RelayOptions options);
  ~RelayService();

  // Listens and delivers when it returns. Errors name the setting or the address.
  Result<> start();
  // Until SIGTERM or SIGINT has been obeyed. SIGHUP reloads.
  void wait();
  // Addresses it listens on, the real port where 0 was asked.
  const std::vector<std::string>& listening() const { return listening_; }
  // What SIGHUP does: all of the new configuration, or nothing of it. Any thread but a loop's.
  Result<> reload();

 private:
  struct Worker {
    std::unique_ptr<relay::Outbound> outbound;
    std::unique_ptr<relay::Scheduler> scheduler;
  };

  Result<> open_store();
  Result<> open_listeners();
  Result<> open_metrics();
  Result<> start_incoming();
  void start_workers();
  relay::SchedulerSettings scheduler_settings(const Settings& settings) const;
  void accepted(store::QueuedMessage message);
  Result<std::string> route(const smtp::Recipient& recipient) const;
  void emit(Severity severity, std::string name,
            std::vector<std::pair<std::string, std::string>> fields = {});
  void tell_what_needs_a_restart(const Settings& fresh);

  static net::Task<> watch_signals(RelayService* self);
  static net::Task<> stop_all(RelayService* self);
  static net::Task<> stop_worker(Worker* worker, MonoTime deadline, net::Completion<bool> done);
  static net::Task<> fill_gauges(RelayService* self);
  static net::Task<> test_dns(RelayService* self);
  static net::Task<> feed_watchdog(RelayService* self, std::chrono::milliseconds every);

  net::SystemClock clock_;
  LogSink log_{clock_};
  relay::Metrics metrics_;
  EventHub events_{{&log_, &metrics_}};
  Settings settings_;
  RelayOptions options_;
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<DeliverySide> delivery_;
  std::atomic<std::shared_ptr<const relay::Routes>> routes_;
  std::unique_ptr<relay::Alerts> alerts_;
  std::unique_ptr<relay::DeliveryEvents> delivery_events_;
  std::unique_ptr<relay::Authenticator> authenticator_;
  std::unique_ptr<relay::Inbound> inbound_;
  struct Opened {
    std::unique_ptr<net::Listener> listener;
    relay::ListenerOptions options;
    std::size_t loop = 0;
  };
  std::vector<Opened> opened_;  // until they are served
  std::unique_ptr<net::Listener> metrics_listener_;
  std::vector<std::string> listening_;  // for the log
  std::vector<Worker> workers_;         // one per loop
  net::Signal stop_refreshing_;
  std::promise<void> watching_;  // signals reach us from here on
  std::promise<void> stopped_;
  std::atomic<bool> stopped_set_{false};
  // Last: its end destroys what still waits on the loops, and that refers to everything above.
  std::unique_ptr<net::LoopGroup> loops_;
};

}  // namespace pawl::app
