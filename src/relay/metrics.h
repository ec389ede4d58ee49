// The registry of metrics and its Prometheus text (exposition format 0.0.4). Metrics are views of
// events: this is an EventSink. Labels come from a bounded set of event fields; a metric keeps at
// most kMaxSeries of them, what is beyond counts under the label value "other".
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"

namespace pawl::relay {

struct MetricRow {
  enum class Kind : unsigned char { counter, gauge, histogram };
  std::string_view name;
  Kind kind;
  std::string_view event;   // "*": every event
  std::string_view labels;  // fields of the event, separated by spaces
  std::string_view value;   // the field a histogram observes
  std::string_view help;
};

std::span<const MetricRow> metric_table();
std::string metrics_page();  // docs/metrics.md

class Metrics : public EventSink {
 public:
  static constexpr std::size_t kMaxSeries = 200;

  Metrics();
  void emit(const Event& event) override;  // any thread
  // `name` must be a gauge of the table. Any thread; the last value counts.
  void set(std::string_view name, double value);
  std::string exposition() const;

 private:
  struct Series {
    double value = 0;                    // a histogram's sum
    std::uint64_t count = 0;             // of a histogram
    std::vector<std::uint64_t> buckets;  // not cumulative
  };
  void count(std::size_t row, const Event& event);

  mutable std::mutex mutex_;
  std::vector<std::map<std::string, Series>> series_;  // by row, then by rendered labels
  std::multimap<std::string_view, std::size_t> by_event_;
};

}  // namespace pawl::relay
