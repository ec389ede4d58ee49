// From the words of the command line to a command, and wrong usage to a next step.
#include <fmt/format.h>

#include <cstdio>

#include "app/command.h"
#include "app/help.h"
#include "app/version.h"
#include "base/text.h"

namespace pawl::app {

namespace {

constexpr int kUsage = 64;

std::size_t word_count(std::string_view name) {
  return split(name, ' ').size();
}

bool asks_for_help(const Command& command, std::span<const std::string> words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "--help" || (word == "-h" && !command.own_arguments)) return true;
  }
  return false;
}

int unknown_command(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Command* command : commands()) names.push_back(command->name);
  std::string near = nearest(word, names);
  fmt::print(stderr, "pawl: there is no command \"{}\"{}; `pawl help` lists the commands\n",
             printable(word, 60), near.empty() ? "" : fmt::format(" (did you mean {}?)", near));
  return kUsage;
}

}  // namespace

const Command* find_command(std::span<const std::string> words) {
  const Command* best = nullptr;
  for (const Command* command : commands()) {
    std::vector<std::string_view> name = split(command->name, ' ');
    if (name.size() > words.size()) continue;
    bool equal = true;
    for (std::size_t i = 0; i < name.size(); ++i) equal = equal && name[i] == words[i];
    if (equal && (best == nullptr || name.size() > word_count(best->name))) best = command;
  }
  return best;
}

int complain(std::string_view command, const Error& error) {
  // Wrong usage speaks for itself: the table's general clause would only stand in the way.
  bool plain = error.code == Code::invalid_argument && !error.detail.empty();
  fmt::print(stderr, "pawl {}: {}\n", command, plain ? error.detail : error.sentence());
  return row(error.code).exit_status;
}

int run_program(std::span<const std::string> words) {
  if (words.empty()) {
    fmt::print(stderr, "{}", help_overview());
    return kUsage;
  }
  if (words[0] == "--help" || words[0] == "-h") {
    fmt::print("{}", help_overview());
    return 0;
  }
  if (words[0] == "--version" || words[0] == "-V") {
    fmt::print("pawl {}\n", kVersion);
    return 0;
  }
  const Command* command = find_command(words);
  if (command == nullptr) {
    std::string group = help_for_group(words[0]);
    if (group.empty()) return unknown_command(words[0]);
    bool asked = words.size() > 1 && (words[1] == "--help" || words[1] == "-h");
    fmt::print(asked ? stdout : stderr, "{}", group);
    return asked ? 0 : kUsage;
  }
  auto rest = words.subspan(word_count(command->name));
  if (asks_for_help(*command, rest)) {
    fmt::print("{}", help_for(*command));
    return 0;
  }
  Result<Arguments> arguments = parse_arguments(*command, rest);
  if (!arguments) return complain(command->name, arguments.error());
  return command->run(*arguments);
}

}  // namespace pawl::app
