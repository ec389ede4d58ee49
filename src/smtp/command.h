// SMTP commands as a server reads them: one line, without its CRLF, becomes a verb and its
// arguments (rfc5321#4.1.1, parameters of rfc1870, rfc3030, rfc3461, rfc4954, rfc6152, rfc6531,
// rfc8689). A command that cannot be used is answered, so the error of each parser is that reply,
// without its CRLF.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/address.h"
#include "smtp/envelope.h"

namespace pawl::smtp {

enum class Verb : unsigned char {
  ehlo,
  helo,
  lhlo,  // LMTP's, rfc2033#4.1
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  quit,
  vrfy,
  expn,
  help,
  starttls,
  auth,
  foreign,  // another protocol speaks: a browser made to talk to us (cross-protocol attack)
  unknown,
};

struct Command {
  Verb verb = Verb::unknown;
  std::string_view argument;  // without the spaces around it
};

// Views into `line`.
Command split_command(std::string_view line);

template <class T>
using Parsed = std::expected<T, std::string>;

// Which parameters MAIL and RCPT may carry: what the EHLO reply offered.
struct Offered {
  bool extensions = false;  // EHLO, not HELO, was said
  bool require_tls = false;
};

struct MailCommand {
  std::string sender;  // empty: the null reverse-path
  std::optional<std::uint64_t> size;
  bool eight_bit = false;
  bool smtputf8 = false;
  bool require_tls = false;
  Return ret = Return::unspecified;
  std::string envid;
};
Parsed<MailCommand> parse_mail(std::string_view argument, const Offered& offered);

// `smtputf8`: the transaction's MAIL said so. The domain is the root for `<postmaster>` alone.
Parsed<Recipient> parse_rcpt(std::string_view argument, const Offered& offered, bool smtputf8);

struct BdatCommand {
  std::uint64_t size = 0;
  bool last = false;
};
Parsed<BdatCommand> parse_bdat(std::string_view argument);

// The name a client gave in EHLO or HELO: a domain or an address literal, of characters that are
// safe in a Received field. Whether it is true is nobody's business (rfc5321#4.1.4).
Parsed<std::string_view> parse_hello(std::string_view argument);

}  // namespace pawl::smtp
