#include "dialogs/dialog.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/bytes.h"
#include "base/text.h"

namespace pawl::dialogs {

namespace {

Result<std::string> unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') {
      std::size_t star = text.find('*', i);
      std::size_t end = text.find('}', i);
      if (star != std::string_view::npos && end != std::string_view::npos && star < end) {
        auto count = parse_decimal(text.substr(star + 1, end - star - 1), 10'000'000);
        if (!count) return fail(Code::syntax, "{text*COUNT}");
        for (std::uint64_t n = 0; n < *count; ++n) bytes += text.substr(i + 1, star - i - 1);
        i = end;
        continue;
      }
    }
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    if (++i == text.size()) break;
    constexpr std::string_view kNames = "rnt0\\";
    constexpr std::string_view kBytes("\r\n\t\0\\", 5);
    if (std::size_t at = kNames.find(text[i]); at != std::string_view::npos) {
      bytes += kBytes[at];
    } else if (text[i] == 'x') {
      TRY(std::string byte, from_hex(text.substr(i + 1, 2)));
      bytes += byte;
      i += 2;
    } else {
      return fail(Code::syntax, "no such escape");
    }
  }
  return bytes;
}

}  // namespace

Result<Dialog> parse_dialog(const std::string& file, const std::string& text) {
  Dialog dialog{.file = file, .options = {}, .steps = {}};
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    auto where = [&](std::string_view what) {
      return fail(Code::syntax, fmt::format("{}:{}: {}", file, number, what));
    };
    if (line.empty() || line[0] == '#') continue;
    std::string_view form = std::string_view(line).substr(0, 2);
    std::string_view rest = line.size() > 3 ? std::string_view(line).substr(3) : "";
    Step step{.kind = Step::Kind::action, .bytes = {}, .line = number};
    if (line.starts_with("option ")) {
      std::string_view option = std::string_view(line).substr(7);
      std::size_t equals = option.find('=');
      dialog.options[std::string(option.substr(0, equals))] =
          equals == std::string_view::npos ? "1" : std::string(option.substr(equals + 1));
      continue;
    }
    if (form == "C:" || form == "C+" || form == "M:") {
      auto bytes = unescape(rest);
      if (!bytes) return where(bytes.error().sentence());
      step.kind = form == "M:" ? Step::Kind::message : Step::Kind::client;
      step.bytes = *bytes + (form == "C+" ? "" : "\r\n");
    } else if (form == "S:") {
      step.kind = Step::Kind::server;
      step.bytes = std::string(rest) + "\r\n";
    } else if (line == "TLS") {
      step.kind = Step::Kind::tls;
    } else if (line == "CLOSED") {
      step.kind = Step::Kind::closed;
    } else if (line == "INJECTION") {
      step.kind = Step::Kind::injection;
    } else if (line.starts_with("DO ")) {
      step.bytes = line.substr(3);
    } else {
      return where("not a step: " + printable(line, 40));
    }
    dialog.steps.push_back(std::move(step));
  }
  return dialog;
}

std::vector<Dialog> read_dialogs(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".dlg") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Dialog> dialogs;
  for (const auto& file : files) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    auto dialog = parse_dialog(file.filename().string(), text.str());
    if (!dialog) {
      std::cerr << dialog.error().sentence() << '\n';
      std::abort();
    }
    dialogs.push_back(*std::move(dialog));
  }
  return dialogs;
}

}  // namespace pawl::dialogs
