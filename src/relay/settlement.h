// What an attempt means for the queue: who is done, who is tried again and when, who is told. Pure.
//
// A failure of transport policy never fails a recipient before the queue lifetime ends, whatever
// the other side answered: a 5xx to STARTTLS may be the attacker's, and an early bounce is lost
// mail (DESIGN section 3).
#pragma once

#include <vector>

#include "relay/delivery.h"
#include "relay/retry_schedule.h"
#include "smtp/dsn.h"

namespace pawl::relay {

// One recipient that a DSN speaks about.
struct Notice {
  store::QueuedRecipient recipient;
  RecipientOutcome outcome;
  smtp::DsnAction action = smtp::DsnAction::failed;
  std::optional<WallTime> retry_until;  // delayed only
};

struct Settlement {
  store::Update update;         // without DSNs
  std::vector<Notice> notices;  // only those that somebody wants
  // The recipients that ended in failure though nobody can be told: the sender is null.
  std::vector<Notice> double_bounces;
  // What was decided for each outcome, by index: a deferral past the lifetime has become a failure.
  std::vector<RecipientOutcome> outcomes;
  // Nobody of the destination could be reached: others need not try at once.
  const Error* unreachable = nullptr;  // points into `outcomes`
};

Settlement settle(const store::QueuedMessage& message, const DeliveryResult& result,
                  const RetrySchedule& schedule, WallTime now, double jitter);

}  // namespace pawl::relay
