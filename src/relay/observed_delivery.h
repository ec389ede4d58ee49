// A Deliverer that tells: each recipient's outcome is an event (log line and metric are views of
// it), and each broken promise goes to Alerts. Wraps the one that delivers. One per loop.
#pragma once

#include "base/event.h"
#include "relay/alerts.h"
#include "relay/delivery.h"

namespace pawl::relay {

class ObservedDeliverer : public Deliverer {
 public:
  // All outlive it; `alerts` may be null.
  ObservedDeliverer(Deliverer& inner, EventSink& events, const Clock& clock, Alerts* alerts)
      : inner_(inner), events_(events), clock_(clock), alerts_(alerts) {}
  net::Task<DeliveryResult> deliver(DeliveryJob job) override;

 private:
  Deliverer& inner_;
  EventSink& events_;
  const Clock& clock_;
  Alerts* alerts_;
};

// The event of one recipient's outcome.
Event delivery_event(const DeliveryJob& job, const DeliveryResult& result,
                     const RecipientOutcome& outcome, WallTime now);

}  // namespace pawl::relay
