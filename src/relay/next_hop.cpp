#include "relay/next_hop.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::relay {

namespace {

std::string_view prefix(NextHop::Protocol protocol) {
  switch (protocol) {
    case NextHop::Protocol::smtps:
      return "smtps:";
    case NextHop::Protocol::lmtp:
      return "lmtp:";
    case NextHop::Protocol::smtp:
      break;
  }
  return "";
}

std::uint16_t default_port(NextHop::Protocol protocol) {
  switch (protocol) {
    case NextHop::Protocol::smtps:
      return 465;
    case NextHop::Protocol::lmtp:
      return 24;
    case NextHop::Protocol::smtp:
      break;
  }
  return 25;
}

// "10.0.0.1", "IPv6:2001:db8::1" (rfc5321#4.1.3), "2001:db8::1".
std::optional<IpAddress> literal_address(std::string_view text) {
  if (starts_with_ignoring_case(text, "ipv6:")) text.remove_prefix(5);
  auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return *address;
}

}  // namespace

std::string NextHop::key() const {
  std::string text(prefix(protocol));
  std::string host = literal ? literal->text() : domain.text();
  text += mx_lookup && !literal ? host : fmt::format("[{}]", host);
  if (port != default_port(protocol)) text += fmt::format(":{}", port);
  return text;
}

Result<NextHop> NextHop::parse(std::string_view text) {
  NextHop hop;
  std::string_view rest = trim(text);
  for (Protocol protocol : {Protocol::smtps, Protocol::lmtp}) {
    if (starts_with_ignoring_case(rest, prefix(protocol))) {
      hop.protocol = protocol;
      rest.remove_prefix(prefix(protocol).size());
      break;
    }
  }
  hop.port = default_port(hop.protocol);
  std::string_view host = rest;
  if (rest.starts_with('[')) {
    std::size_t end = rest.find(']');
    if (end == std::string_view::npos) {
      return fail(Code::invalid_argument, "the bracket is not closed");
    }
    host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    hop.mx_lookup = false;
    hop.literal = literal_address(host);
  } else {
    std::size_t colon = rest.find(':');
    host = rest.substr(0, colon);
    rest.remove_prefix(host.size());
    if (IpAddress::parse(host)) {
      return fail(Code::invalid_argument, "an address is written in brackets: [192.0.2.1]");
    }
  }
  if (!rest.empty()) {
    auto port = rest.front() == ':' ? parse_decimal(rest.substr(1), 65535) : std::nullopt;
    if (!port || *port == 0) {
      return fail(Code::invalid_argument, fmt::format("\"{}\" is not a port", printable(rest, 20)));
    }
    hop.port = static_cast<std::uint16_t>(*port);
  }
  if (hop.literal) return hop;
  TRY(hop.domain, dns::Name::parse(host));
  if (hop.domain.is_root()) return fail(Code::invalid_argument, "the host's name is missing");
  return hop;
}

}  // namespace pawl::relay
