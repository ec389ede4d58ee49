// A queued message as a person and as a program see it, and as a postmaster takes it elsewhere.
#pragma once

#include <string>

#include "json/value.h"
#include "store/queue.h"

namespace pawl::app {

std::string queue_line(const store::QueuedMessage& message);  // `pawl queue list`, one line
std::string queue_page(const store::QueuedMessage& message);  // `pawl queue show`
json::Value queue_json(const store::QueuedMessage& message);  // also the envelope of an export

// Writes ID.eml and ID.json into the directory, readable by their owner only; the content comes in
// pieces. Both appear whole or not at all. Errors: io, disk_full, with the file.
net::Task<> export_message(store::Queue& queue, store::QueuedMessage message,
                           std::string directory);

}  // namespace pawl::app
