// What a person reads when mail was not delivered, decided in one place: DSN, log line, alert and
// `pawl queue show` are views of it. It names the host, what was promised and by whom, what was
// seen, and who can fix it.
#pragma once

#include <optional>
#include <string>

#include "relay/delivery.h"
#include "smtp/dsn.h"

namespace pawl::relay {

struct FailureText {
  std::string host;                // "mx1.example.org [192.0.2.1]:25", empty: none was reached
  std::string promise;             // "DANE: ...", empty if nothing was promised
  std::string observation;         // what was seen, one sentence
  std::string remedy;              // who can fix it, and what they can do
  std::string line() const;        // one line: log, queue, alert subject
  std::string paragraphs() const;  // for the DSN and the alert mail
};

FailureText failure_text(const DeliveryResult& result, const RecipientOutcome& outcome);

// The attempt that decided this outcome: the last that failed, the one that took it if delivered.
const Attempt* deciding_attempt(const DeliveryResult& result, const RecipientOutcome& outcome);

// The recipient's part of a DSN. `retry_until` only with Action delayed.
smtp::DsnRecipient dsn_recipient(const smtp::Recipient& recipient, const DeliveryResult& result,
                                 const RecipientOutcome& outcome, smtp::DsnAction action,
                                 WallTime now, std::optional<WallTime> retry_until = {});

}  // namespace pawl::relay
