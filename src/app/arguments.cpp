#include <fmt/format.h>

#include <algorithm>

#include "app/command.h"
#include "base/text.h"

namespace pawl::app {

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

const Option* find_option(const Command& command, std::string_view name, char letter) {
  for (const Option& option : command.options) {
    if ((!name.empty() && option.name == name) || (letter != 0 && option.letter == letter)) {
      return &option;
    }
  }
  return nullptr;
}

std::unexpected<Error> unknown_option(const Command& command, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Option& option : command.options) names.push_back(option.name);
  std::string near = nearest(word.substr(std::min<std::size_t>(2, word.size())), names);
  std::string meant = near.empty() ? "" : fmt::format(" (did you mean --{}?)", near);
  return fail(Code::invalid_argument,
              fmt::format("there is no option {}{}; `pawl {} --help` lists the options",
                          printable(word, 60), meant, command.name));
}

std::unexpected<Error> wrong_value(const Command& command, const Option& option,
                                   std::string_view what) {
  return fail(Code::invalid_argument,
              fmt::format("--{} {}; `pawl {} --help` shows how", option.name, what, command.name));
}

}  // namespace

bool Arguments::has(std::string_view option) const {
  return value(option).has_value();
}

std::optional<std::string> Arguments::value(std::string_view option) const {
  for (auto it = options_.rbegin(); it != options_.rend(); ++it) {
    if (it->first == option) return it->second;
  }
  return std::nullopt;
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  std::vector<std::string> found;
  for (const auto& [name, value] : options_) {
    if (name == option) found.push_back(value);
  }
  return found;
}

void Arguments::add_option(std::string_view option, std::string value) {
  options_.emplace_back(option, std::move(value));
}

std::string nearest(std::string_view word, std::span<const std::string_view> names) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (std::string_view name : names) {
    bool shortened = word.size() >= 3 && name.starts_with(word);
    std::size_t distance = shortened ? 0 : edit_distance(word, name);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

Result<Arguments> parse_arguments(const Command& command, std::span<const std::string> words) {
  Arguments arguments;
  bool only_operands = command.own_arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (only_operands || word == "-" || !word.starts_with('-')) {
      arguments.add_operand(words[i]);
      continue;
    }
    if (word == "--") {
      only_operands = true;
      continue;
    }
    bool is_long = word.starts_with("--");
    std::string_view name = is_long ? word.substr(2) : std::string_view();
    std::string_view attached;
    bool has_attached = false;
    if (is_long) {
      std::size_t equals = name.find('=');
      has_attached = equals != std::string_view::npos;
      if (has_attached) {
        attached = name.substr(equals + 1);
        name = name.substr(0, equals);
      }
    } else if (word.size() > 2) {
      has_attached = true;
      attached = word.substr(2);
    }
    const Option* option = find_option(command, name, is_long ? '\0' : word[1]);
    if (option == nullptr) return unknown_option(command, word);
    if (option->value.empty()) {
      if (has_attached) return wrong_value(command, *option, "takes no value");
      arguments.add_option(option->name, "");
    } else if (has_attached) {
      arguments.add_option(option->name, std::string(attached));
    } else if (i + 1 < words.size()) {
      arguments.add_option(option->name, words[++i]);
    } else {
      return wrong_value(command, *option, fmt::format("needs a value: {}", option->value));
    }
  }
  if (command.own_arguments) return arguments;
  std::size_t count = arguments.operands().size();
  if (count < command.min_operands) {
    return fail(Code::invalid_argument,
                fmt::format("{} is missing; usage: pawl {} {}", command.operands, command.name,
                            command.operands));
  }
  if (count > command.max_operands) {
    return fail(
        Code::invalid_argument,
        fmt::format("\"{}\" is one argument too many; `pawl {} --help` shows the usage",
                    printable(arguments.operands()[command.max_operands], 60), command.name));
  }
  return arguments;
}

}  // namespace pawl::app
