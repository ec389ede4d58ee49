// What a person asks to be checked: "example.org" (a mail domain), "imap://mail.example.org",
// "smtp://mx.example.org:587", "pop3s://mail.example.org", "smtp://[192.0.2.1]", or a file of them.
// Errors: invalid_argument, saying what would be right.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dns/name.h"
#include "starttls/protocol.h"

namespace pawl::check {

struct HostTarget {
  starttls::Protocol protocol = starttls::Protocol::smtp;
  bool implicit_tls = false;
  std::string host;  // A-labels, or an address
  std::uint16_t port = 0;
};

struct Target {
  std::string text;  // as given
  std::optional<dns::Name> domain;
  std::optional<HostTarget> host;  // exactly one of the two
};

Result<Target> parse_target(std::string_view text);
// One target a line, '#' begins a comment. Errors name file and line.
Result<std::vector<Target>> parse_target_list(std::string_view text, std::string_view file);

}  // namespace pawl::check
