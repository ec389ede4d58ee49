#include "check/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pawl::check {

namespace {

constexpr std::size_t kStages = static_cast<std::size_t>(StageName::tampering) + 1;

// Good is good whatever its words are: "12 ms" and "13 ms" are no difference. Nor are the same
// words: one address may have been asked more than another.
bool says_the_same(const Stage& one, const Stage& other) {
  if (!one.text.empty() && one.text == other.text) return true;
  return one.state == other.state && (one.state == Stage::State::good || one.text == other.text);
}

bool differ(const std::vector<AddressReport>& addresses) {
  return std::ranges::any_of(addresses, [&](const AddressReport& address) {
    return !std::ranges::equal(address.stages, addresses.front().stages, says_the_same);
  });
}

Cell cell_of(const Stage& stage) {
  return {stage.text, stage.state};
}

std::vector<Cell> row_of(std::string label, const std::vector<Stage>& stages) {
  std::vector<Cell> row{{std::move(label)}};
  for (const Stage& stage : stages) row.push_back(cell_of(stage));
  row.resize(kStages + 1, Cell{"", Stage::State::not_applicable});
  return row;
}

std::string address_label(const AddressReport& address) {
  std::string text = "  " + address.look.at.address.text();
  if (!address.via.empty()) text += " via " + address.via;
  return text;
}

void add_host(Table& table, const HostReport& host) {
  std::string label = subject_of(host);
  if (host.found_by.starts_with("MX ")) label += " " + host.found_by;
  table.rows.push_back(row_of(std::move(label), host.stages));
  if (!differ(host.addresses)) return;
  const auto& first = host.addresses.front().stages;
  for (const AddressReport& address : host.addresses) {
    auto row = row_of(address_label(address), address.stages);
    for (std::size_t i = 0; i < std::min(first.size(), kStages); ++i) {
      const bool same = std::ranges::all_of(host.addresses, [&](const AddressReport& other) {
        return i < other.stages.size() && says_the_same(other.stages[i], first[i]);
      });
      if (same) row[i + 1] = {};
    }
    table.rows.push_back(std::move(row));
  }
}

bool is_empty(const Cell& cell) {
  return !cell.state || *cell.state == Stage::State::not_applicable;
}

void drop_empty_columns(Table& table) {
  for (std::size_t column = table.headers.size(); column-- > 1;) {
    if (!std::ranges::all_of(table.rows, [&](const auto& row) { return is_empty(row[column]); })) {
      continue;
    }
    table.headers.erase(table.headers.begin() + static_cast<std::ptrdiff_t>(column));
    for (auto& row : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(column));
  }
}

std::string_view who_of(const starttls::TranscriptEntry& entry) {
  using Kind = starttls::TranscriptEntry::Kind;
  if (entry.kind == Kind::client) return entry.tls ? "C*:" : "C:";
  if (entry.kind == Kind::server) return entry.tls ? "S*:" : "S:";
  return "--";
}

std::string event_text(const starttls::TranscriptEntry& entry) {
  using Kind = starttls::TranscriptEntry::Kind;
  switch (entry.kind) {
    case Kind::tls_established:
      return entry.bytes.empty() ? "TLS is established" : "TLS is established: " + entry.bytes;
    case Kind::tls_failed:
      return "the TLS handshake failed: " + entry.bytes;
    case Kind::closed:
      return "the server closed the connection";
    case Kind::reset:
      return "the connection was reset";
    case Kind::timed_out:
      return "nothing came in time";
    case Kind::client:
    case Kind::server:
      break;
  }
  return entry.bytes;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::string_view name(Stage::State state) {
  switch (state) {
    case Stage::State::good:
      return "good";
    case Stage::State::note:
      return "note";
    case Stage::State::warning:
      return "warning";
    case Stage::State::fault:
      return "fault";
    case Stage::State::unknown:
      return "unknown";
    case Stage::State::not_applicable:
      return "not-applicable";
  }
  return "";
}

Table matrix(const TargetReport& report) {
  Table table;
  table.headers.emplace_back();
  for (std::size_t i = 0; i < kStages; ++i) {
    table.headers.emplace_back(name(static_cast<StageName>(i)));
  }
  for (const HostReport& host : report.hosts) add_host(table, host);
  drop_empty_columns(table);
  return table;
}

std::vector<FindingGroup> findings_of(const TargetReport& report, Severity severity) {
  std::vector<FindingGroup> groups;
  for (const Finding& finding : report.findings) {
    const FindingRow& row = check::row(finding.id);
    if (row.severity != severity) continue;
    auto known = std::ranges::find(groups, &row, &FindingGroup::row);
    if (known == groups.end()) known = groups.insert(known, {&row, {}});
    known->places.push_back(&finding);
  }
  return groups;
}

std::string counts(const TargetReport& report) {
  std::vector<std::string> parts;
  for (Severity severity : {Severity::fault, Severity::warning, Severity::note}) {
    const auto count = static_cast<std::size_t>(std::ranges::count_if(
        report.findings, [&](const Finding& one) { return row(one.id).severity == severity; }));
    if (count > 0) parts.push_back(counted(count, name(severity)));
  }
  return parts.empty() ? "nothing to remark" : join(parts, ", ");
}

std::vector<DialogLine> dialog_lines(const starttls::Transcript& transcript) {
  using Kind = starttls::TranscriptEntry::Kind;
  std::vector<DialogLine> lines;
  for (const auto& entry : transcript.entries) {
    const std::string who(who_of(entry));
    if (entry.kind != Kind::client && entry.kind != Kind::server) {
      lines.push_back({entry.at, who, event_text(entry)});
      continue;
    }
    std::string_view bytes = entry.bytes;
    while (!bytes.empty()) {
      const std::size_t end = std::min(bytes.find('\n'), bytes.size());
      std::string_view line = bytes.substr(0, end);
      bytes.remove_prefix(std::min(end + 1, bytes.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      lines.push_back({entry.at, who, std::string(line)});
    }
  }
  return lines;
}

std::string day_text(WallTime time) {
  return format_rfc3339(time).substr(0, 10);
}

std::string duration_text(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count < 1000) return fmt::format("{} ms", count);
  return fmt::format("{}.{} s", count / 1000, count % 1000 / 100);
}

std::string capital(std::string_view clause) {
  std::string text(clause);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

}  // namespace pawl::check
