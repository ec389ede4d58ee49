// What the scheduler saw, told: each recipient's outcome is an event (log line and metric are views
// of it), and each broken promise goes to Alerts. One instance for all loops.
#pragma once

#include "relay/alerts.h"
#include "relay/scheduler.h"

namespace pawl::relay {

class DeliveryEvents : public DeliveryObserver {
 public:
  // All outlive it; `alerts` may be null.
  DeliveryEvents(EventSink& events, const Clock& clock, Alerts* alerts)
      : events_(events), clock_(clock), alerts_(alerts) {}
  void attempted(const DeliveryJob& job, const DeliveryResult& result,
                 const Settlement& settlement) override;
  void double_bounce(const store::QueuedMessage& message, const Notice& notice) override;

 private:
  EventSink& events_;
  const Clock& clock_;
  Alerts* alerts_;
};

// The event of one recipient's outcome.
Event delivery_event(const DeliveryJob& job, const DeliveryResult& result,
                     const RecipientOutcome& outcome, WallTime now);

}  // namespace pawl::relay
