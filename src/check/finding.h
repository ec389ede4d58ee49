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

// What a finding is about; the first eight are the columns of the matrix (StageName of report.h).
// Of one subject and topic there is never a `good` finding beside a fault.
enum class Topic : std::uint8_t {
  dns,
  connect,
  starttls,
  tls,
  certificate,
  dane,
  mta_sts,
  tampering,
  login,
  reporting,
  list,
};
std::string_view name(Topic topic);  // "MTA-STS"

enum class FindingId : std::uint8_t {
#define PAWL_FINDING(id, severity, topic, sentence, remedy, reference) id,
#include "check/findings.def"
#undef PAWL_FINDING
};

struct FindingRow {
  FindingId id;
  std::string_view name;  // "starttls_missing"
  Severity severity;
  Topic topic;
  std::string_view sentence;
  std::string_view remedy;     // empty where nothing is to be done
  std::string_view reference;  // "rfc3207#4"; empty: no RFC speaks of it
};
std::span<const FindingRow> finding_rows();
const FindingRow& row(FindingId id);

struct Finding {
  FindingId id;
  std::string subject;  // "example.org", or subject_of() a host or an address (report.h)
  std::string detail;   // what was seen: values, dates, bytes; printable
};

}  // namespace pawl::check
