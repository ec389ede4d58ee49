#include "check/finding.h"

#include <array>

namespace pawl::check {

namespace {

constexpr FindingRow kRows[] = {
#define PAWL_FINDING(id, severity, topic, sentence, remedy, reference) \
  {FindingId::id, #id, Severity::severity, Topic::topic, sentence, remedy, reference},
#include "check/findings.def"
#undef PAWL_FINDING
};

}  // namespace

std::string_view name(Severity severity) {
  constexpr std::array<std::string_view, 4> kNames = {"good", "note", "warning", "fault"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::string_view name(Topic topic) {
  constexpr std::array<std::string_view, 11> kNames = {
      "DNS",     "connect",   "STARTTLS", "TLS",    "certificate", "DANE",
      "MTA-STS", "tampering", "login",    "TLSRPT", "list"};
  return kNames[static_cast<std::size_t>(topic)];
}

std::span<const FindingRow> finding_rows() {
  return kRows;
}

const FindingRow& row(FindingId id) {
  return kRows[static_cast<std::size_t>(id)];
}

}  // namespace pawl::check
