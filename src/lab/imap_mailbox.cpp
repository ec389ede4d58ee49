#include "lab/imap_mailbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lab/client_command.h"

namespace pawl::lab {
namespace {

constexpr std::string_view kDate = "\"01-Jan-2026 00:00:00 +0000\"";

std::string literal(std::string_view text) {
  return fmt::format("{{{}}}\r\n{}", text.size(), text);
}

std::string_view header_of(std::string_view content) {
  std::size_t end = content.find("\r\n\r\n");
  return end == std::string_view::npos ? content : content.substr(0, end + 4);
}

std::string_view body_of(std::string_view content) {
  return content.substr(header_of(content).size());
}

// The fields of the header, folded lines with their field.
std::vector<std::string_view> fields_of(std::string_view header) {
  std::vector<std::string_view> fields;
  while (!header.empty() && !header.starts_with("\r\n")) {
    std::size_t end = header.find("\r\n");
    while (end != std::string_view::npos && end + 2 < header.size() &&
           (header[end + 2] == ' ' || header[end + 2] == '\t')) {
      end = header.find("\r\n", end + 2);
    }
    std::size_t size = end == std::string_view::npos ? header.size() : end + 2;
    fields.push_back(header.substr(0, size));
    header.remove_prefix(size);
  }
  return fields;
}

// "HEADER.FIELDS (DATE FROM)" or "HEADER.FIELDS.NOT (...)".
std::string chosen_fields(std::string_view content, std::string_view section) {
  std::size_t open = section.find('(');
  std::size_t close = section.find(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return "";
  auto names = arguments_of(section.substr(open + 1, close - open - 1));
  bool without = section.substr(0, open).find(".NOT") != std::string_view::npos;
  std::string text;
  for (std::string_view field : fields_of(header_of(content))) {
    std::string_view name = trim(field.substr(0, field.find(':')));
    bool named = std::ranges::any_of(
        names, [&](const std::string& wanted) { return equal_ignoring_case(wanted, name); });
    if (named != without) text += field;
  }
  return text + "\r\n";
}

std::string section_of(std::string_view content, std::string_view section) {
  std::string upper(section);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (upper.empty()) return std::string(content);
  if (upper.starts_with("HEADER.FIELDS")) return chosen_fields(content, upper);
  if (upper == "TEXT" || upper == "1") return std::string(body_of(content));
  return std::string(header_of(content));  // HEADER, MIME, 1.MIME
}

// BODY.PEEK[SECTION]<0.100>
std::string body_item(const ImapMessage& message, std::string_view item) {
  std::size_t open = item.find('[');
  std::size_t close = item.rfind(']');
  std::string_view section = item.substr(open + 1, close - open - 1);
  std::string text = section_of(message.content, section);
  std::string_view partial = item.substr(close + 1);
  std::string origin;
  if (partial.starts_with('<') && partial.ends_with('>')) {
    auto numbers = split(partial.substr(1, partial.size() - 2), '.');
    auto from = parse_decimal(numbers[0], 1U << 30U).value_or(0);
    auto count = numbers.size() > 1 ? parse_decimal(numbers[1], 1U << 30U).value_or(0) : 0;
    text = text.substr(std::min<std::size_t>(from, text.size()), count);
    origin = fmt::format("<{}>", from);
  }
  return fmt::format("BODY[{}]{} {}", section, origin, literal(text));
}

std::string structure(std::string_view content) {
  std::string_view body = body_of(content);
  return fmt::format(R"(("TEXT" "PLAIN" ("CHARSET" "UTF-8") NIL NIL "8BIT" {} {}))", body.size(),
                     std::ranges::count(body, '\n'));
}

std::string envelope(std::string_view content) {
  auto field = [content](std::string_view name) -> std::string {
    for (std::string_view field : fields_of(header_of(content))) {
      std::size_t colon = field.find(':');
      if (colon == std::string_view::npos) continue;
      if (equal_ignoring_case(field.substr(0, colon), name)) {
        std::string_view value = field.substr(colon + 1);
        while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) {
          value.remove_suffix(1);
        }
        return literal(trim(value));
      }
    }
    return "NIL";
  };
  return fmt::format("({} {} NIL NIL NIL NIL NIL NIL NIL {})", field("Date"), field("Subject"),
                     field("Message-ID"));
}

}  // namespace

std::vector<std::size_t> messages_of(const ImapMailbox& box, std::string_view set, bool uids) {
  std::uint64_t last = box.empty() ? 0 : (uids ? box.back().uid : box.size());
  auto number = [last](std::string_view text) {
    return text == "*" ? last : parse_decimal(text, UINT32_MAX).value_or(0);
  };
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < box.size(); ++i) {
    std::uint64_t own = uids ? box[i].uid : i + 1;
    for (std::string_view part : split(set, ',')) {
      std::size_t colon = part.find(':');
      std::uint64_t from = number(part.substr(0, colon));
      std::uint64_t to = colon == std::string_view::npos ? from : number(part.substr(colon + 1));
      if (from > to) std::swap(from, to);
      if (own < from || own > to) continue;
      found.push_back(i);
      break;
    }
  }
  return found;
}

std::string flag_list(const ImapMessage& message) {
  return fmt::format("({})", join({message.flags.begin(), message.flags.end()}, " "));
}

std::string fetched(const ImapMessage& message, std::string_view items, bool uid, bool& read) {
  if (items.starts_with('(') && items.ends_with(')')) items = items.substr(1, items.size() - 2);
  std::vector<std::string> answers;
  bool uid_asked = false;
  std::vector<std::string> wanted = arguments_of(items);
  auto is_macro = [&](std::string_view name) {
    return wanted.size() == 1 && equal_ignoring_case(wanted[0], name);
  };
  if (is_macro("FAST")) wanted = {"FLAGS", "INTERNALDATE", "RFC822.SIZE"};
  if (is_macro("ALL")) wanted = {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"};
  if (is_macro("FULL")) wanted = {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"};
  for (const std::string& item : wanted) {
    auto is = [&](std::string_view name) { return equal_ignoring_case(item, name); };
    bool body = item.find('[') != std::string::npos && item.find(']') != std::string::npos;
    read = read || body || (starts_with_ignoring_case(item, "RFC822") && !is("RFC822.SIZE"));
    if (is("UID")) uid_asked = true;
    if (body) {
      answers.push_back(body_item(message, item));
    } else if (is("UID")) {
      answers.push_back(fmt::format("UID {}", message.uid));
    } else if (is("FLAGS")) {
      answers.push_back("FLAGS " + flag_list(message));
    } else if (is("INTERNALDATE")) {
      answers.push_back(fmt::format("INTERNALDATE {}", kDate));
    } else if (is("RFC822.SIZE")) {
      answers.push_back(fmt::format("RFC822.SIZE {}", message.content.size()));
    } else if (is("RFC822")) {
      answers.push_back("RFC822 " + literal(message.content));
    } else if (is("RFC822.HEADER")) {
      answers.push_back("RFC822.HEADER " + literal(header_of(message.content)));
    } else if (is("RFC822.TEXT")) {
      answers.push_back("RFC822.TEXT " + literal(body_of(message.content)));
    } else if (is("ENVELOPE")) {
      answers.push_back("ENVELOPE " + envelope(message.content));
    } else if (is("BODYSTRUCTURE") || is("BODY")) {
      answers.push_back(item + ' ' + structure(message.content));
    }
  }
  if (uid && !uid_asked) answers.insert(answers.begin(), fmt::format("UID {}", message.uid));
  return '(' + join(answers, " ") + ')';
}

}  // namespace pawl::lab
