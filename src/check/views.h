// The views of a report. Pure.
#pragma once

#include <string>

#include "check/report.h"
#include "json/value.h"

namespace pawl::check {

struct TextOptions {
  bool colour = false;
  int width = 100;
  bool transcript = false;  // whole dialogs with timings
};
std::string text_view(const Report& report, const TextOptions& options);
json::Value json_view(const Report& report);  // docs/json/check.md
std::string html_view(const Report& report);  // one self-contained page

}  // namespace pawl::check
