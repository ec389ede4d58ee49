// A finding: one row of findings.def and what it is about here. Severities decide the exit status.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pawl::check {

enum class Severity : std::uint8_t {
  good,     // as it should be; in the report so that it is seen
  note,     // could be better
  warning,  // will hurt some day, or hurts some
  fault,    // mail is lost, refused or readable now
};
std::string_view name(Severity severity);

enum class FindingId : std::uint8_t {
#define PAWL_FINDING(id, severity, sentence, remedy, reference) id,
#include "check/findings.def"
#undef PAWL_FINDING
};

struct FindingRow {
  FindingId id;
  std::string_view name;  // "starttls_missing"
  Severity severity;
  std::string_view sentence;
  std::string_view remedy;
  std::string_view reference;  // "rfc3207#4"
};
std::span<const FindingRow> finding_rows();
const FindingRow& row(FindingId id);

struct Finding {
  FindingId id;
  std::string subject;  // "mx1.example.org", "mx1.example.org [192.0.2.1]:25", "example.org"
  std::string detail;   // what was seen: values, dates, bytes
};

}  // namespace pawl::check
