#include "base/error.h"

#include <array>

namespace pawl {

namespace {
constexpr std::array kRows = {
#define PAWL_CODE(name, text, retry, status, report, exit) \
  CodeRow{#name, text, Retry::retry, status, report, exit},
#include "base/error_codes.def"
#undef PAWL_CODE
};
}  // namespace

const CodeRow& row(Code code) {
  return kRows[static_cast<std::size_t>(code)];
}

std::string Error::sentence() const {
  std::string text(row(code).text);
  if (!detail.empty()) text += ": " + detail;
  return text;
}

}  // namespace pawl
