// One delivery attempt: what goes in, what comes out. The record that log line, metric, DSN and
// alert are views of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "net/task.h"
#include "policy/verdict.h"
#include "relay/next_hop.h"
#include "store/queue.h"
#include "tls/description.h"

namespace pawl::relay {

// The recipients of one message that share a next hop, tried together in one transaction.
struct DeliveryJob {
  NextHop next_hop;
  store::QueuedMessage message;  // its recipients are those to try now
  int attempt = 1;               // of the oldest recipient, 1 the first
};

// What one connection saw. Several per job: hosts and addresses are tried in order.
struct Attempt {
  dns::Name host;
  std::optional<Endpoint> address;  // nothing: it did not come to a connection
  std::vector<policy::Reason> reasons;
  policy::Protection promised = policy::Protection::none;
  std::vector<policy::Source> promised_by;
  policy::Protection reached = policy::Protection::none;
  bool in_clear = false;  // envelope or content went unencrypted
  std::optional<tls::Description> tls;
  std::optional<Error> failure;  // why this host did not take it; nothing: it did
  bool observed_only = false;    // enforcement is "observe": the failure was recorded, not obeyed
  std::string reply;             // the remote reply that decided, as sent
  std::chrono::milliseconds duration{0};
};

struct RecipientOutcome {
  enum class State : unsigned char { delivered, deferred, failed };
  std::int32_t index = 0;
  State state = State::deferred;
  std::string status;          // RFC 3463, "2.1.5"
  std::optional<Error> error;  // when not delivered; its detail is the sentence for the person
  std::string reply;           // "550 5.1.1 no such user", empty if none was seen
  dns::Name remote_host;       // who said so; the root if nobody was reached
  // The next hop offers DSN and got NOTIFY: what it asks for is its business now (rfc3461#5.2.1).
  bool notify_passed_on = false;
};

struct DeliveryResult {
  std::vector<RecipientOutcome> outcomes;  // one per recipient of the job
  std::vector<Attempt> attempts;
  std::vector<policy::Reason> reasons;  // about the domain
};

class Deliverer {
 public:
  virtual ~Deliverer() = default;
  // Never fails as a whole: what went wrong stands in the outcomes.
  virtual net::Task<DeliveryResult> deliver(DeliveryJob job) = 0;
};

}  // namespace pawl::relay
