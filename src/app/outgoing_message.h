// A message as a mail program or a script hands it over, made fit for sending: CRLF, the fields
// that must be there (Date, Message-ID, From), recipients out of its header (-t), Bcc taken out.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace pawl::app {

// Who sends, from where, when: for the fields that are missing.
struct Origin {
  std::string hostname;
  std::string user;       // "joe"
  std::string full_name;  // "Joe Smith", may be empty
  std::string sender;     // the envelope's; empty: the null sender
  std::string unique;     // for the Message-ID
  WallTime now{};
};

struct OutgoingMessage {
  std::string content;
  std::vector<std::string> header_recipients;  // To, Cc, Bcc
  bool eight_bit = false;
  bool header_utf8 = false;  // a field holds UTF-8: SMTPUTF8 is needed (rfc6532)
  bool tls_required_no = false;
};

// `dot_ends`: a line with a dot alone ends the message, as sendmail has it without -i.
// Errors: too_large.
Result<OutgoingMessage> make_outgoing(std::string_view input, bool dot_ends, bool take_recipients,
                                      const Origin& origin, std::uint64_t size_limit);

// The addresses of a field like To (rfc5322#3.4): names, comments and groups are dropped.
std::vector<std::string> addresses_of(std::string_view field);

}  // namespace pawl::app
