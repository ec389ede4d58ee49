// What is known so far of each recipient of a job, while hosts are tried one after the other: the
// rules of who is done, who may be tried at the next host, and what a failure means for the queue.
// Pure.
#pragma once

#include <vector>

#include "relay/delivery.h"
#include "smtp/transaction.h"

namespace pawl::relay {

class JobOutcomes {
 public:
  explicit JobOutcomes(const store::QueuedMessage& message);

  // Places in message.recipients that a host may still be asked about.
  std::vector<std::size_t> open() const;
  bool all_settled() const;

  // The answer of one host for the recipients at `places` (result's order).
  void answered(const std::vector<std::size_t>& places, const smtp::TransactionResult& result,
                const dns::Name& host);
  // A host, or all of them, could not be used: what everybody open will say unless a later host
  // does better.
  void not_used(const Error& error, const std::string& reply, const dns::Name& host);
  // The domain as a whole: settled by the error's class (permanent returns the message now).
  void settle_all(const Error& error);

  std::vector<RecipientOutcome> take();

 private:
  struct Entry {
    RecipientOutcome outcome;
    bool settled = false;
    bool from_reply = false;  // a host spoke about this recipient itself
  };
  std::vector<Entry> entries_;
};

// The status for a state: a deferral is 4.x.x and a failure 5.x.x, whatever digit came first.
std::string status_for(RecipientOutcome::State state, std::string_view status);

}  // namespace pawl::relay
