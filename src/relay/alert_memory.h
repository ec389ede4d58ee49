// Which alerts the postmaster was told about lately: one per domain and cause within an interval.
// Pure; kept as text by whoever owns a file, so that a restart tells nothing twice.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace pawl::relay {

class AlertMemory {
 public:
  explicit AlertMemory(Seconds interval, std::size_t capacity = 10'000)
      : interval_(interval), capacity_(capacity) {}

  // True: nobody was told within the interval; remembered as told now.
  bool tell(const std::string& domain, const std::string& cause, WallTime now);
  void set_interval(Seconds interval) { interval_ = interval; }

  // One line per alert: "TIME DOMAIN CAUSE". read() skips what it does not understand: a damaged
  // file costs a mail too many, never one too few.
  std::string text() const;
  void read(std::string_view text);
  std::size_t size() const { return told_.size(); }

 private:
  void forget_old(WallTime now);
  Seconds interval_;
  std::size_t capacity_;
  std::map<std::pair<std::string, std::string>, WallTime> told_;
};

}  // namespace pawl::relay
