#include "lab/preauthenticated.h"

#include "base/text.h"
#include "lab/forgery.h"

namespace pawl::lab {
namespace {

std::string reply_to(const Asked& asked) {
  auto is = [&](std::string_view verb) { return equal_ignoring_case(asked.verb, verb); };
  if (is("STARTTLS")) return asked.tag + " BAD already authenticated\r\n";
  std::string before;
  if (is("CAPABILITY")) before = "* CAPABILITY IMAP4rev1\r\n";
  if (is("LIST")) before = "* LIST (\\HasNoChildren) \"/\" INBOX\r\n";
  if (is("SELECT") || is("EXAMINE")) {
    before = "* FLAGS (\\Seen)\r\n* 0 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] ok\r\n";
  }
  return before + asked.tag + " OK mallory\r\n";
}

}  // namespace

Result<> play_preauthenticated(Connection& client, Overheard& heard, SecretSearch* secrets) {
  auto listen = [&](std::string_view plaintext) {
    heard.feed(plaintext);
    if (secrets != nullptr) secrets->from_client(plaintext);
  };
  TRY_VOID(
      client.write("* PREAUTH [CAPABILITY IMAP4rev1] mallory says that you are logged in\r\n"));
  Asked asked;
  while (!heard.sealed()) {
    const bool goes_on = heard.in_command();
    TRY(std::string line, client.read_line());
    listen(line + "\r\n");
    if (!goes_on) {
      asked = {std::string(tag_of(Dialect::imap, line)), std::string(verb_of(Dialect::imap, line))};
    }
    if (const std::size_t size = heard.chunk_remaining(); size > 0) {
      if (!line.ends_with("+}")) TRY_VOID(client.write("+ go on\r\n"));
      TRY(std::string literal, client.read_exactly(size));
      listen(literal);
      continue;
    }
    TRY_VOID(client.write(reply_to(asked)));
  }
  return {};
}

}  // namespace pawl::lab
