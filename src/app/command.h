// A command of the program: its row in the table (commands.cpp) is what the parser, the help, the
// completion and the man page are made of. One command, one short file, one function.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace pawl::app {

struct Option {
  std::string_view name;   // "config" is written --config
  char letter = 0;         // 'c' is written -c; 0: none
  std::string_view value;  // "FILE"; empty: a flag
  std::string_view help;   // a clause without a full stop
};

// What stood on the command line, after it was held against the command's row.
class Arguments {
 public:
  bool has(std::string_view option) const;
  // The last one given.
  std::optional<std::string> value(std::string_view option) const;
  std::vector<std::string> values(std::string_view option) const;
  const std::vector<std::string>& operands() const { return operands_; }

  void add_option(std::string_view option, std::string value);
  void add_operand(std::string operand) { operands_.push_back(std::move(operand)); }

 private:
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<std::string> operands_;
};

struct Command {
  std::string_view name;           // "explain", "queue list"
  std::string_view operands = {};  // "DOMAIN...", as shown; empty: none
  std::size_t min_operands = 0;    // checked before run() is called
  std::size_t max_operands = 0;
  std::string_view summary = {};      // one clause, for the list of commands
  std::string_view description = {};  // paragraphs for its own help and the man page
  std::span<const Option> options = {};
  int (*run)(const Arguments& arguments) = nullptr;  // returns the exit status (sysexits.h)
  // Takes every argument as an operand: `send` reads sendmail's flags itself.
  bool own_arguments = false;
};

std::span<const Command* const> commands();

// The rest of the command line behind the command's name. Errors: invalid_argument, with the next
// step in its detail.
Result<Arguments> parse_arguments(const Command& command, std::span<const std::string> words);

// The command whose name the words begin with ("queue list" before "queue"); null if none.
const Command* find_command(std::span<const std::string> words);

// The whole program behind main(): returns the exit status.
int run_program(std::span<const std::string> words);

// Prints "pawl COMMAND: SENTENCE" to stderr and returns the exit status of its code.
int complain(std::string_view command, const Error& error);

// Of these names, the one that was probably meant; empty if none is near.
std::string nearest(std::string_view word, std::span<const std::string_view> names);

}  // namespace pawl::app
