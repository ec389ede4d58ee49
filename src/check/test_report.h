// A made-up report in which everything occurs: several hosts, addresses that differ, faults,
// tampering, RSA and ECDSA, DANE, MTA-STS, TLSRPT, a list, services. For the tests of the views.
#pragma once

#include "check/report.h"

namespace pawl::check {

inline const WallTime kReportTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} +
                                  std::chrono::hours(18)};

// example.org with its three MX hosts and a mail server.
Report rich_report();
// The same beside a host in order and a target that could not be checked.
Report report_of_three();

}  // namespace pawl::check
