#include "app/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/version.h"
#include "base/text.h"

namespace pawl::app {

namespace {

std::string option_text(const Option& option) {
  std::string text = option.letter != 0 ? fmt::format("-{}, ", option.letter) : "    ";
  text += fmt::format("--{}", option.name);
  if (!option.value.empty()) text += fmt::format(" {}", option.value);
  return text;
}

std::string usage_line(const Command& command) {
  std::string line = fmt::format("pawl {}", command.name);
  if (!command.options.empty()) line += " [OPTION...]";
  if (!command.operands.empty()) line += fmt::format(" {}", command.operands);
  return line;
}

// A backslash or a leading dot means something to troff.
std::string troff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string_view first_word(std::string_view name) {
  return name.substr(0, name.find(' '));
}

}  // namespace

std::string help_overview() {
  std::string text =
      "Pawl: mail under the strongest transport protection its destination promised, or not at "
      "all.\n\nUsage: pawl COMMAND [OPTION...]\n\n";
  std::size_t width = 0;
  for (const Command* command : commands()) width = std::max(width, command->name.size());
  for (const Command* command : commands()) {
    text += fmt::format("  {:<{}}  {}\n", command->name, width, command->summary);
  }
  text +=
      "\n`pawl COMMAND --help` shows a command's options. Called as `sendmail`, Pawl behaves as "
      "`pawl send`.\n";
  return text;
}

std::string help_for(const Command& command) {
  std::string text = fmt::format("Usage: {}\n\n{}.\n", usage_line(command), command.summary);
  if (!command.description.empty()) text += fmt::format("\n{}\n", command.description);
  if (!command.options.empty()) {
    text += "\nOptions:\n";
    std::size_t width = 0;
    for (const Option& option : command.options) {
      width = std::max(width, option_text(option).size());
    }
    for (const Option& option : command.options) {
      text += fmt::format("  {:<{}}  {}\n", option_text(option), width, option.help);
    }
  }
  return text;
}

std::string help_for_group(std::string_view group) {
  std::string text;
  for (const Command* command : commands()) {
    if (command->name.size() > group.size() && command->name.starts_with(group) &&
        command->name[group.size()] == ' ') {
      text += fmt::format("  pawl {:<18}  {}\n", command->name, command->summary);
    }
  }
  return text.empty() ? text : fmt::format("Usage: pawl {} COMMAND\n\n{}", group, text);
}

std::string man_page() {
  std::string text = fmt::format(
      ".TH PAWL 1 \"\" \"pawl {}\" \"Pawl\"\n.SH NAME\npawl \\- mail transport that cannot be "
      "talked down\n.SH SYNOPSIS\n.B pawl\n.I COMMAND\n[\\fIOPTION\\fR...]\n.SH DESCRIPTION\n"
      "Sends mail under the strongest transport protection its destination promised (DANE, "
      "MTA\\-STS, local rules), or not at all, and says why.\n.SH COMMANDS\n",
      kVersion);
  for (const Command* command : commands()) {
    text += fmt::format(".SS {}\n{}.\n", troff(usage_line(*command)), troff(command->summary));
    if (!command->description.empty()) {
      text += fmt::format(".PP\n{}\n", troff(command->description));
    }
    for (const Option& option : command->options) {
      text += fmt::format(".TP\n.B {}\n{}.\n", troff(option_text(option)), troff(option.help));
    }
  }
  text +=
      ".SH EXIT STATUS\nThose of sysexits.h: 0 success, 64 wrong usage, 75 try later, 78 wrong "
      "configuration.\n.SH SEE ALSO\n.BR pawl.toml (5)\n";
  return text;
}

std::string bash_completion() {
  std::vector<std::string> first_words;
  std::string exact;                          // "config check") ...
  std::map<std::string, std::string> groups;  // "config "*) ...
  std::string single;                         // "relay "*) ...
  for (const Command* command : commands()) {
    std::string word(first_word(command->name));
    if (std::ranges::find(first_words, word) == first_words.end()) first_words.push_back(word);
    std::string options = "--help";
    for (const Option& option : command->options) options += fmt::format(" --{}", option.name);
    if (word == command->name) {
      single += fmt::format("      \"{} \"*) choices=\"{}\" ;;\n", word, options);
    } else {
      exact += fmt::format("      \"{}\") choices=\"{}\" ;;\n", command->name, options);
      groups[word] += fmt::format(" {}", command->name.substr(word.size() + 1));
    }
  }
  std::string text = fmt::format(
      "# bash completion for pawl, made by `pawl help --completion`\n_pawl() {{\n"
      "  local word=\"${{COMP_WORDS[COMP_CWORD]}}\" choices=\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    choices=\"{}\"\n  else\n"
      "    case \"${{COMP_WORDS[1]}} ${{COMP_WORDS[2]}}\" in\n{}",
      join(first_words, " "), exact);
  for (const auto& [group, words] : groups) {
    text += fmt::format("      \"{} \"*) choices=\"{}\" ;;\n", group, trim(words));
  }
  return text + single +
         "    esac\n  fi\n  COMPREPLY=($(compgen -W \"$choices\" -- \"$word\"))\n"
         "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "}\ncomplete -o filenames -F _pawl pawl\n";
}

}  // namespace pawl::app
