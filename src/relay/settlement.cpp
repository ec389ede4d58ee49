#include "relay/settlement.h"

#include <algorithm>

#include "relay/failure_text.h"

namespace pawl::relay {

namespace {

using State = RecipientOutcome::State;

bool is_unreachable(Code code) {
  switch (code) {
    case Code::connect_refused:
    case Code::connect_unreachable:
    case Code::timeout:
    case Code::connection_lost:
    case Code::connection_reset:
    case Code::dns_timeout:
    case Code::dns_servfail:
      return true;
    default:
      return false;
  }
}

std::string sentence(const RecipientOutcome& outcome) {
  if (!outcome.reply.empty()) return outcome.reply;
  return outcome.error ? outcome.error->sentence() : std::string();
}

// A recipient the deliverer said nothing about is tried again: silence is never a delivery.
RecipientOutcome outcome_for(const DeliveryResult& result, std::int32_t index) {
  auto found = std::ranges::find(result.outcomes, index, &RecipientOutcome::index);
  if (found != result.outcomes.end()) return *found;
  RecipientOutcome silent;
  silent.index = index;
  silent.status = "4.3.0";
  silent.error = Error(Code::internal, "the attempt ended without an outcome for this recipient");
  return silent;
}

// The end of the queue lifetime turns a deferral into a failure that still names its cause.
void give_up(RecipientOutcome& outcome) {
  outcome.state = State::failed;
  std::string cause = sentence(outcome);
  Code code = outcome.error ? outcome.error->code : Code::queue_lifetime;
  // A policy reason keeps its own code, so that the text names promise and remedy; only its status
  // becomes permanent (rfc3463#2: 4.X.X would promise another attempt).
  if (!outcome.status.empty() && outcome.status[0] == '4') outcome.status[0] = '5';
  if (outcome.status.empty() || row(code).retry == Retry::temporary) {
    outcome.status = std::string(row(Code::queue_lifetime).enhanced_status);
  }
  if (row(code).retry == Retry::policy) return;
  outcome.error = Error(Code::queue_lifetime, std::move(cause));
}

}  // namespace

Settlement settle(const store::QueuedMessage& message, const DeliveryResult& result,
                  const RetrySchedule& schedule, WallTime now, double jitter) {
  Settlement s;
  s.update.id = message.id;
  bool null_sender = message.envelope.sender.empty();
  bool reached = false;
  for (const store::QueuedRecipient& r : message.recipients) {
    RecipientOutcome outcome = outcome_for(result, r.index);
    bool policy = outcome.error && row(outcome.error->code).retry == Retry::policy;
    if (outcome.state == State::failed && policy) outcome.state = State::deferred;
    if (outcome.state == State::deferred && schedule.expired(now, message.arrived)) {
      give_up(outcome);
    }
    reached = reached || outcome.state != State::deferred || !outcome.error ||
              !is_unreachable(outcome.error->code);
    auto wants = [&](smtp::DsnAction action) {
      return smtp::wants_dsn(r.recipient.notify, action);
    };
    switch (outcome.state) {
      case State::delivered:
        s.update.done.push_back(r.index);
        if (!null_sender && !outcome.notify_passed_on && wants(smtp::DsnAction::relayed)) {
          s.notices.push_back({r, outcome, smtp::DsnAction::relayed, {}});
        }
        break;
      case State::failed:
        s.update.done.push_back(r.index);
        if (null_sender) {
          s.double_bounces.push_back({r, outcome, smtp::DsnAction::failed, {}});
        } else if (wants(smtp::DsnAction::failed)) {
          s.notices.push_back({r, outcome, smtp::DsnAction::failed, {}});
        }
        break;
      case State::deferred: {
        bool warn = !null_sender && !r.delay_notified && schedule.warns(now, message.arrived) &&
                    wants(smtp::DsnAction::delayed);
        s.update.deferred.push_back(
            {.index = r.index,
             .next_attempt = schedule.next(r.attempts + 1, now, message.arrived, jitter),
             .status = outcome.status,
             .text = failure_text(result, outcome).line(),
             .delay_notified = warn});
        if (warn) {
          s.notices.push_back(
              {r, outcome, smtp::DsnAction::delayed, message.arrived + schedule.lifetime});
        }
        break;
      }
    }
    s.outcomes.push_back(std::move(outcome));
  }
  if (!reached && !s.outcomes.empty()) s.unreachable = &*s.outcomes.front().error;
  return s;
}

}  // namespace pawl::relay
