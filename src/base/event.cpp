#include "base/event.h"

#include <fmt/format.h>

#include <array>

namespace pawl {

namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (u < 0x20 || u == 0x7f) {
      out += fmt::format("\\u{:04x}", u);
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_bare(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

std::string_view name(Severity severity) {
  constexpr std::array<std::string_view, 6> kNames = {"debug",   "info",  "notice",
                                                      "warning", "alert", "error"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::string format_text(const Event& event, WallTime at) {
  std::string line = format_rfc3339(at);
  line += ' ';
  line += name(event.severity);
  line += ' ';
  line += event.name;
  for (const auto& [key, value] : event.fields) {
    line += ' ';
    line += key;
    line += '=';
    if (is_bare(value)) {
      line += value;
    } else {
      append_quoted(line, value);
    }
  }
  return line;
}

std::string format_json(const Event& event, WallTime at) {
  std::string line = "{\"time\":\"" + format_rfc3339(at) + "\",\"severity\":\"";
  line += name(event.severity);
  line += "\",\"event\":";
  append_quoted(line, event.name);
  for (const auto& [key, value] : event.fields) {
    line += ',';
    append_quoted(line, key);
    line += ':';
    append_quoted(line, value);
  }
  return line + '}';
}

}  // namespace pawl
