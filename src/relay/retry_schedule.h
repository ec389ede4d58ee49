// When a recipient that was not delivered is tried again, and when that ends. Pure: the time and
// the jitter are arguments.
#pragma once

#include <vector>

#include "base/clock.h"

namespace pawl::relay {

struct RetrySchedule {
  // Waits after the first, second, ... attempt; the last one repeats (rfc5321#4.5.4.1).
  std::vector<Seconds> waits = {std::chrono::minutes(5), std::chrono::minutes(10),
                                std::chrono::minutes(20), std::chrono::minutes(40),
                                std::chrono::hours(1)};
  Seconds lifetime = std::chrono::days(5);
  Seconds delay_warning = std::chrono::hours(4);  // 0: none

  // After `attempts` attempts, the last at `now`. `jitter` from -1 to 1 moves the time by up to a
  // tenth, so that mail that failed together does not come back together. Never behind the end of
  // the lifetime: the last attempt is made then.
  WallTime next(int attempts, WallTime now, WallTime arrived, double jitter) const;
  bool expired(WallTime now, WallTime arrived) const { return now - arrived >= lifetime; }
  bool warns(WallTime now, WallTime arrived) const {
    return delay_warning > Seconds{0} && now - arrived >= delay_warning;
  }
};

}  // namespace pawl::relay
