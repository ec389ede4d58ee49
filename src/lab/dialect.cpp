#include "lab/dialect.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/text.h"

namespace pawl::lab {
namespace {

using Words = std::initializer_list<std::string_view>;

// Until 1 GiB: the lab's messages are small.
constexpr std::size_t kLargest = 1UL << 30;

bool is_one_of(std::string_view verb, Words words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return equal_ignoring_case(verb, word); });
}

std::string_view first_word(std::string_view line) {
  line = trim(line);
  return line.substr(0, line.find(' '));
}

std::string_view after_first_word(std::string_view line) {
  line = trim(line);
  line.remove_prefix(first_word(line).size());
  return trim(line);
}

// XXXXXXXX is what the attacker himself made of the upgrade command.
Heard smtp_meaning(std::string_view verb) {
  if (is_one_of(verb, {"EHLO", "HELO", "LHLO", "STARTTLS", "RSET", "NOOP", "QUIT", "DATA", "BDAT",
                       "XXXXXXXX"})) {
    return Heard::nothing;
  }
  if (is_one_of(verb, {"AUTH"})) return Heard::credentials;
  return is_one_of(verb, {"MAIL", "RCPT", "VRFY", "EXPN"}) ? Heard::envelope : Heard::other;
}

Heard imap_meaning(std::string_view verb) {
  if (is_one_of(verb, {"CAPABILITY", "STARTTLS", "NOOP", "LOGOUT", "ID", "XXXXXXXX"})) {
    return Heard::nothing;
  }
  if (is_one_of(verb, {"LOGIN", "AUTHENTICATE"})) return Heard::credentials;
  return is_one_of(verb, {"APPEND"}) ? Heard::content : Heard::other;
}

Heard pop3_meaning(std::string_view verb, std::string_view arguments) {
  if (is_one_of(verb, {"CAPA", "STLS", "NOOP", "QUIT", "XXXX"})) return Heard::nothing;
  // AUTH alone asks for the mechanisms.
  if (is_one_of(verb, {"AUTH"}) && arguments.empty()) return Heard::nothing;
  return is_one_of(verb, {"USER", "PASS", "APOP", "AUTH"}) ? Heard::credentials : Heard::other;
}

Heard sieve_meaning(std::string_view verb) {
  if (is_one_of(verb, {"CAPABILITY", "STARTTLS", "NOOP", "LOGOUT", "XXXXXXXX"})) {
    return Heard::nothing;
  }
  if (is_one_of(verb, {"AUTHENTICATE"})) return Heard::credentials;
  return is_one_of(verb, {"PUTSCRIPT", "CHECKSCRIPT"}) ? Heard::content : Heard::other;
}

}  // namespace

std::string_view name(Heard heard) {
  constexpr std::array<std::string_view, 5> kNames = {"nothing", "credentials", "envelope",
                                                      "content", "other"};
  return kNames[static_cast<std::size_t>(heard)];
}

std::string_view tag_of(Dialect dialect, std::string_view line) {
  return dialect == Dialect::imap ? first_word(line) : std::string_view();
}

std::string_view verb_of(Dialect dialect, std::string_view line) {
  if (dialect == Dialect::imap) line = after_first_word(line);
  std::string_view verb = first_word(line);
  // "MAIL FROM:" is one verb and a word; "BDAT 5" is a verb and a number.
  return verb.substr(0, verb.find(':'));
}

bool is_upgrade(Dialect dialect, std::string_view line) {
  std::string_view command = trim(dialect == Dialect::imap ? after_first_word(line) : line);
  return equal_ignoring_case(command, dialect == Dialect::pop3 ? "STLS" : "STARTTLS");
}

Heard meaning(Dialect dialect, std::string_view line) {
  std::string_view verb = verb_of(dialect, line);
  switch (dialect) {
    case Dialect::smtp:
      return smtp_meaning(verb);
    case Dialect::imap:
      return imap_meaning(verb);
    case Dialect::pop3:
      return pop3_meaning(verb, after_first_word(line));
    case Dialect::sieve:
      return sieve_meaning(verb);
  }
  return Heard::other;
}

bool begins_sasl(Dialect dialect, std::string_view line) {
  return is_one_of(verb_of(dialect, line), {"AUTH", "AUTHENTICATE"});
}

bool is_sasl_answer(Dialect dialect, std::string_view line) {
  // Commands of POP3 that may stand alone and are something in base64, too.
  if (dialect == Dialect::pop3 && is_one_of(trim(line), {"STAT", "LIST", "UIDL", "LAST", "RSET"})) {
    return false;
  }
  return meaning(dialect, line) != Heard::nothing && trim(line).find(' ') == std::string_view::npos;
}

std::optional<std::size_t> announced_size(Dialect dialect, std::string_view line) {
  line = trim(line);
  if (dialect == Dialect::smtp) {
    if (!equal_ignoring_case(first_word(line), "BDAT")) return std::nullopt;
    return parse_decimal(first_word(after_first_word(line)), kLargest);
  }
  if (dialect == Dialect::pop3 || !line.ends_with('}')) return std::nullopt;
  auto open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  if (digits.ends_with('+') || digits.ends_with('-')) digits.remove_suffix(1);
  return parse_decimal(digits, kLargest);
}

}  // namespace pawl::lab
