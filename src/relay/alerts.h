// What is broken is told: every promise that a destination did not keep is an event, and where mail
// is held back for it, an alert: typed event, log line, metric (views of the event), and one mail
// to the postmaster per domain and cause within an interval, through the queue.
//
// One instance for all loops; consider() may be called on any of them.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "base/event.h"
#include "relay/alert_memory.h"
#include "relay/delivery.h"
#include "relay/failure_text.h"
#include "store/queue.h"

namespace pawl::relay {

struct AlertOptions {
  std::string hostname;
  std::string postmaster;
  bool mail = true;
  Seconds interval = std::chrono::days(1);
  std::string memory_file;  // what was told survives a restart here; empty: it does not
};

struct Alert {
  dns::Name domain;  // of the recipients
  Code cause = Code::internal;
  FailureText text;
  std::string queue_id;  // of the first message that is held
  std::size_t recipients = 0;
};

// The alert that a result calls for: recipients that were not delivered for the sake of a promise.
std::optional<Alert> alert_of(const DeliveryJob& job, const DeliveryResult& result);
// The mail to the postmaster, CRLF.
std::string alert_mail(const Alert& alert, const AlertOptions& options, WallTime now);

class Alerts {
 public:
  // `route` gives the next hop of the postmaster's address. All of them outlive it.
  Alerts(AlertOptions options, store::Queue& queue, EventSink& events, const Clock& clock,
         std::function<Result<std::string>(const smtp::Recipient&)> route);

  void consider(const DeliveryJob& job, const DeliveryResult& result);

 private:
  static net::Task<> send(Alerts* self, Alert alert);
  void save();

  AlertOptions options_;
  store::Queue& queue_;
  EventSink& events_;
  const Clock& clock_;
  std::function<Result<std::string>(const smtp::Recipient&)> route_;
  std::mutex mutex_;
  AlertMemory memory_;
};

}  // namespace pawl::relay
