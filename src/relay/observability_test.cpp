// The tables of events and metrics, and what is made of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "relay/event_table.h"
#include "relay/metrics.h"

namespace pawl::relay {
namespace {

// PAWL_BLESS=1 writes what came out as what is expected; the reviewer reads the difference.
void expect_golden(const std::string& path, const std::string& text) {
  if (std::getenv("PAWL_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream stream(path, std::ios::binary);
  std::string expected((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  EXPECT_EQ(expected, text) << path;
}

Event delivered(std::string protection, std::string delay) {
  return {
      Severity::info,
      "delivery.delivered",
      {{"protection", std::move(protection)}, {"promised", "none"}, {"delay", std::move(delay)}}};
}

TEST(EventTable, ThePageInTheTreeIsTheTable) {
  expect_golden(PAWL_SOURCE_DIR "/docs/events.md", events_page());
}

TEST(EventTable, NamesAreUnique) {
  for (const EventRow& row : event_table()) EXPECT_EQ(find_event(row.name), &row) << row.name;
}

TEST(MetricTable, ThePageInTheTreeIsTheTable) {
  expect_golden(PAWL_SOURCE_DIR "/docs/metrics.md", metrics_page());
}

TEST(MetricTable, CountsOnlyEventsAndFieldsThatExist) {
  for (const MetricRow& row : metric_table()) {
    if (row.kind == MetricRow::Kind::gauge) {
      EXPECT_TRUE(row.event.empty() && row.labels.empty()) << row.name;
      continue;
    }
    if (row.event == "*") continue;
    const EventRow* event = find_event(row.event);
    ASSERT_NE(event, nullptr) << row.name;
    auto fields = split(event->fields, ' ');
    for (std::string_view label : split(row.labels, ' ')) {
      EXPECT_TRUE(label.empty() || std::ranges::find(fields, label) != fields.end()) << row.name;
    }
    EXPECT_EQ(row.kind == MetricRow::Kind::histogram, !row.value.empty()) << row.name;
  }
}

TEST(Metrics, CountsByLabel) {
  Metrics metrics;
  metrics.emit(delivered("authenticated", "0.2"));
  metrics.emit(delivered("authenticated", "0.2"));
  metrics.emit(delivered("none", "0.2"));
  std::string text = metrics.exposition();
  EXPECT_NE(text.find("pawl_deliveries_total{protection=\"authenticated\",promised=\"none\"} 2\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("pawl_events_total{event=\"delivery.delivered\",severity=\"info\"} 3\n"),
            std::string::npos);
}

TEST(Metrics, HistogramsAreCumulative) {
  Metrics metrics;
  metrics.emit(delivered("none", "0.2"));
  metrics.emit(delivered("none", "7"));
  metrics.emit(delivered("none", "1e9"));
  std::string text = metrics.exposition();
  EXPECT_NE(text.find("pawl_delivery_delay_seconds_bucket{le=\"0.1\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("pawl_delivery_delay_seconds_bucket{le=\"0.5\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("pawl_delivery_delay_seconds_bucket{le=\"10\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("pawl_delivery_delay_seconds_bucket{le=\"+Inf\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("pawl_delivery_delay_seconds_count 3\n"), std::string::npos);
}

TEST(Metrics, SeriesAreBoundedAndLabelsCannotBreakOut) {
  Metrics metrics;
  for (int i = 0; i < 1000; ++i) {
    metrics.emit({Severity::notice, "delivery.deferred", {{"status", std::to_string(i)}}});
  }
  metrics.emit({Severity::alert, "alert.raised", {{"cause", "x\"} 9\nevil 1"}}});
  std::string text = metrics.exposition();
  EXPECT_NE(text.find("pawl_deliveries_deferred_total{status=\"other\"} 800\n"), std::string::npos);
  EXPECT_EQ(text.find("\nevil"), std::string::npos);
}

TEST(Metrics, GaugesAndUnlabelledCountersStandFromTheStart) {
  Metrics metrics;
  metrics.set("pawl_queue_messages", 12);
  std::string text = metrics.exposition();
  EXPECT_NE(text.find("\npawl_queue_messages 12\n"), std::string::npos);
  EXPECT_NE(text.find("\npawl_reloads_total 0\n"), std::string::npos);
}

}  // namespace
}  // namespace pawl::relay
