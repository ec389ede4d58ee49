#include "relay/retry_schedule.h"

#include <algorithm>

namespace pawl::relay {

WallTime RetrySchedule::next(int attempts, WallTime now, WallTime arrived, double jitter) const {
  constexpr Seconds kWithoutASchedule = std::chrono::minutes(5);
  constexpr double kJitterShare = 0.1;
  Seconds wait = kWithoutASchedule;
  if (!waits.empty()) {
    auto place = static_cast<std::size_t>(std::max(attempts, 1) - 1);
    wait = waits[std::min(place, waits.size() - 1)];
  }
  auto spread = std::chrono::duration<double>(wait) * (kJitterShare * jitter);
  WallTime time = now + wait + std::chrono::duration_cast<std::chrono::milliseconds>(spread);
  WallTime end = arrived + lifetime;
  return now < end ? std::min(time, end) : time;
}

}  // namespace pawl::relay
