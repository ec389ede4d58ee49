#include "relay/metrics.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/text.h"

namespace pawl::relay {

namespace {

constexpr std::array kRows = {
#define PAWL_METRIC(name, kind, event, labels, value, help) \
  MetricRow{name, MetricRow::Kind::kind, event, labels, value, help},
#include "relay/metric_table.def"
#undef PAWL_METRIC
};

// Seconds. From a fast next hop to the end of a queue's lifetime.
constexpr std::array kBuckets = {0.01, 0.05, 0.1,  0.5,   1.0,    5.0,    10.0,
                                 60.0, 300., 900., 3600., 14400., 86400., 432000.};

std::string_view name(MetricRow::Kind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"counter", "gauge", "histogram"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view field(const Event& event, std::string_view key) {
  if (key == "event") return event.name;
  if (key == "severity") return pawl::name(event.severity);
  for (const auto& [name, value] : event.fields) {
    if (name == key) return value;
  }
  return "";
}

std::string label_value(std::string_view text) {
  std::string out;
  for (char c : printable(text, 80)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string render_labels(const MetricRow& row, const Event* event) {
  std::string text;
  for (std::string_view label : split(row.labels, ' ')) {
    if (label.empty()) continue;
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", label,
                        event != nullptr ? label_value(field(*event, label)) : "other");
  }
  return text;
}

std::string braces(std::string_view labels, std::string_view extra = {}) {
  if (labels.empty() && extra.empty()) return "";
  return fmt::format("{{{}{}{}}}", labels, labels.empty() || extra.empty() ? "" : ",", extra);
}

double number(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::span<const MetricRow> metric_table() {
  return kRows;
}

std::string metrics_page() {
  std::string text =
      "# Metrics\n\n"
      "Made from the table in src/relay/metric_table.def; a test keeps the two equal. Served at "
      "`GET /metrics` on the address of the setting `metrics.listen`, in Prometheus' text "
      "format.\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricRow& row : kRows) {
    text +=
        fmt::format("| `{}` | {} | {} | {} |\n", row.name, name(row.kind), row.labels, row.help);
  }
  return text;
}

Metrics::Metrics() : series_(kRows.size()) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (!kRows[i].event.empty()) by_event_.emplace(kRows[i].event, i);
    // What has no labels stands at 0 from the start, so that a rate can be made of it.
    if (kRows[i].labels.empty()) series_[i][""].buckets.resize(kBuckets.size());
  }
}

void Metrics::emit(const Event& event) {
  std::lock_guard lock(mutex_);
  for (std::string_view key : {std::string_view(event.name), std::string_view("*")}) {
    auto [from, to] = by_event_.equal_range(key);
    for (auto it = from; it != to; ++it) count(it->second, event);
  }
}

void Metrics::count(std::size_t index, const Event& event) {
  const MetricRow& row = kRows[index];
  auto& all = series_[index];
  std::string labels = render_labels(row, &event);
  if (!all.contains(labels) && all.size() >= kMaxSeries) labels = render_labels(row, nullptr);
  Series& series = all[labels];
  if (row.kind != MetricRow::Kind::histogram) {
    series.value += 1;
    return;
  }
  double value = number(field(event, row.value));
  series.value += value;
  ++series.count;
  series.buckets.resize(kBuckets.size());
  for (std::size_t i = 0; i < kBuckets.size(); ++i) {
    if (value <= kBuckets[i]) {
      ++series.buckets[i];
      break;
    }
  }
}

void Metrics::set(std::string_view name, double value) {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) series_[i][""].value = value;
  }
}

std::string Metrics::exposition() const {
  std::lock_guard lock(mutex_);
  std::string text;
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const MetricRow& row = kRows[i];
    text +=
        fmt::format("# HELP {} {}\n# TYPE {} {}\n", row.name, row.help, row.name, name(row.kind));
    for (const auto& [labels, series] : series_[i]) {
      if (row.kind != MetricRow::Kind::histogram) {
        text += fmt::format("{}{} {}\n", row.name, braces(labels), series.value);
        continue;
      }
      std::uint64_t below = 0;
      for (std::size_t b = 0; b < kBuckets.size(); ++b) {
        below += series.buckets[b];
        text += fmt::format("{}_bucket{} {}\n", row.name,
                            braces(labels, fmt::format("le=\"{}\"", kBuckets[b])), below);
      }
      text +=
          fmt::format("{}_bucket{} {}\n", row.name, braces(labels, "le=\"+Inf\""), series.count);
      text += fmt::format("{}_sum{} {}\n", row.name, braces(labels), series.value);
      text += fmt::format("{}_count{} {}\n", row.name, braces(labels), series.count);
    }
  }
  return text;
}

}  // namespace pawl::relay
