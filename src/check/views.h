// The views of a report. Pure; whatever remote bytes a report holds, none of them reaches a
// terminal or a browser unescaped.
#pragma once

#include <string>

#include "check/report.h"
#include "json/value.h"

namespace pawl::check {

struct TextOptions {
  bool colour = false;
  bool ascii = false;       // no letters above 127: the locale has none
  bool verbose = false;     // every detail, not only a page
  bool transcript = false;  // whole dialogs with timings
  int width = 100;          // columns
};
std::string text_view(const Report& report, const TextOptions& options);
json::Value json_view(const Report& report);  // docs/json/check.md
std::string html_view(const Report& report);  // one self-contained page

}  // namespace pawl::check
