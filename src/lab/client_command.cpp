#include "lab/client_command.h"

#include <algorithm>

#include "base/limits.h"
#include "starttls/string_argument.h"

namespace pawl::lab {
namespace {

// An atom or a list up to the space behind it; brackets, parentheses and quotes hold theirs.
std::size_t atom_end(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"' && depth > 0) quoted = !quoted;
    if (quoted) continue;
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (c == ' ' && depth <= 0) return i;
  }
  return text.size();
}

}  // namespace

Result<std::string> read_command(Connection& client, std::string_view invitation) {
  TRY(std::string command, client.read_line());
  std::size_t line = 0;
  while (auto mark = starttls::literal_mark(std::string_view(command).substr(line))) {
    if (mark->size >= limits::kMessageSize) return fail(Code::too_large);
    if (mark->waits) TRY_VOID(client.write(invitation));
    TRY(std::string literal, client.read_exactly(mark->size));
    TRY(std::string rest, client.read_line());
    command += "\r\n" + literal;
    line = command.size();
    command += rest;
  }
  return command;
}

std::vector<std::string> arguments_of(std::string_view command) {
  std::vector<std::string> arguments;
  while (true) {
    while (command.starts_with(' ')) command.remove_prefix(1);
    if (command.empty()) return arguments;
    if (command[0] == '"' || command[0] == '{') {
      auto text = starttls::take_argument(command);
      if (!text) return arguments;
      arguments.emplace_back(text->reveal());
    } else {
      std::size_t end = atom_end(command);
      arguments.emplace_back(command.substr(0, end));
      command.remove_prefix(end);
    }
  }
}

}  // namespace pawl::lab
