// A structured event: one thing that happened, with its fields. The log line (text or JSON), the
// metric and the alert are views of it. Event names stand in docs/events.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace pawl {

enum class Severity : unsigned char { debug, info, notice, warning, alert, error };
std::string_view name(Severity severity);

struct Event {
  Severity severity;
  std::string name;  // "delivery.deferred": SUBJECT.WHAT, listed in docs/events.md
  std::vector<std::pair<std::string, std::string>> fields;
};

// Where events go. Implementations are called from any thread and must not block.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const Event& event) = 0;
};

std::string format_text(const Event& event, WallTime at);  // logfmt, one line
std::string format_json(const Event& event, WallTime at);  // one JSON object, one line

}  // namespace pawl
