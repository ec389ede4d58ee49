#include "app/outgoing_message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "smtp/content.h"
#include "smtp/dsn.h"

namespace pawl::app {

namespace {

struct Field {
  std::string_view name;
  std::string_view text;  // the whole field, folds and last CRLF included
  std::string_view value() const { return text.substr(name.size() + 1); }
};

bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > 32 && c < 127; });
}

// The header section at the start of `content`; `size` gets how far it goes, without the empty
// line.
std::vector<Field> header_fields(std::string_view content, std::size_t& size) {
  std::vector<Field> fields;
  size = 0;
  while (size < content.size()) {
    std::size_t end = content.find("\r\n", size);
    end = end == std::string_view::npos ? content.size() : end + 2;
    while (end < content.size() && (content[end] == ' ' || content[end] == '\t')) {
      std::size_t next = content.find("\r\n", end);
      end = next == std::string_view::npos ? content.size() : next + 2;
    }
    std::string_view text = content.substr(size, end - size);
    std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || !is_field_name(text.substr(0, colon))) break;
    fields.push_back({text.substr(0, colon), text});
    size = end;
  }
  return fields;
}

bool has_eight_bit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

// A line with a dot alone, and what is behind it, is not of the message.
std::string_view until_dot(std::string_view input) {
  for (std::size_t at = 0; at < input.size();) {
    std::size_t end = std::min(input.find('\n', at), input.size());
    std::string_view line = input.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line == ".") return input.substr(0, at);
    at = end + 1;
  }
  return input;
}

std::string from_field(const Origin& origin) {
  std::string address =
      origin.sender.empty() ? fmt::format("{}@{}", origin.user, origin.hostname) : origin.sender;
  if (origin.full_name.empty()) return fmt::format("From: <{}>\r\n", address);
  std::string name;
  for (char c : origin.full_name) {
    if (c == '"' || c == '\\') name += '\\';
    if (static_cast<unsigned char>(c) >= 32 && c != 127) name += c;
  }
  return fmt::format("From: \"{}\" <{}>\r\n", name, address);
}

}  // namespace

std::vector<std::string> addresses_of(std::string_view field) {
  std::vector<std::string> addresses;
  std::string plain;
  std::string angle;
  bool quoted = false;
  bool in_angle = false;
  bool had_angle = false;
  int comment = 0;
  auto finish = [&] {
    std::string address(trim(had_angle ? angle : plain));
    if (!address.empty()) addresses.push_back(address);
    plain.clear();
    angle.clear();
    had_angle = false;
  };
  for (std::size_t i = 0; i < field.size(); ++i) {
    char c = field[i];
    std::string& to = in_angle ? angle : plain;
    if (c == '\\' && i + 1 < field.size() && (quoted || comment > 0)) {
      if (comment == 0) to += {c, field[i + 1]};
      ++i;
    } else if (quoted) {
      to += c;
      quoted = c != '"';
    } else if (comment > 0) {
      comment += c == '(' ? 1 : c == ')' ? -1 : 0;
    } else if (c == '"') {
      quoted = true;
      to += c;
    } else if (c == '(') {
      ++comment;
    } else if (c == '<') {
      in_angle = had_angle = true;
      angle.clear();
    } else if (c == '>') {
      in_angle = false;
    } else if ((c == ',' || c == ';') && !in_angle) {
      finish();
    } else if (c == ':' && !in_angle) {
      plain.clear();  // the name of a group
    } else if (c != '\r' && c != '\n' && !(c == ' ' && in_angle)) {
      to += c;
    }
  }
  finish();
  return addresses;
}

Result<OutgoingMessage> make_outgoing(std::string_view input, bool dot_ends, bool take_recipients,
                                      const Origin& origin, std::uint64_t size_limit) {
  if (dot_ends) input = until_dot(input);
  // A mailbox file's first line is no field.
  if (input.starts_with("From "))
    input.remove_prefix(std::min(input.find('\n'), input.size() - 1) + 1);
  smtp::ContentScanner scanner({.size = size_limit, .line = 0, .normalize = true});
  std::string content;
  scanner.write(input, content);
  scanner.finish(content);
  if (scanner.facts().too_large) {
    return fail(Code::too_large,
                fmt::format("the limit is {} bytes (limits.message_size)", size_limit));
  }
  if (!content.empty() && !content.ends_with("\r\n")) content += "\r\n";

  OutgoingMessage message;
  message.tls_required_no = scanner.facts().tls_required_no;
  std::size_t header_size = 0;
  std::vector<Field> fields = header_fields(content, header_size);
  std::string header;
  auto has = [&](std::string_view name) {
    return std::ranges::any_of(fields,
                               [&](const Field& f) { return equal_ignoring_case(f.name, name); });
  };
  for (const Field& field : fields) {
    bool bcc = equal_ignoring_case(field.name, "Bcc");
    bool names_recipients =
        bcc || equal_ignoring_case(field.name, "To") || equal_ignoring_case(field.name, "Cc");
    if (take_recipients && names_recipients) {
      for (std::string& address : addresses_of(field.value())) {
        message.header_recipients.push_back(std::move(address));
      }
    }
    if (!bcc) header += field.text;
  }
  if (!has("Date")) header += fmt::format("Date: {}\r\n", format_rfc5322(origin.now));
  if (!has("From")) header += from_field(origin);
  if (!has("Message-ID")) {
    header += fmt::format("Message-ID: <{}@{}>\r\n", origin.unique, origin.hostname);
  }
  std::string_view body = std::string_view(content).substr(header_size);
  message.header_utf8 = has_eight_bit(header);
  message.content = fmt::format("Received: by {} with local; {}\r\n{}", origin.hostname,
                                format_rfc5322(origin.now), header);
  if (!body.starts_with("\r\n")) message.content += "\r\n";
  message.content += body;
  message.eight_bit = has_eight_bit(message.content);
  return message;
}

}  // namespace pawl::app
