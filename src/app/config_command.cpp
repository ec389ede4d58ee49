#include <fmt/format.h>

#include <cstdio>

#include "app/commands.h"
#include "app/composition.h"
#include "app/settings.h"

namespace pawl::app {

namespace {

constexpr Option kFileOption[] = {
    {"config", 'c', "FILE", "read this file (default: /etc/pawl/pawl.toml)"},
};

std::optional<std::string> file_of(const Arguments& arguments) {
  if (!arguments.operands().empty()) return arguments.operands().front();
  return arguments.value("config");
}

// Each problem is a line of its own that editors can jump to.
int complain_about_file(const Error& error) {
  fmt::print(stderr, "{}\n", error.detail.empty() ? error.sentence() : error.detail);
  return row(error.code).exit_status;
}

int run_check(const Arguments& arguments) {
  std::string file = file_of(arguments).value_or(kDefaultConfigFile);
  auto settings = load_settings(file);
  if (!settings) return complain_about_file(settings.error());
  if (auto logins = logins_of(*settings); !logins) return complain_about_file(logins.error());
  fmt::print("{} is valid\n", file);
  return 0;
}

int run_show(const Arguments& arguments) {
  auto settings = load_settings_or_default(file_of(arguments));
  if (!settings) return complain_about_file(settings.error());
  fmt::print("{}", show_settings(*settings));
  return 0;
}

constexpr Option kDocOptions[] = {
    {"man", 0, "", "as the man page pawl.toml(5)"},
};

int run_doc(const Arguments& arguments) {
  fmt::print("{}", arguments.has("man") ? settings_man_page() : settings_page());
  return 0;
}

}  // namespace

constinit const Command config_check_command{
    .name = "config check",
    .operands = "[FILE]",
    .max_operands = 1,
    .summary = "Say what is wrong with a configuration file",
    .description = "Exit status 0 if it is valid, 78 if not. Nothing is started or changed.",
    .options = kFileOption,
    .run = run_check,
};

constinit const Command config_show_command{
    .name = "config show",
    .operands = "[FILE]",
    .max_operands = 1,
    .summary = "Print every setting as it is in force",
    .description = "What differs from its default says so.",
    .options = kFileOption,
    .run = run_show,
};

constinit const Command config_doc_command{
    .name = "config doc",
    .summary = "Print the manual of all settings",
    .options = kDocOptions,
    .run = run_doc,
};

}  // namespace pawl::app
