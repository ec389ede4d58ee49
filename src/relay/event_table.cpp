#include "relay/event_table.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace pawl::relay {

namespace {
constexpr std::array kRows = {
#define PAWL_EVENT(name, severity, meaning, fields) \
  EventRow{name, Severity::severity, meaning, fields},
#include "relay/event_table.def"
#undef PAWL_EVENT
};
}  // namespace

std::span<const EventRow> event_table() {
  return kRows;
}

const EventRow* find_event(std::string_view name) {
  for (const EventRow& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string events_page() {
  std::string text =
      "# Events\n\n"
      "Made from the table in src/relay/event_table.def; a test keeps the two equal, another holds "
      "the table against every event name in the code.\n\n"
      "One line of the log is one event: time, severity, name, fields (`log.format` chooses "
      "key=value text or JSON). Metrics and alerts are views of the same events.\n\n"
      "| event | severity | what happened | fields |\n|---|---|---|---|\n";
  for (const EventRow& row : kRows) {
    std::string fields;
    for (std::string_view field : split(row.fields, ' ')) {
      if (!field.empty()) fields += fmt::format("{}`{}`", fields.empty() ? "" : ", ", field);
    }
    text +=
        fmt::format("| `{}` | {} | {} | {} |\n", row.name, name(row.severity), row.meaning, fields);
  }
  return text;
}

}  // namespace pawl::relay
