// The words of capability lists, and what an attacker makes of them: overwritten ones, as long as
// the word that stood there, and ones that are the upgrade command but for a letter.
// Pure; views of the caller's bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "starttls/protocol.h"

namespace pawl::tamper {

using starttls::Protocol;

// Protocols that speak alike.
enum class Family : unsigned char { smtp, imap, pop3, sieve };
Family family(Protocol protocol);

// "STARTTLS" or "STLS".
std::string_view upgrade_keyword(Family family);

// The keyword of one entry of a list: "SIZE" of "SIZE 1000", "AUTH" of "AUTH=PLAIN".
std::string_view keyword_of(std::string_view entry);

// Registered with IANA or known from servers; case is ignored.
bool is_keyword(Family family, std::string_view word);
bool is_keyword_length(Family family, std::size_t length);

struct Mask {
  char with;                   // 'X'
  bool letter_at_end = false;  // XXXXXXXA
};
// The word is one character again and again, at least three times; the last may be another letter.
std::optional<Mask> mask_of(std::string_view word);

// Almost the upgrade keyword, and no word of its own (rfc3207#4 makes case meaningless).
bool is_near_upgrade(Family family, std::string_view word);

// Insertions, deletions, replacements and swaps of neighbours between two words, case ignored; for
// words of up to 15 characters, no more than 15 otherwise.
std::size_t edit_distance(std::string_view one, std::string_view other);

}  // namespace pawl::tamper
