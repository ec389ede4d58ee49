// A dialog file as values; its format stands in README.md. A file that cannot be read is a broken
// test: the error names file and line.
#pragma once

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "base/error.h"

namespace pawl::dialogs {

struct Step {
  enum class Kind : unsigned char { client, server, tls, message, closed, injection, action };
  Kind kind;
  std::string bytes;  // with the CRLF that the form of the step implies
  int line = 0;
};

struct Dialog {
  std::string file;
  std::map<std::string, std::string> options;
  std::vector<Step> steps;
};

// What gtest calls a dialog.
inline void PrintTo(const Dialog& dialog, std::ostream* out) {
  *out << dialog.file;
}

Result<Dialog> parse_dialog(const std::string& file, const std::string& text);
// Every .dlg file of a folder, by name. Aborts the test program if one cannot be read.
std::vector<Dialog> read_dialogs(const std::string& folder);

}  // namespace pawl::dialogs
