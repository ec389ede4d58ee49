// Mail addresses as SMTP commands carry them: the Path and Mailbox grammar of rfc5321#4.1.2, with
// the UTF-8 of rfc6531#3.3. Values; parsing never looks anything up.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ip_address.h"
#include "dns/name.h"

namespace pawl::smtp {

struct Mailbox {
  std::string local_part;  // as it is written: a dot-string, or a quoted string with its quotes
  dns::Name domain;        // A-labels; the root if the address is a literal
  std::optional<IpAddress> literal;

  // "joe@example.org", "\"joe smith\"@[IPv6:2001:db8::1]". The domain is in A-labels, so only the
  // local part can make an address need SMTPUTF8.
  std::string text() const;
};

enum class Charset : unsigned char { ascii, utf8 };

// The whole of `text` is a mailbox. Errors: Code::syntax with what is wrong with it.
Result<Mailbox> parse_mailbox(std::string_view text, Charset charset);

// A path at the start of `text`, brackets included; `text` is moved behind it. Nothing: the null
// path "<>". Source routes are read and dropped (rfc5321#4.1.1.3). `<postmaster>` without a domain
// (rfc5321#4.5.1) comes back with the root as its domain and no literal.
Result<std::optional<Mailbox>> parse_path(std::string_view& text, Charset charset);

}  // namespace pawl::smtp
