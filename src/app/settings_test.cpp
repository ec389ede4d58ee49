#include "app/settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/settings_table.h"

namespace pawl::app {
namespace {

const std::filesystem::path kGolden = PAWL_SOURCE_DIR "/tests/golden/config";

std::string file_text(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// PAWL_BLESS=1 writes what came out as what is expected; the reviewer reads the difference.
void expect_golden(const std::filesystem::path& path, const std::string& text) {
  if (std::getenv("PAWL_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(file_text(path), text) << path;
}

std::string outcome(const std::string& toml) {
  LoadedSettings loaded = read_settings(toml, "pawl.toml");
  std::string text;
  for (const ConfigProblem& problem : loaded.problems) {
    text += problem.sentence("pawl.toml") + "\n";
  }
  return text.empty() ? show_settings(loaded.settings) : text;
}

class SettingsGolden : public testing::TestWithParam<std::string> {};

TEST_P(SettingsGolden, EndsAsReviewed) {
  auto path = kGolden / (GetParam() + ".toml");
  expect_golden(kGolden / (GetParam() + ".out"), outcome(file_text(path)));
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Config, SettingsGolden, testing::ValuesIn(cases()), [](const auto& at) {
  std::string name = at.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Settings, WhatIsShownReadsBackAsTheSame) {
  LoadedSettings loaded = read_settings(file_text(kGolden / "valid.toml"), "pawl.toml");
  ASSERT_TRUE(loaded.problems.empty());
  std::string shown = show_settings(loaded.settings);
  LoadedSettings again = read_settings(shown, "pawl.toml");
  ASSERT_TRUE(again.problems.empty()) << again.problems.front().sentence("shown");
  EXPECT_EQ(show_settings(again.settings), shown);
}

TEST(Settings, EveryProblemNamesALineAndWhatIsAllowed) {
  for (const std::string& name : cases()) {
    LoadedSettings loaded = read_settings(file_text(kGolden / (name + ".toml")), "pawl.toml");
    for (const ConfigProblem& problem : loaded.problems) {
      EXPECT_GT(problem.place.line, 0) << name;
      EXPECT_GT(problem.place.column, 0) << name;
      EXPECT_FALSE(problem.found.empty()) << name;
      EXPECT_FALSE(problem.allowed.empty()) << name;
    }
  }
}

TEST(Settings, RulesRememberWhereTheyStand) {
  LoadedSettings loaded =
      read_settings("\n[[rule]]\nmatch = \"a.example\"\nlevel = \"encrypt\"\n", "pawl.toml");
  ASSERT_EQ(loaded.settings.rules.size(), 1U);
  EXPECT_EQ(loaded.settings.rules[0].origin, "pawl.toml:2");
}

TEST(Settings, WithoutAFileOnlyThisHostMayRelay) {
  Settings settings;
  complete_settings(settings);
  ASSERT_FALSE(settings.client_networks.empty());
  for (const Network& network : settings.client_networks) {
    EXPECT_TRUE(network.address.is_loopback()) << network.text();
  }
  ASSERT_EQ(settings.listeners.size(), 1U);
  EXPECT_TRUE(settings.listeners[0].address.address.is_loopback());
}

TEST(Settings, EverySettingIsDocumented) {
  std::string page = settings_page();
  std::string man = settings_man_page();
  for (const Setting& setting : settings_table()) {
    EXPECT_NE(page.find("`" + std::string(setting.key) + "`"), std::string::npos);
    EXPECT_NE(man.find(setting.key), std::string::npos);
    EXPECT_TRUE(setting.help.ends_with('.')) << setting.key;
  }
}

TEST(Settings, ThePageInTheTreeIsTheTable) {
  expect_golden(PAWL_SOURCE_DIR "/docs/settings.md", settings_page());
}

TEST(Settings, AMissingFileIsNamed) {
  auto settings = load_settings("/nonexistent/pawl.toml");
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, Code::config_invalid);
  EXPECT_NE(settings.error().detail.find("/nonexistent/pawl.toml"), std::string::npos);
}

}  // namespace
}  // namespace pawl::app
