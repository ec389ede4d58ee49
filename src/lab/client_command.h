// One command of a client who has logged in, with its literals read (rfc9051#4.3, rfc5804#4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/connection.h"

namespace pawl::lab {

// The whole command, lines and literals as they came, without the last line ending. `invitation` is
// what a literal that waits is answered with.
Result<std::string> read_command(Connection& client, std::string_view invitation);

// Its arguments: atoms, the contents of strings and literals, and parenthesized lists as they came.
std::vector<std::string> arguments_of(std::string_view command);

}  // namespace pawl::lab
