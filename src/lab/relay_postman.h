// The relay as the lab's sender: everything `pawl relay` is made of - SMTP listener, durable queue,
// scheduler, discovery, policy engine, outgoing half, alerts - in this process, so that it can dial
// through the world's map and wait seconds where others wait minutes. Mail is handed to it over
// SMTP; what it says of each recipient is read off its events.
#pragma once

#include <chrono>
#include <memory>

#include "lab/ledger.h"
#include "lab/postman.h"
#include "lab/world.h"

namespace pawl::lab {

struct RelayOptions {
  Seconds retry{1};
  Seconds handshake{3};   // of each of a host's addresses, in each attempt, when it stalls
  Seconds timeout{20};    // of every other step
  std::string directory;  // of the queue's file; empty: the world's own
};

class RelayPostman : public Postman {
 public:
  // Where it takes mail in.
  virtual const Endpoint& endpoint() const = 0;
  virtual const Ledger& ledger() const = 0;
};

// The world must be started and outlive it. Errors: config_invalid, io, store.
Result<std::unique_ptr<RelayPostman>> start_relay(const World& world,
                                                  const RelayOptions& options = {});

}  // namespace pawl::lab
