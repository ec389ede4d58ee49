// What the attacker and the ear must know of a protocol: where a command ends, which one asks for
// TLS, how a reply is forged. Written for the lab alone, from the RFCs; shares no code with
// starttls/, which is judged by it (docs/decisions/0007-the-lab-judges-by-bytes.md). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pawl::lab {

enum class Dialect : unsigned char {
  smtp,  // and submission, LMTP
  imap,
  pop3,
  sieve,
};

// What a byte on the wire gives away.
enum class Heard : unsigned char {
  nothing,      // small talk: greetings, capabilities, the upgrade, the goodbye
  credentials,  // user, password, or what is made of them
  envelope,     // who writes to whom
  content,
  other,  // not understood, or what only a session in progress says
};
std::string_view name(Heard heard);  // "credentials"

// A command line without its line ending.
std::string_view tag_of(Dialect dialect, std::string_view line);   // IMAP; else empty
std::string_view verb_of(Dialect dialect, std::string_view line);  // as sent
bool is_upgrade(Dialect dialect, std::string_view line);
Heard meaning(Dialect dialect, std::string_view line);
// A SASL exchange begins; what follows on lines of their own belongs to it.
bool begins_sasl(Dialect dialect, std::string_view line);
bool is_sasl_answer(Dialect dialect, std::string_view line);
// The size that the line announces for what follows it: a literal (rfc9051#4.3, rfc5804#4), BDAT.
std::optional<std::size_t> announced_size(Dialect dialect, std::string_view line);

}  // namespace pawl::lab
