// The one table of settings: the parser, `pawl config check|show|doc` and pawl.toml(5) are made
// of it.
#pragma once

#include <span>
#include <string_view>

#include "app/setting_kinds.h"

namespace pawl::app {

// A section of the file: "" is the top level, [dns] stands once, [[rule]] may repeat.
struct Section {
  std::string_view name;
  bool repeats = false;
  std::string_view help;
  std::size_t (*count)(const Settings&) = nullptr;  // of a section that repeats
  void (*append)(Settings&, const std::string& origin) = nullptr;
};

struct Setting {
  std::string_view section;
  std::string_view key;
  bool required = false;  // in each of its sections
  std::string (*allowed)() = nullptr;
  Wrong (*read)(Settings&, std::size_t index, const ConfigNode&) = nullptr;
  std::string (*show)(const Settings&, std::size_t index) = nullptr;  // empty: not set
  std::string_view help;
};

// Takes effect on SIGHUP; the others want a restart.
bool reloads(const Setting& setting);

std::span<const Section> sections();
std::span<const Setting> settings_table();

}  // namespace pawl::app
