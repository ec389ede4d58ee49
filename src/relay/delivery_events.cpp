#include "relay/delivery_events.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::relay {

namespace {

std::string seconds(std::chrono::milliseconds duration) {
  return fmt::format("{:.3f}", static_cast<double>(duration.count()) / 1000.0);
}

std::string address_of(const DeliveryJob& job, std::int32_t index) {
  for (const store::QueuedRecipient& queued : job.message.recipients) {
    if (queued.index == index) return printable(queued.recipient.address);
  }
  return "";
}

}  // namespace

Event delivery_event(const DeliveryJob& job, const DeliveryResult& result,
                     const RecipientOutcome& outcome, WallTime now) {
  const Attempt* attempt = deciding_attempt(result, outcome);
  Event event{.severity = Severity::info,
              .name = "delivery.delivered",
              .fields = {{"queue_id", store::queue_id(job.message.id)},
                         {"to", address_of(job, outcome.index)},
                         {"next_hop", job.next_hop.key()},
                         {"host", attempt != nullptr ? attempt->host.text() : ""}}};
  auto add = [&](std::string key, std::string value) {
    event.fields.emplace_back(std::move(key), std::move(value));
  };
  std::string promised(attempt != nullptr ? name(attempt->promised) : "none");
  if (outcome.state == RecipientOutcome::State::delivered) {
    if (attempt != nullptr) {
      add("address", attempt->address ? attempt->address->text() : "");
      add("protection", std::string(name(attempt->reached)));
      add("promised", promised);
      add("tls", attempt->tls && !attempt->in_clear ? attempt->tls->sentence() : "");
      add("in_clear", attempt->in_clear ? "yes" : "no");
      add("seconds", seconds(attempt->duration));
    }
    add("delay", seconds(now - job.message.arrived));
    add("reply", printable(outcome.reply));
    return event;
  }
  bool failed = outcome.state == RecipientOutcome::State::failed;
  event.severity = failed ? Severity::warning : Severity::notice;
  event.name = failed ? "delivery.failed" : "delivery.deferred";
  add("status", outcome.status);
  add("promised", promised);
  add("attempt", fmt::format("{}", job.attempt));
  add("reason", failure_text(result, outcome).line());
  return event;
}

void DeliveryEvents::attempted(const DeliveryJob& job, const DeliveryResult& result,
                               const Settlement& settlement) {
  for (const RecipientOutcome& outcome : settlement.outcomes) {
    events_.emit(delivery_event(job, result, outcome, clock_.now()));
  }
  if (alerts_ != nullptr) alerts_->consider(job, result);
}

void DeliveryEvents::double_bounce(const store::QueuedMessage& message, const Notice& notice) {
  events_.emit({.severity = Severity::warning,
                .name = "delivery.double_bounce",
                .fields = {{"queue_id", store::queue_id(message.id)},
                           {"to", printable(notice.recipient.recipient.address)},
                           {"origin", message.origin},
                           {"status", notice.outcome.status},
                           {"reason", notice.outcome.error ? notice.outcome.error->sentence()
                                                           : notice.outcome.reply}}});
}

}  // namespace pawl::relay
