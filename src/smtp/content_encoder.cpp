#include "smtp/content_encoder.h"

#include <cstring>

namespace pawl::smtp {

namespace {

bool holds(std::string_view text, char c) {
  return !text.empty() && std::memchr(text.data(), c, text.size()) != nullptr;
}

}  // namespace

Result<> ContentEncoder::add(std::string_view piece, std::string& out) {
  out.reserve(out.size() + piece.size() + piece.size() / 64 + 8);
  while (!piece.empty()) {
    if (after_cr_) {
      if (piece.front() != '\n') return fail(Code::bare_line_ending, "CR without LF");
      out += "\r\n";
      piece.remove_prefix(1);
      after_cr_ = false;
      line_start_ = true;
      continue;
    }
    std::size_t end = piece.find('\n');
    std::string_view line = piece.substr(0, end);
    if (end == std::string_view::npos) {
      after_cr_ = line.ends_with('\r');
    } else if (!line.ends_with('\r')) {
      return fail(Code::bare_line_ending, "LF without CR");
    }
    std::string_view text = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    if (holds(text, '\r')) return fail(Code::bare_line_ending, "CR without LF");
    if (dots_ && line_start_ && text.starts_with('.')) out += '.';
    out += text;
    if (!text.empty()) line_start_ = false;
    if (end == std::string_view::npos) return {};
    out += "\r\n";
    line_start_ = true;
    piece.remove_prefix(end + 1);
  }
  return {};
}

Result<> ContentEncoder::finish(std::string& out) {
  if (after_cr_) return fail(Code::bare_line_ending, "CR at the end");
  if (!dots_) return {};
  if (!line_start_) out += "\r\n";
  out += ".\r\n";
  return {};
}

}  // namespace pawl::smtp
