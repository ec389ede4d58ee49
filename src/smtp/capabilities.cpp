#include "smtp/capabilities.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"

namespace pawl::smtp {

namespace {

struct Flag {
  std::string_view keyword;
  bool Capabilities::* member;
};

constexpr std::array kFlags = {
    Flag{"STARTTLS", &Capabilities::starttls},
    Flag{"PIPELINING", &Capabilities::pipelining},
    Flag{"8BITMIME", &Capabilities::eight_bit_mime},
    Flag{"SMTPUTF8", &Capabilities::smtputf8},
    Flag{"CHUNKING", &Capabilities::chunking},
    Flag{"DSN", &Capabilities::dsn},
    Flag{"ENHANCEDSTATUSCODES", &Capabilities::enhanced_status_codes},
    Flag{"REQUIRETLS", &Capabilities::require_tls},
};

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return upper;
}

void add_auth(Capabilities& capabilities, std::string_view mechanisms) {
  for (std::string_view word : split(mechanisms, ' ')) {
    if (word.empty() || capabilities.offers_auth(word)) continue;
    capabilities.auth.push_back(to_upper(word));
  }
}

void add_keyword(Capabilities& capabilities, std::string_view line) {
  line = trim(line);
  std::size_t space = line.find(' ');
  std::string_view keyword = line.substr(0, space);
  std::string_view value = space == std::string_view::npos ? "" : line.substr(space + 1);
  for (const Flag& flag : kFlags) {
    if (equal_ignoring_case(keyword, flag.keyword)) capabilities.*flag.member = true;
  }
  if (equal_ignoring_case(keyword, "AUTH")) {
    add_auth(capabilities, value);
  } else if (starts_with_ignoring_case(keyword, "AUTH=")) {
    // Before RFC 2554 some servers wrote it so, and some clients still need it.
    add_auth(capabilities, line.substr(5));
  } else if (equal_ignoring_case(keyword, "SIZE")) {
    capabilities.size_declared = true;
    // rfc1870#4: 0, or no value, means that no fixed limit is in force.
    auto size = parse_decimal(trim(value), std::numeric_limits<std::uint64_t>::max());
    if (size && *size > 0) capabilities.size_limit = size;
  }
}

}  // namespace

bool Capabilities::offers_auth(std::string_view mechanism) const {
  return std::ranges::any_of(
      auth, [&](const std::string& own) { return equal_ignoring_case(own, mechanism); });
}

Capabilities parse_capabilities(const Reply& reply) {
  Capabilities capabilities;
  capabilities.extended = true;
  const std::string& first = reply.lines.front();
  capabilities.greeting_name = printable(first.substr(0, first.find(' ')), 255);
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    capabilities.keywords.push_back(reply.lines[i]);
    add_keyword(capabilities, reply.lines[i]);
  }
  return capabilities;
}

}  // namespace pawl::smtp
