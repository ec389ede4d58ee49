#include "relay/job_outcomes.h"

#include <algorithm>

namespace pawl::relay {

namespace {

using State = RecipientOutcome::State;

// Another host of the domain may be able to.
bool next_host_may_differ(const Error& error) {
  return row(error.code).retry != Retry::permanent || error.code == Code::requiretls_missing;
}

void write(RecipientOutcome& outcome, State state, const Error& error, std::string_view status,
           const std::string& reply, const dns::Name& host) {
  outcome.state = state;
  outcome.status = status_for(state, status.empty() ? row(error.code).enhanced_status : status);
  outcome.error = error;
  outcome.reply = reply;
  outcome.remote_host = host;
}

}  // namespace

std::string status_for(State state, std::string_view status) {
  std::string text(status);
  if (text.empty()) text = "0.0.0";
  text[0] = state == State::delivered ? '2' : state == State::deferred ? '4' : '5';
  return text;
}

JobOutcomes::JobOutcomes(const store::QueuedMessage& message) {
  entries_.resize(message.recipients.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    RecipientOutcome& outcome = entries_[i].outcome;
    outcome.index = message.recipients[i].index;
    outcome.status = "4.4.0";
  }
}

std::vector<std::size_t> JobOutcomes::open() const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].settled) places.push_back(i);
  }
  return places;
}

bool JobOutcomes::all_settled() const {
  return std::ranges::all_of(entries_, &Entry::settled);
}

void JobOutcomes::answered(const std::vector<std::size_t>& places,
                           const smtp::TransactionResult& result, const dns::Name& host) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    Entry& entry = entries_[places[i]];
    const smtp::RecipientResult& answer = result.recipients[i];
    if (!answer.error) {
      entry.settled = true;
      entry.outcome.state = State::delivered;
      entry.outcome.status = status_for(State::delivered, answer.status);
      entry.outcome.error.reset();
      entry.outcome.notify_passed_on = result.dsn_passed_on;
      entry.outcome.reply = answer.reply;
      entry.outcome.remote_host = host;
      continue;
    }
    // One host without REQUIRETLS says nothing about another that was merely down.
    if (answer.error->code == Code::requiretls_missing && entry.outcome.error) continue;
    bool permanent = row(answer.error->code).retry == Retry::permanent;
    write(entry.outcome, permanent ? State::failed : State::deferred, *answer.error, answer.status,
          answer.reply, host);
    entry.from_reply = !answer.reply.empty();
    // rfc5321#4.5.3.2.6: in doubt the message waits rather than arrive twice at once.
    entry.settled = !next_host_may_differ(*answer.error) || result.in_doubt;
  }
}

void JobOutcomes::not_used(const Error& error, const std::string& reply, const dns::Name& host) {
  for (Entry& entry : entries_) {
    if (entry.settled || entry.from_reply) continue;
    // A promise that was not kept explains more than a later host that was merely down.
    bool policy_stands = entry.outcome.error &&
                         row(entry.outcome.error->code).retry == Retry::policy &&
                         row(error.code).retry != Retry::policy;
    if (policy_stands) continue;
    write(entry.outcome, State::deferred, error, {}, reply, host);
  }
}

void JobOutcomes::settle_all(const Error& error) {
  State state = row(error.code).retry == Retry::permanent ? State::failed : State::deferred;
  for (Entry& entry : entries_) {
    if (entry.settled) continue;
    write(entry.outcome, state, error, {}, {}, dns::Name());
    entry.settled = true;
  }
}

std::vector<RecipientOutcome> JobOutcomes::take() {
  std::vector<RecipientOutcome> outcomes;
  outcomes.reserve(entries_.size());
  for (Entry& entry : entries_) outcomes.push_back(std::move(entry.outcome));
  return outcomes;
}

}  // namespace pawl::relay
