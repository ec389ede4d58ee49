// What a page about a target says, before it is text or HTML: the matrix, findings of one kind put
// together, and the details as tables. Internal to the views. Pure; texts are as they were seen, so
// each view makes them safe in its own way.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/report.h"

namespace pawl::check {

std::string_view name(Stage::State state);  // "not-applicable"

struct Cell {
  std::string text;
  std::optional<Stage::State> state{};
};

struct Table {
  std::string title;
  std::vector<std::string> headers;  // of the columns; empty: what the cells say is clear
  std::vector<std::vector<Cell>> rows;
};

// Host x stage. An address has a row of its own, under its host's, where the addresses of a host
// differ; it says only what differs. A column that applies to nobody is left out.
Table matrix(const TargetReport& report);

struct FindingGroup {
  const FindingRow* row = nullptr;
  std::vector<const Finding*> places;
};
// Of this severity, one group a row of the table, in the order of the report.
std::vector<FindingGroup> findings_of(const TargetReport& report, Severity severity);

// "2 faults, 1 warning"; "nothing to remark". Findings of one kind about several hosts count each.
std::string counts(const TargetReport& report);

// Promises, proofs, certificates, TLS, tampering: none of them empty. With `all` every suite,
// record, capability and fingerprint. Dates are held against those of `whole`.
std::vector<Table> details(const TargetReport& report, const Report& whole, bool all);

// A dialog line by line.
struct DialogLine {
  std::chrono::milliseconds at{};
  std::string who;   // "C:", "S:", inside TLS "C*:", "S*:"; "--" of what happened
  std::string text;  // one line without its end
};
std::vector<DialogLine> dialog_lines(const starttls::Transcript& transcript);

// "2026-11-22"
std::string day_text(WallTime time);
// "1.2 s", "340 ms"
std::string duration_text(std::chrono::milliseconds duration);
// With a capital letter.
std::string capital(std::string_view clause);

}  // namespace pawl::check
