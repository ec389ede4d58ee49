// The DSNs that a settlement asks for, as new messages for the queue: at most one for failures, one
// for delays and one for what was relayed, each with all its recipients; and one to the postmaster
// for what failed and has no sender to be told (a double bounce).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "relay/settlement.h"

namespace pawl::relay {

struct NoticeSettings {
  std::string reporting_mta;  // our host name
  std::string contact;        // "postmaster@relay.example.org"; empty: no double bounce is mailed
  // The next hop of a domain, NextHop::key(); empty: there is none, and no DSN is made.
  std::function<std::string(const dns::Name&)> next_hop;
};

struct Notices {
  std::vector<store::NewMessage> messages;
  std::vector<std::string> next_hops;
  std::vector<Notice> undeliverable;  // the sender's address leads nowhere
};

// Does a DSN of this settlement need the whole message, or will its header section do?
bool needs_whole_message(const Settlement& settlement, const store::QueuedMessage& message);

// `original` is the message as far as it was read, `complete` if to its end.
Notices make_notices(const Settlement& settlement, const store::QueuedMessage& message,
                     const DeliveryResult& result, std::string_view original, bool complete,
                     const NoticeSettings& settings, WallTime now);

}  // namespace pawl::relay
