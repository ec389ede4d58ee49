#include "relay/alerts.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "net/loop.h"

namespace pawl::relay {

namespace {

bool broke_a_promise(const std::optional<Error>& error) {
  return error && row(error->code).retry == Retry::policy;
}

dns::Name domain_of(const DeliveryJob& job, std::int32_t index) {
  for (const store::QueuedRecipient& queued : job.message.recipients) {
    if (queued.index == index && !queued.recipient.domain.is_root()) {
      return queued.recipient.domain;
    }
  }
  return job.next_hop.domain;
}

// "Name: value" without a line end inside.
std::string header(std::string_view name, std::string_view value) {
  std::string line = fmt::format("{}: {}", name, value);
  std::erase_if(line, [](char c) { return c == '\r' || c == '\n'; });
  return line + "\r\n";
}

}  // namespace

std::optional<Alert> alert_of(const DeliveryJob& job, const DeliveryResult& result) {
  std::optional<Alert> alert;
  for (const RecipientOutcome& outcome : result.outcomes) {
    if (outcome.state == RecipientOutcome::State::delivered || !broke_a_promise(outcome.error)) {
      continue;
    }
    if (!alert) {
      alert.emplace();
      alert->domain = domain_of(job, outcome.index);
      alert->cause = outcome.error->code;
      alert->text = failure_text(result, outcome);
      alert->queue_id = store::queue_id(job.message.id);
    }
    ++alert->recipients;
  }
  return alert;
}

std::string alert_mail(const Alert& alert, const AlertOptions& options, WallTime now) {
  std::string domain = alert.domain.text();
  std::string cause(row(alert.cause).text);
  std::string text =
      header("From", fmt::format("Mail Delivery System <MAILER-DAEMON@{}>", options.hostname)) +
      header("To", fmt::format("<{}>", options.postmaster)) +
      header("Subject", fmt::format("Mail to {} is held: {}", domain, cause)) +
      header("Date", format_rfc5322(now)) +
      header("Message-ID", fmt::format("<alert.{}.{}.{}@{}>", alert.queue_id, row(alert.cause).name,
                                       now.time_since_epoch().count(), options.hostname)) +
      header("Auto-Submitted", "auto-generated") +
      // Mail about a broken promise must not wait for the same promise (rfc8689#3).
      header("TLS-Required", "No") + header("MIME-Version", "1.0") +
      header("Content-Type", "text/plain; charset=utf-8") +
      header("Content-Transfer-Encoding", "8bit") + "\r\n";
  std::string body = fmt::format(
      "Mail to {} is held back by {}, because what the destination promised was not kept.\n\n{}\n\n"
      "The message {} (and any other to this domain) stays in the queue and is tried again; "
      "nothing of it left in clear.\n\n"
      "  pawl queue show {}     what is held\n"
      "  pawl explain {}     what is demanded, and why\n\n"
      "You are told about this domain and cause once in {} hours; the log has every case "
      "(event alert.raised, cause {}).\n",
      domain, options.hostname, alert.text.paragraphs(), alert.queue_id, alert.queue_id, domain,
      std::chrono::duration_cast<std::chrono::hours>(options.interval).count(),
      row(alert.cause).name);
  for (char c : body) {
    if (c == '\n') text += '\r';
    text += c;
  }
  return text;
}

Alerts::Alerts(AlertOptions options, store::Queue& queue, EventSink& events, const Clock& clock,
               std::function<Result<std::string>(const smtp::Recipient&)> route)
    : options_(std::move(options)),
      queue_(queue),
      events_(events),
      clock_(clock),
      route_(std::move(route)),
      memory_(options_.interval) {
  if (options_.memory_file.empty()) return;
  std::ifstream stream(options_.memory_file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  memory_.read(text);
}

void Alerts::consider(const DeliveryJob& job, const DeliveryResult& result) {
  for (const Attempt& attempt : result.attempts) {
    if (!broke_a_promise(attempt.failure)) continue;
    events_.emit({.severity = Severity::warning,
                  .name = "promise.broken",
                  .fields = {{"queue_id", store::queue_id(job.message.id)},
                             {"next_hop", job.next_hop.key()},
                             {"host", attempt.host.text()},
                             {"address", attempt.address ? attempt.address->text() : ""},
                             {"cause", std::string(row(attempt.failure->code).name)},
                             {"promised", std::string(name(attempt.promised))},
                             {"enforced", attempt.observed_only ? "no" : "yes"},
                             {"observation", attempt.failure->sentence()}}});
  }
  std::optional<Alert> alert = alert_of(job, result);
  if (!alert) return;
  std::string domain = alert->domain.text();
  std::string cause(row(alert->cause).name);
  events_.emit({.severity = Severity::alert,
                .name = "alert.raised",
                .fields = {{"domain", domain},
                           {"cause", cause},
                           {"host", alert->text.host},
                           {"promise", alert->text.promise},
                           {"observation", alert->text.observation},
                           {"remedy", alert->text.remedy},
                           {"queue_id", alert->queue_id}}});
  // Not about a mail to the postmaster that is held itself: that would never end.
  bool own = job.message.origin.starts_with("alert");
  if (!options_.mail || own) return;
  {
    std::lock_guard lock(mutex_);
    if (!memory_.tell(domain, cause, clock_.now())) return;
    save();
  }
  net::Loop::current().spawn(send(this, *std::move(alert)));
}

// A small file, once per domain and cause and day: written where we stand, and not synced, for a
// power loss costs a mail too many at most.
void Alerts::save() {
  if (options_.memory_file.empty()) return;
  std::string fresh = options_.memory_file + ".new";
  std::ofstream stream(fresh, std::ios::binary | std::ios::trunc);
  stream << memory_.text();
  stream.close();
  if (stream) std::rename(fresh.c_str(), options_.memory_file.c_str());
}

net::Task<> Alerts::send(Alerts* self, Alert alert) {
  store::NewMessage message;
  message.arrived = self->clock_.now();
  message.content = alert_mail(alert, self->options_, message.arrived);
  message.size = message.content.size();
  message.eight_bit = true;
  message.envelope.eight_bit = true;
  message.tls_required_no = true;
  message.origin = "alert " + alert.queue_id;
  smtp::Recipient postmaster;
  postmaster.address = self->options_.postmaster;
  postmaster.notify = smtp::Notify{.never = true};
  std::size_t at = postmaster.address.rfind('@');
  auto domain = dns::Name::parse(std::string_view(postmaster.address).substr(at + 1));
  if (domain) postmaster.domain = *domain;
  message.envelope.recipients.push_back(postmaster);

  std::optional<Error> error;
  store::MessageId id = 0;
  auto hop = self->route_(postmaster);
  if (!hop) {
    error = std::move(hop).error();
  } else {
    std::vector<std::string> hops;
    hops.push_back(*hop);
    auto queued = co_await self->queue_.commit(std::move(message), std::move(hops));
    if (queued) {
      id = queued->id;
      self->queue_.release(id);  // the scheduler finds it when it next looks for due mail
    } else {
      error = std::move(queued).error();
    }
  }
  std::string cause(row(alert.cause).name);
  if (error) {
    self->events_.emit(
        {.severity = Severity::error,
         .name = "alert.unmailed",
         .fields = {
             {"domain", alert.domain.text()}, {"cause", cause}, {"error", error->sentence()}}});
  } else {
    self->events_.emit({.severity = Severity::notice,
                        .name = "alert.mailed",
                        .fields = {{"domain", alert.domain.text()},
                                   {"cause", cause},
                                   {"queue_id", store::queue_id(id)}}});
  }
  co_return Result<>();
}

}  // namespace pawl::relay
