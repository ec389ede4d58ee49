#include <fmt/format.h>

#include <cstdio>

#include "app/commands.h"
#include "app/help.h"
#include "app/version.h"

namespace pawl::app {

namespace {

constexpr Option kOptions[] = {
    {"man", 0, "", "print the man page pawl(1)"},
    {"completion", 0, "", "print the completion for bash"},
};

int run_help(const Arguments& arguments) {
  if (arguments.has("man")) {
    fmt::print("{}", man_page());
    return 0;
  }
  if (arguments.has("completion")) {
    fmt::print("{}", bash_completion());
    return 0;
  }
  if (arguments.operands().empty()) {
    fmt::print("{}", help_overview());
    return 0;
  }
  if (const Command* command = find_command(arguments.operands()); command != nullptr) {
    fmt::print("{}", help_for(*command));
    return 0;
  }
  std::string group = help_for_group(arguments.operands().front());
  if (group.empty()) {
    return complain("help", Error(Code::invalid_argument,
                                  fmt::format("there is no command \"{}\"; `pawl help` lists them",
                                              arguments.operands().front())));
  }
  fmt::print("{}", group);
  return 0;
}

int run_version(const Arguments&) {
  fmt::print("pawl {}\n", kVersion);
  return 0;
}

}  // namespace

constinit const Command help_command{
    .name = "help",
    .operands = "[COMMAND]",
    .max_operands = 2,
    .summary = "Show the commands, or one command's usage",
    .options = kOptions,
    .run = run_help,
};

constinit const Command version_command{
    .name = "version",
    .summary = "Print the version",
    .run = run_version,
};

}  // namespace pawl::app
