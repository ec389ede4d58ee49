#include "app/command.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/commands.h"
#include "app/help.h"

namespace pawl::app {
namespace {

constexpr Option kOptions[] = {{"config", 'c', "FILE", "read this file"},
                               {"json", 0, "", "for programs"}};
constexpr Command kCommand{.name = "explain",
                           .operands = "DOMAIN...",
                           .min_operands = 1,
                           .max_operands = 2,
                           .summary = "Explain",
                           .options = kOptions};

Result<Arguments> parse(std::vector<std::string> words) {
  return parse_arguments(kCommand, words);
}

std::string complaint(std::vector<std::string> words) {
  auto arguments = parse(std::move(words));
  return arguments ? "" : arguments.error().detail;
}

TEST(Arguments, AllSpellingsOfAValueAreOne) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--config", "f", "d"},
                                                {"--config=f", "d"},
                                                {"-c", "f", "d"},
                                                {"-cf", "d"},
                                                {"d", "-c", "f"}}) {
    auto arguments = parse(words);
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->value("config"), "f");
    EXPECT_EQ(arguments->operands(), std::vector<std::string>{"d"});
    EXPECT_FALSE(arguments->has("json"));
  }
}

TEST(Arguments, TwoDashesEndTheOptions) {
  auto arguments = parse({"--json", "--", "-x"});
  ASSERT_TRUE(arguments);
  EXPECT_TRUE(arguments->has("json"));
  EXPECT_EQ(arguments->operands(), std::vector<std::string>{"-x"});
}

TEST(Arguments, WrongUsageNamesTheNextStep) {
  EXPECT_NE(complaint({"--confg", "x", "d"}).find("did you mean --config?"), std::string::npos);
  EXPECT_NE(complaint({"-z", "d"}).find("pawl explain --help"), std::string::npos);
  EXPECT_NE(complaint({"d", "--config"}).find("needs a value: FILE"), std::string::npos);
  EXPECT_NE(complaint({"--json=1", "d"}).find("takes no value"), std::string::npos);
  EXPECT_NE(complaint({}).find("usage: pawl explain DOMAIN..."), std::string::npos);
  EXPECT_NE(complaint({"a", "b", "c"}).find("one argument too many"), std::string::npos);
}

TEST(Arguments, WrongUsageExitsAsSysexitsSays) {
  EXPECT_EQ(row(parse({}).error().code).exit_status, 64);
}

TEST(Commands, EachHasAUniqueNameASummaryAndAFunction) {
  std::vector<std::string_view> names;
  for (const Command* command : commands()) {
    EXPECT_FALSE(command->summary.empty()) << command->name;
    EXPECT_FALSE(command->summary.ends_with('.')) << command->name;
    EXPECT_NE(command->run, nullptr) << command->name;
    EXPECT_EQ(std::ranges::count(names, command->name), 0) << command->name;
    names.push_back(command->name);
  }
}

TEST(Commands, TheLongestNameIsFound) {
  std::vector<std::string> words = {"config", "check", "file"};
  EXPECT_EQ(find_command(words), &config_check_command);
  words = {"config"};
  EXPECT_EQ(find_command(words), nullptr);
}

TEST(Commands, AllStandInHelpManPageAndCompletion) {
  for (const Command* command : commands()) {
    EXPECT_NE(help_overview().find(command->name), std::string::npos);
    for (const Option& option : command->options) {
      EXPECT_NE(bash_completion().find("--" + std::string(option.name)), std::string::npos);
      EXPECT_NE(help_for(*command).find("--" + std::string(option.name)), std::string::npos);
    }
  }
  EXPECT_NE(help_for_group("config").find("config check"), std::string::npos);
  EXPECT_EQ(help_for_group("conf"), "");
}

TEST(Nearest, SuggestsOnlyWhatIsNear) {
  std::vector<std::string_view> names = {"encrypt", "dane-only", "may"};
  EXPECT_EQ(nearest("encript", names), "encrypt");
  EXPECT_EQ(nearest("dane_only", names), "dane-only");
  EXPECT_EQ(nearest("purple", names), "");
}

}  // namespace
}  // namespace pawl::app
