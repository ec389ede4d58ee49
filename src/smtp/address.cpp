#include "smtp/address.h"

#include "base/text.h"

namespace pawl::smtp {

namespace {

// rfc5321#4.5.3.1.1 and the sections behind it; in octets.
constexpr std::size_t kLocalPart = 64;
constexpr std::size_t kDomain = 255;
constexpr std::size_t kPath = 256;

bool is_atext(char c, Charset charset) {
  auto u = static_cast<unsigned char>(c);
  if (u >= 0x80) return charset == Charset::utf8;
  if (u <= ' ' || u == 0x7f) return false;
  return std::string_view("()<>[]:;@\\,.\"").find(c) == std::string_view::npos;
}

bool is_dot_string(std::string_view text, Charset charset) {
  bool after_dot = true;
  for (char c : text) {
    if (c == '.' ? after_dot : !is_atext(c, charset)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

// The length of the quoted string at the start of `text`; 0 if there is none.
std::size_t quoted_length(std::string_view text, Charset charset) {
  if (text.empty() || text[0] != '"') return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    auto u = static_cast<unsigned char>(text[i]);
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') {
      ++i;
      if (i == text.size() || text[i] < ' ' || text[i] > '~') return 0;
    } else if (u < ' ' || u == 0x7f || (u >= 0x80 && charset == Charset::ascii)) {
      return 0;
    }
  }
  return 0;
}

// Two spellings of one local part become one: no quotes where none are needed, and no quoted-pair
// but for '"' and '\' (rfc5321#4.1.2).
std::string canonical_local_part(std::string_view text, Charset charset) {
  if (text[0] != '"') return std::string(text);
  std::string bare;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    bare += text[i];
  }
  if (is_dot_string(bare, charset)) return bare;
  std::string quoted = "\"";
  for (char c : bare) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

Result<IpAddress> parse_literal(std::string_view text) {
  if (text.size() < 2 || text.back() != ']') {
    return fail(Code::syntax, "an address literal has no ']' at its end");
  }
  std::string_view inside = text.substr(1, text.size() - 2);
  bool v6 = starts_with_ignoring_case(inside, "IPv6:");
  TRY(IpAddress address, IpAddress::parse(v6 ? inside.substr(5) : inside));
  if (address.is_v4() == v6) {
    return fail(Code::syntax, "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]");
  }
  return address;
}

Result<dns::Name> parse_domain(std::string_view text, Charset charset) {
  if (text.empty()) return fail(Code::syntax, "there is no domain after the @");
  if (text.size() > kDomain) return fail(Code::syntax, "the domain is longer than 255 bytes");
  if (charset == Charset::ascii && !is_ascii(text)) {
    return fail(Code::syntax, "the domain holds bytes that are not ASCII");
  }
  // dns::Name takes a trailing dot and a wildcard label; a mail domain has neither.
  if (text.back() == '.' || text.find('*') != std::string_view::npos) {
    return fail(Code::syntax, "the domain is not a host name");
  }
  TRY(dns::Name name, dns::Name::parse(text));
  std::string_view last = name.text();
  last = last.substr(last.rfind('.') + 1);
  if (last.find_first_not_of("0123456789") == std::string_view::npos) {
    return fail(Code::syntax, "an IP address as a domain stands in brackets: [192.0.2.1]");
  }
  return name;
}

std::size_t local_part_length(std::string_view text, Charset charset) {
  if (std::size_t quoted = quoted_length(text, charset); quoted > 0) return quoted;
  std::size_t i = 0;
  while (i < text.size() && (text[i] == '.' || is_atext(text[i], charset))) ++i;
  return i;
}

// `text` is a local part alone or with "@domain".
Result<Mailbox> parse(std::string_view text, Charset charset, bool domain_optional) {
  std::size_t length = local_part_length(text, charset);
  std::string_view local = text.substr(0, length);
  std::string_view rest = text.substr(length);
  if (local.empty()) return fail(Code::syntax, "there is no local part before the @");
  if (local[0] != '"' && !is_dot_string(local, charset)) {
    return fail(Code::syntax, "the local part begins or ends with a dot, or has two in a row");
  }
  if (local.size() > kLocalPart) {
    return fail(Code::syntax, "the local part is longer than 64 bytes");
  }
  if (!is_utf8(local)) return fail(Code::syntax, "the local part is not UTF-8");
  Mailbox mailbox;
  mailbox.local_part = canonical_local_part(local, charset);
  if (rest.empty() && domain_optional) return mailbox;
  if (rest.empty() || rest[0] != '@') {
    return fail(Code::syntax, rest.empty()
                                  ? "there is no @domain"
                                  : "the local part holds '" + printable(rest.substr(0, 1)) +
                                        "', which needs quotes");
  }
  rest.remove_prefix(1);
  if (!rest.empty() && rest[0] == '[') {
    TRY(mailbox.literal, parse_literal(rest));
  } else {
    TRY(mailbox.domain, parse_domain(rest, charset));
  }
  return mailbox;
}

// The end of what stands between '<' and '>': a '>' inside quotes does not count.
std::size_t closing_bracket(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '>' && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::string Mailbox::text() const {
  if (!literal) return local_part + '@' + domain.text();
  return local_part + (literal->is_v4() ? "@[" : "@[IPv6:") + literal->text() + ']';
}

Result<Mailbox> parse_mailbox(std::string_view text, Charset charset) {
  return parse(text, charset, false);
}

Result<std::optional<Mailbox>> parse_path(std::string_view& text, Charset charset) {
  if (text.empty() || text[0] != '<') return fail(Code::syntax, "an address stands in <brackets>");
  std::size_t end = closing_bracket(text);
  if (end == std::string_view::npos) return fail(Code::syntax, "the address has no '>' at its end");
  if (end + 1 > kPath) return fail(Code::syntax, "the address is longer than 256 bytes");
  std::string_view inside = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  if (inside.empty()) return std::optional<Mailbox>();
  if (inside[0] == '@') {
    std::size_t colon = inside.find(':');
    if (colon == std::string_view::npos) {
      return fail(Code::syntax, "a source route has no ':' at its end");
    }
    inside.remove_prefix(colon + 1);
  }
  TRY(Mailbox mailbox, parse(inside, charset, equal_ignoring_case(inside, "postmaster")));
  return std::optional<Mailbox>(std::move(mailbox));
}

}  // namespace pawl::smtp
