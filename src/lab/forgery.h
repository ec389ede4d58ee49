// What the attacker writes: replies of his own and changed replies of the server, in each dialect.
// Pure; see dialect.h for why nothing of starttls/ is used.
#pragma once

#include <string>
#include <string_view>

#include "lab/dialect.h"
#include "lab/path_trick.h"

namespace pawl::lab {

// In everything the attacker slips in, so that whoever uses it can be told by it.
inline constexpr std::string_view kMallory = "mallory";
inline constexpr std::string_view kAttackerHost = "evil.attacker.test";

// What the client asked for last.
struct Asked {
  std::string tag;
  std::string verb;
};

// The length of the first whole reply in `received`, 0: it is not whole yet. SMTP: all lines of
// one; POP3: the whole list after CAPA; else a line.
std::size_t reply_size(Dialect dialect, const Asked& asked, std::string_view received);

std::string upgrade_command(Dialect dialect, std::string_view tag);
std::string success(Dialect dialect, std::string_view tag);
// The server granted the upgrade of this tag.
bool is_success(Dialect dialect, std::string_view tag, std::string_view reply);
// For PathTrick::remove_capability, answer_454, answer_500, answer_oddly, old_protocol.
std::string refusal(Dialect dialect, std::string_view tag, PathTrick how);

// A reply of the server as the client shall see it.
std::string altered(Dialect dialect, PathTrick trick, const Asked& asked, std::string reply);

// The answer to what a client asks first inside TLS, with the tag that follows `tag`.
std::string injected_response(Dialect dialect, std::string_view tag);
std::string injected_command(Dialect dialect);
std::string next_tag(std::string_view tag);  // "A001" -> "A002"

std::string masked_command(Dialect dialect, std::string_view line);  // with its line ending
std::string referral(Dialect dialect);
std::string untagged_data();

}  // namespace pawl::lab
