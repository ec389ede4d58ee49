// Time is an argument: pure code takes a time point, and whoever needs "now" takes a Clock, so that
// tests turn the hands themselves.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl {

using WallTime =
    std::chrono::sys_time<std::chrono::milliseconds>;    // UTC; policies, certificates, the queue
using MonoTime = std::chrono::steady_clock::time_point;  // deadlines
using Seconds = std::chrono::seconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
  virtual MonoTime monotonic() const = 0;
};

// A clock that stands still until told otherwise. Both hands move together.
class FixedClock : public Clock {
 public:
  explicit FixedClock(WallTime start) : now_(start) {}
  WallTime now() const override { return now_; }
  MonoTime monotonic() const override { return MonoTime(now_.time_since_epoch()); }
  void advance(std::chrono::milliseconds by) { now_ += by; }

 private:
  WallTime now_;
};

std::string format_rfc3339(WallTime time);  // 2026-11-22T14:29:24Z
std::string format_rfc5322(WallTime time);  // Sun, 22 Nov 2026 14:29:24 +0000
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace pawl
