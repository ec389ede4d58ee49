#include "check/target.h"

#include "base/ip_address.h"
#include "base/text.h"

namespace pawl::check {

namespace {

std::unexpected<Error> wrong(std::string_view text, const std::string& why) {
  return fail(Code::invalid_argument, "\"" + printable(text, 80) + "\": " + why);
}

std::string schemes() {
  std::string text;
  for (const auto& row : starttls::protocols()) {
    text += (text.empty() ? "" : ", ") + std::string(row.name) + "://";
    if (!row.implicit_name.empty()) text += ", " + std::string(row.implicit_name) + "://";
  }
  return text;
}

struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

// "host", "host:port", "[address]", "[address]:port"; the host is checked later.
std::optional<HostAndPort> split_port(std::string_view text) {
  std::string_view rest;
  HostAndPort parts;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return {};
    parts.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    parts.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (rest.empty()) return parts;
  if (!rest.starts_with(':')) return {};
  parts.port = rest.substr(1);
  return parts;
}

Result<HostTarget> parse_host(std::string_view whole, std::string_view scheme,
                              std::string_view place) {
  const std::string scheme_name = to_lower(scheme);
  const starttls::ProtocolRow* row = starttls::find_protocol(scheme_name);
  if (!row) return wrong(whole, "no such protocol; there are " + schemes());
  HostTarget target;
  target.protocol = row->protocol;
  target.implicit_tls = !row->implicit_name.empty() && scheme_name == row->implicit_name;
  target.port = target.implicit_tls ? row->implicit_port : row->port;
  if (place.ends_with('/')) place.remove_suffix(1);
  if (const auto end = place.find_first_of("/?#"); end != std::string_view::npos) {
    return wrong(whole, "a host stands alone: write " + scheme_name + "://" +
                            std::string(place.substr(0, end)));
  }
  const auto parts = split_port(place);
  if (!parts || parts->host.empty())
    return wrong(whole, "no host; write " + scheme_name + "://mail.example.org");
  if (parts->port) {
    const auto port = parse_decimal(*parts->port, 65535);
    if (!port || *port == 0) return wrong(whole, "the port is a number from 1 to 65535");
    target.port = static_cast<std::uint16_t>(*port);
  }
  if (auto address = IpAddress::parse(parts->host)) {
    target.host = address->text();
    return target;
  }
  if (place.starts_with('[')) return wrong(whole, "between the brackets stands no address");
  auto name = dns::Name::parse(parts->host);
  if (!name || name->is_root()) return wrong(whole, "this is no host name");
  target.host = name->text();
  return target;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  text = trim(text);
  Target target;
  target.text = text;
  const auto colon = text.find("://");
  if (colon != std::string_view::npos) {
    TRY(target.host, parse_host(text, text.substr(0, colon), text.substr(colon + 3)));
    return target;
  }
  if (text.find('@') != std::string_view::npos) {
    return wrong(text, "a mail domain is what stands behind the @");
  }
  if (text.find_first_of(":[]/") != std::string_view::npos || IpAddress::parse(text)) {
    return wrong(text, "a host is named with its protocol, as in smtp://mx1.example.org:25");
  }
  auto name = dns::Name::parse(text);
  if (!name) return wrong(text, "this is no domain name (" + name.error().sentence() + ")");
  if (name->is_root()) return wrong(text, "this is no domain name");
  target.domain = *std::move(name);
  return target;
}

Result<std::vector<Target>> parse_target_list(std::string_view text, std::string_view file) {
  std::vector<Target> targets;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = line.substr(0, line.find('#'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty()) continue;
    auto target = parse_target(line);
    if (!target) {
      return fail(target.error().code,
                  std::string(file) + ":" + std::to_string(number) + ": " + target.error().detail);
    }
    targets.push_back(*std::move(target));
  }
  return targets;
}

}  // namespace pawl::check
