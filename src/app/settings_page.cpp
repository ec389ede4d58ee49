// The views of the table of settings: `pawl config show`, docs/settings.md, pawl.toml(5).
#include <fmt/format.h>

#include "app/settings_table.h"

namespace pawl::app {

namespace {

std::string header_line(const Section& section) {
  return section.repeats ? fmt::format("[[{}]]", section.name) : fmt::format("[{}]", section.name);
}

// Every section that repeats, once, so that each row's default can be shown.
Settings one_of_each() {
  Settings settings;
  for (const Section& section : sections()) {
    if (section.repeats) section.append(settings, "");
  }
  return settings;
}

std::string default_text(const Setting& setting, const Settings& defaults) {
  if (setting.required) return "required";
  std::string text = setting.show(defaults, 0);
  return text.empty() ? "unset" : text;
}

}  // namespace

std::string show_settings(const Settings& settings) {
  Settings defaults = one_of_each();
  std::string text;
  for (const Section& section : sections()) {
    std::size_t count = section.repeats ? section.count(settings) : 1;
    for (std::size_t i = 0; i < count; ++i) {
      if (!section.name.empty()) text += fmt::format("\n{}\n", header_line(section));
      for (const Setting& setting : settings_table()) {
        if (setting.section != section.name) continue;
        std::string value = setting.show(settings, i);
        if (value.empty()) {
          text += fmt::format("# {} is unset\n", setting.key);
        } else if (setting.required || value == setting.show(defaults, 0)) {
          text += fmt::format("{} = {}\n", setting.key, value);
        } else {
          text += fmt::format("{} = {}  # default: {}\n", setting.key, value,
                              default_text(setting, defaults));
        }
      }
    }
  }
  return text;
}

std::string settings_page() {
  Settings defaults = one_of_each();
  std::string text =
      "# Settings\n\n"
      "Made by `pawl config doc` from the table that the parser uses (src/app/settings_table.cpp); "
      "a test keeps the two equal.\n\n"
      "The file is TOML, by default `/etc/pawl/pawl.toml`. Every setting has a default, so that "
      "Pawl runs without a file. A key that is not listed here is an error. `pawl config check` "
      "names what is wrong with file, line and column; on SIGHUP a file with errors changes "
      "nothing.\n";
  for (const Section& section : sections()) {
    text += section.name.empty()
                ? "\n## At the top\n\n"
                : fmt::format("\n## `{}`\n\n{}\n\n", header_line(section), section.help);
    text += "| key | value | default | SIGHUP | meaning |\n|---|---|---|---|---|\n";
    for (const Setting& setting : settings_table()) {
      if (setting.section != section.name) continue;
      text += fmt::format("| `{}` | {} | `{}` | {} | {} |\n", setting.key, setting.allowed(),
                          default_text(setting, defaults), reloads(setting) ? "yes" : "restart",
                          setting.help);
    }
  }
  return text;
}

std::string settings_man_page() {
  Settings defaults = one_of_each();
  auto troff = [](std::string_view text) {
    std::string out;
    for (char c : text) {
      if (c == '\\' || c == '-') out += '\\';
      out += c == '\\' ? 'e' : c;
    }
    return out;
  };
  std::string text = fmt::format(
      ".TH PAWL.TOML 5 \"\" \"pawl {}\" \"Pawl\"\n.SH NAME\npawl.toml \\- configuration of "
      "pawl(1)\n.SH DESCRIPTION\nA TOML file. Every setting has a default; a key that is not "
      "listed here is an error. Check it with\n.BR \"pawl config check\" .\n",
      PAWL_VERSION);
  for (const Section& section : sections()) {
    text += section.name.empty()
                ? ".SH AT THE TOP\n"
                : fmt::format(".SH {}\n{}\n", header_line(section), troff(section.help));
    for (const Setting& setting : settings_table()) {
      if (setting.section != section.name) continue;
      text +=
          fmt::format(".TP\n.B {}\n{} Value: {}. Default: {}.\n", setting.key, troff(setting.help),
                      troff(setting.allowed()), troff(default_text(setting, defaults)));
    }
  }
  return text + ".SH SEE ALSO\n.BR pawl (1)\n";
}

}  // namespace pawl::app
