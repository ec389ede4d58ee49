// Every event that Pawl emits, with its meaning: the table behind docs/events.md.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/event.h"

namespace pawl::relay {

struct EventRow {
  std::string_view name;
  Severity severity;
  std::string_view meaning;
  std::string_view fields;  // names, separated by spaces
};

std::span<const EventRow> event_table();
const EventRow* find_event(std::string_view name);
std::string events_page();  // docs/events.md

}  // namespace pawl::relay
