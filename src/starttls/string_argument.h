// The strings of commands, as IMAP (rfc9051#4.3) and ManageSieve (rfc5804#4) write them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/secret.h"

namespace pawl::starttls {

// `{5}` or `{5+}` at the end of a line announces so many bytes behind its CRLF (rfc7888#3).
struct LiteralMark {
  std::size_t size = 0;
  bool waits = false;  // {5}: until the server invites it
};
std::optional<LiteralMark> literal_mark(std::string_view line);

// Takes one argument off the front of `rest`, with the spaces before it: a quoted string, a literal
// as it stands in a command, or the characters up to the next space. Nothing: there is none, or it
// is broken. It may be a password, so it is wiped as one.
std::optional<Secret> take_argument(std::string_view& rest);

}  // namespace pawl::starttls
