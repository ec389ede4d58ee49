#include "app/send_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "relay/failure_text.h"

namespace pawl::app {

namespace {

std::string address_of(const relay::DeliveryJob& job, std::int32_t index) {
  for (const store::QueuedRecipient& queued : job.message.recipients) {
    if (queued.index == index) return printable(queued.recipient.address);
  }
  return "";
}

std::string promised_by(const relay::Attempt& attempt) {
  std::string names;
  for (policy::Source source : attempt.promised_by) {
    names += (names.empty() ? "" : ", ") + std::string(name(source));
  }
  return names.empty() ? "nothing was promised" : "promised by " + names;
}

std::string indented(std::string_view text) {
  std::string out;
  for (std::string_view line : split(text, '\n')) {
    if (!line.empty()) out += fmt::format("  {}\n", line);
  }
  return out;
}

}  // namespace

std::string send_line(const relay::DeliveryJob& job, const relay::DeliveryResult& result,
                      const relay::RecipientOutcome& outcome) {
  std::string to = address_of(job, outcome.index);
  if (outcome.state != relay::RecipientOutcome::State::delivered) {
    bool later = outcome.state == relay::RecipientOutcome::State::deferred;
    return fmt::format("{}: not delivered ({}; {})\n{}", to, outcome.status,
                       later ? "may be tried again" : "will not work",
                       indented(relay::failure_text(result, outcome).paragraphs()));
  }
  const relay::Attempt* attempt = relay::deciding_attempt(result, outcome);
  if (attempt == nullptr) return fmt::format("{}: delivered\n", to);
  std::string how = attempt->in_clear ? "IN CLEAR"
                    : attempt->tls    ? attempt->tls->sentence()
                                      : std::string(name(attempt->reached));
  return fmt::format("{}: delivered to {} [{}]\n  {}; {}\n", to, attempt->host.text(),
                     attempt->address ? attempt->address->address.text() : "", how,
                     promised_by(*attempt));
}

SendReport::SendReport(bool quiet, bool verbose)
    : moving_(!quiet && isatty(2) != 0), talking_(!quiet && (verbose || isatty(1) != 0)) {}

void SendReport::begin(const std::string& next_hop) {
  next_hop_ = next_hop;
  since_ = net::SystemClock().monotonic();
  draw();
}

void SendReport::end() {
  erase();
  next_hop_.clear();
}

void SendReport::add(const relay::DeliveryJob& job, const relay::DeliveryResult& result) {
  for (const relay::RecipientOutcome& outcome : result.outcomes) {
    bool delivered = outcome.state == relay::RecipientOutcome::State::delivered;
    if (delivered && talking_) fmt::print("{}", send_line(job, result, outcome));
    if (delivered) continue;
    fmt::print(stderr, "{}", send_line(job, result, outcome));
    bool later = outcome.state == relay::RecipientOutcome::State::deferred;
    // 75 tells a caller to try again, and hides what would not get better by it.
    int status = later || !outcome.error ? 75 : row(outcome.error->code).exit_status;
    if (exit_status_ != 75) exit_status_ = status;
  }
}

net::Task<> SendReport::animate() {
  while (moving_) {
    CO_TRY_VOID(co_await net::sleep_for(std::chrono::milliseconds(200)));
    if (!next_hop_.empty()) draw();
  }
  co_return Result<>();
}

void SendReport::emit(const Event& event) {
  if (event.severity < Severity::warning || !talking_) return;
  erase();
  std::string fields;
  for (const auto& [key, value] : event.fields) {
    if (key == "error" || key == "host" || key == "reason") fields += fmt::format(" {}", value);
  }
  fmt::print(stderr, "{}:{}\n", event.name, fields);
}

void SendReport::draw() {
  if (!moving_) return;
  auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(net::SystemClock().monotonic() - since_)
          .count();
  fmt::print(stderr, "\r\033[Kdelivering to {} ... {} s", next_hop_, seconds);
  std::fflush(stderr);
}

void SendReport::erase() {
  if (!moving_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace pawl::app
