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
  while (!mechanisms.empty()) {
    std::string_view word = mechanisms.substr(0, mechanisms.find(' '));
    mechanisms.remove_prefix(std::min(word.size() + 1, mechanisms.size()));
    if (word.empty() || capabilities.offers_auth(word)) continue;
    capabilities.auth.push_back(to_upper(word));
  }
}

bool is_shown_as_it_is(std::string_view name) {
  return name.size() <= 255 &&
         std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
}

// Most words are told apart by their length and first letter, here and not behind a call.
bool is(std::string_view word, std::string_view keyword) {
  return word.size() == keyword.size() && ((word[0] ^ keyword[0]) & ~0x20) == 0 &&
         (word == keyword || equal_ignoring_case(word, keyword));
}

void add_keyword(Capabilities& capabilities, std::string_view line) {
  line = trim(line);
  std::size_t space = std::min(line.find(' '), line.size());
  std::string_view keyword = line.substr(0, space);
  std::string_view value = line.substr(std::min(space + 1, line.size()));
  for (const Flag& flag : kFlags) {
    if (is(keyword, flag.keyword)) capabilities.*flag.member = true;
  }
  if (is(keyword, "AUTH")) {
    add_auth(capabilities, value);
  } else if (keyword.size() >= 5 && keyword[4] == '=' && is(keyword.substr(0, 4), "AUTH")) {
    // Before RFC 2554 some servers wrote it so, and some clients still need it.
    add_auth(capabilities, line.substr(5));
  } else if (is(keyword, "SIZE")) {
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

void read_capabilities(const Reply& reply, Capabilities& capabilities) {
  std::vector<std::string> keywords = std::move(capabilities.keywords);
  std::vector<std::string> auth = std::move(capabilities.auth);
  std::string name = std::move(capabilities.greeting_name);
  auth.clear();
  capabilities = Capabilities{.extended = true, .auth = std::move(auth)};
  keywords.resize(reply.lines.size() - 1);
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    keywords[i - 1] = reply.lines[i];
    add_keyword(capabilities, reply.lines[i]);
  }
  std::string_view first = reply.lines.front();
  name = first.substr(0, std::min(first.find(' '), first.size()));
  capabilities.greeting_name = is_shown_as_it_is(name) ? std::move(name) : printable(name, 255);
  capabilities.keywords = std::move(keywords);
}

Capabilities parse_capabilities(const Reply& reply) {
  Capabilities capabilities;
  read_capabilities(reply, capabilities);
  return capabilities;
}

}  // namespace pawl::smtp
