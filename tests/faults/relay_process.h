// `pawl relay` as a child of the test, in one life after the other over one queue file, and a look
// into that file while nobody owns it. In the lab's namespace (lab/namespace.h).
// Errors: io; store, if the file cannot be read as a queue.
#pragma once

#include <set>
#include <string>

#include "base/ip_address.h"
#include "lab/child.h"
#include "lab/scratch.h"
#include "tests/faults/audit.h"

namespace pawl::faults {

struct RelayOptions {
  Endpoint listen;
  Endpoint next_hop;           // of all mail
  std::size_t deliveries = 8;  // at a time
};

// Calls itself life_name(life). Its log is `relay.log` in the scratch directory.
Result<lab::Child> start_relay(const lab::Scratch& scratch, int life, const RelayOptions& options);

// The end of the log, for failures.
std::string log_of(const lab::Scratch& scratch);
// What a sanitizer wrote into it, where the program was built with one.
std::string sanitizer_report(const lab::Scratch& scratch);

// What the file holds, after a kill. Reads a copy: the first to open the file after a crash
// recovers its write-ahead log, and that must be the relay.
Result<std::set<Copy>> queued_copies(const lab::Scratch& scratch);

// Messages in the queue of a relay that runs.
Result<std::uint64_t> queue_length(const lab::Scratch& scratch);

}  // namespace pawl::faults
