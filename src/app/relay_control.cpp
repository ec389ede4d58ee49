// What runs beside the mail in `pawl relay`: signals, stopping, reloading, gauges, self-tests.
#include <fmt/format.h>

#include <csignal>

#include "app/composition.h"
#include "app/relay_service.h"
#include "app/service_notify.h"
#include "app/settings_table.h"
#include "base/text.h"
#include "resolver/self_test.h"

namespace pawl::app {

Result<std::shared_ptr<tls::ServerContext>> server_certificates(const Settings& settings);

namespace {
// What is under way gets this long: systemd's own patience (90 s) is longer.
constexpr auto kStopTime = std::chrono::seconds(30);
constexpr auto kDnsTestEvery = std::chrono::hours(1);
}  // namespace

net::Task<> RelayService::watch_signals(RelayService* self) {
  net::ProcessSignals signals(net::Loop::current(), {SIGTERM, SIGINT, SIGHUP});
  self->watching_.set_value();
  bool stopping = false;
  for (;;) {
    CO_TRY(int signal, co_await signals.wait());
    if (signal == SIGHUP) {
      // Small files, read where we stand: the other loops go on, and this one soon does.
      if (!stopping) [[maybe_unused]]
        auto reloaded = self->reload();
      continue;
    }
    // The second signal means: now.
    if (stopping) {
      if (!self->stopped_set_.exchange(true)) self->stopped_.set_value();
      co_return Result<>();
    }
    stopping = true;
    service_notify("STOPPING=1");
    self->emit(Severity::notice, "relay.stopping",
               {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
    net::Loop::current().spawn(stop_all(self));
  }
}

net::Task<> RelayService::stop_worker(Worker* worker, MonoTime deadline,
                                      net::Completion<bool> done) {
  auto stopped = co_await worker->scheduler->stop(deadline);
  worker->outbound->close_idle();
  done.complete(true);
  co_return stopped;
}

net::Task<> RelayService::stop_all(RelayService* self) {
  MonoTime deadline = self->clock_.monotonic() + kStopTime;
  self->inbound_->stop();
  self->stop_refreshing_.notify();
  // Sessions end first: what they bring in goes to the schedulers.
  while (self->inbound_->sessions() > 0 && self->clock_.monotonic() < deadline) {
    CO_TRY_VOID(co_await net::sleep_for(std::chrono::milliseconds(20)));
  }
  std::vector<net::Completion<bool>> done(self->workers_.size());
  for (std::size_t i = 0; i < done.size(); ++i) {
    self->loops_->at(i).spawn(stop_worker(&self->workers_[i], deadline, done[i]));
  }
  for (net::Completion<bool>& one : done) CO_TRY_VOID(co_await one.wait());
  if (!self->stopped_set_.exchange(true)) self->stopped_.set_value();
  co_return Result<>();
}

Result<> RelayService::reload() {
  if (!options_.config_file) return {};
  service_notify(fmt::format(
      "RELOADING=1\nMONOTONIC_USEC={}",
      std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic().time_since_epoch())
          .count()));
  auto refused = [this](const Error& error) -> Result<> {
    emit(Severity::error, "relay.reload_failed",
         {{"error", error.detail.empty() ? error.sentence() : error.detail}});
    service_notify("READY=1\nSTATUS=The new configuration is wrong; the old one stays in force");
    return fail(error);
  };
  // Everything that can fail comes first: all of the new configuration, or nothing of it.
  auto fresh = load_settings(*options_.config_file);
  if (!fresh) return refused(fresh.error());
  auto certificates = server_certificates(*fresh);
  if (!certificates) return refused(certificates.error());
  std::optional<relay::Users> users;
  if (authenticator_ && !fresh->users_file.empty()) {
    auto loaded = relay::Users::load(fresh->users_file);
    if (!loaded) return refused(loaded.error());
    users = *std::move(loaded);
  }
  auto logins = logins_of(*fresh);
  if (!logins) return refused(logins.error());
  auto logged = log_.configure(fresh->log_format, fresh->log_level, fresh->log_file);
  if (!logged) return refused(logged.error());

  tell_what_needs_a_restart(*fresh);
  inbound_->set_certificates(*std::move(certificates));
  inbound_->set_rules({fresh->client_networks});
  if (users) authenticator_->set_users(*std::move(users));
  routes_.store(std::make_shared<const relay::Routes>(routes_of(*fresh)));
  delivery_->set_logins(*std::move(logins));
  delivery_->set_rules(policy_rules(*fresh));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    loops_->at(i).post([scheduler = workers_[i].scheduler.get(),
                        settings = scheduler_settings(*fresh)] { scheduler->change(settings); });
  }
  emit(Severity::notice, "relay.reloaded", {{"file", *options_.config_file}});
  service_notify(fmt::format("READY=1\nSTATUS=Taking mail on {}", join(listening_, " ")));
  return {};
}

void RelayService::tell_what_needs_a_restart(const Settings& fresh) {
  for (const Setting& setting : settings_table()) {
    if (reloads(setting)) continue;
    auto all = [&](const Settings& settings) {
      std::string text;
      std::size_t count = 1;
      for (const Section& section : sections()) {
        if (section.name == setting.section && section.repeats) count = section.count(settings);
      }
      for (std::size_t i = 0; i < count; ++i) text += setting.show(settings, i) + "\n";
      return text;
    };
    if (all(settings_) == all(fresh)) continue;
    emit(Severity::warning, "relay.setting_needs_restart",
         {{"setting", setting.section.empty()
                          ? std::string(setting.key)
                          : fmt::format("{}.{}", setting.section, setting.key)}});
  }
}

net::Task<> RelayService::fill_gauges(RelayService* self) {
  CO_TRY(store::Totals totals, co_await self->store_->queue().totals());
  self->metrics_.set("pawl_queue_messages", static_cast<double>(totals.messages));
  self->metrics_.set("pawl_queue_recipients", static_cast<double>(totals.recipients));
  self->metrics_.set("pawl_queue_deferred", static_cast<double>(totals.deferred));
  self->metrics_.set("pawl_queue_held", static_cast<double>(totals.held));
  double age = totals.oldest
                   ? static_cast<double>((self->clock_.now() - *totals.oldest).count()) / 1000.0
                   : 0;
  self->metrics_.set("pawl_queue_oldest_seconds", age);
  self->metrics_.set("pawl_sessions", static_cast<double>(self->inbound_->sessions()));
  co_return Result<>();
}

net::Task<> RelayService::test_dns(RelayService* self) {
  for (;;) {
    auto findings =
        co_await resolver::self_test(self->delivery_->resolver(), self->settings_.dns, {});
    if (findings) {
      for (const resolver::Finding& finding : *findings) {
        self->emit(
            finding.severity, "dns.finding",
            {{"check", finding.check}, {"finding", finding.sentence}, {"remedy", finding.remedy}});
      }
    }
    CO_TRY_VOID(co_await net::sleep_for(kDnsTestEvery));
  }
}

// Alive is who answers on every loop: a loop that hangs lets systemd restart the relay.
net::Task<> RelayService::feed_watchdog(RelayService* self, std::chrono::milliseconds every) {
  for (;;) {
    for (std::size_t i = 0; i < self->loops_->size(); ++i) {
      net::Completion<bool> pong;
      self->loops_->at(i).post([pong]() mutable { pong.complete(true); });
      CO_TRY_VOID(co_await pong.wait());
    }
    service_notify("WATCHDOG=1");
    CO_TRY_VOID(co_await net::sleep_for(every));
  }
}

}  // namespace pawl::app
