#include "dns/name.h"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "base/text.h"

namespace pawl::dns {
namespace {

constexpr std::size_t kLabel = 63;      // rfc1035#2.3.4
constexpr std::size_t kWireName = 255;  // with the length bytes and the root label

bool is_letter_digit_hyphen_underscore(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// Why `text` is not a canonical name; empty if it is one. "" is the root.
std::string fault_of(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() + 2 > kWireName) return "it is longer than 253 characters";
  bool first = true;
  for (auto label : split(text, '.')) {
    if (label.empty()) return "it has an empty label";
    if (label.size() > kLabel) return "a label is longer than 63 characters";
    const bool wildcard = first && label == "*";
    if (!wildcard && !std::ranges::all_of(label, is_letter_digit_hyphen_underscore))
      return "it holds a character other than letters, digits, '-' and '_'";
    first = false;
  }
  return {};
}

Error not_a_name(std::string_view text, std::string_view why) {
  return {Code::invalid_argument,
          "'" + printable(text) + "' is not a domain name: " + std::string(why)};
}

// U-labels to A-labels. IDNA2008 with the mapping of UTS 46, non-transitional, as mail programs and
// browsers do: what the user typed ("Bücher") is what the registry sold ("bücher"). rfc5891#5
Result<std::string> to_a_labels(std::string_view text) {
  char* raw = nullptr;
  const int rc =
      idn2_to_ascii_8z(std::string(text).c_str(), &raw, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, void (*)(void*)> owned(raw, idn2_free);
  if (rc != IDN2_OK) return fail(not_a_name(text, idn2_strerror(rc)));
  return std::string(raw);
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (text == ".") return Name();
  if (text.empty()) return fail(not_a_name(text, "it is empty"));
  if (text.size() > 4 * kWireName) return fail(not_a_name(text, "it is too long"));
  // A NUL would end the text early for libidn2, and the rest would pass unseen.
  if (std::ranges::any_of(text, [](unsigned char c) { return c <= ' '; }))
    return fail(not_a_name(text, "it holds a space or a control character"));
  std::string canonical(text);
  if (std::ranges::any_of(text, [](unsigned char c) { return c >= 0x80; })) {
    TRY(canonical, to_a_labels(text));
  }
  if (canonical.ends_with('.')) canonical.pop_back();
  canonical = to_lower(canonical);
  if (canonical.empty()) return fail(not_a_name(text, "it has an empty label"));
  if (auto why = fault_of(canonical); !why.empty()) return fail(not_a_name(text, why));
  return Name(std::move(canonical));
}

Result<Name> Name::from_wire(std::string_view wire, std::size_t* consumed) {
  std::string text;
  std::size_t at = 0;
  for (;;) {
    if (at >= wire.size()) return fail(Code::dns_malformed, "a name ends without its root label");
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(wire[at++]));
    if (length == 0) break;
    // 64 and above are compression pointers or unknown label types: rdata given to us has none.
    if (length > kLabel) return fail(Code::dns_malformed, "a name has a label of unknown type");
    if (length > wire.size() - at)
      return fail(Code::dns_malformed, "a label is longer than the data that is left");
    const auto label = wire.substr(at, length);
    // A dot inside a label must not become a label boundary in the text.
    if (label.contains('.')) return fail(Code::dns_malformed, "a label holds a dot");
    if (!text.empty()) text += '.';
    text += to_lower(label);
    at += length;
    if (at >= kWireName) return fail(Code::dns_malformed, "a name is longer than 255 bytes");
  }
  if (auto why = fault_of(text); !why.empty())
    return fail(Code::dns_malformed, "'" + printable(text) + "' is not a host name: " + why);
  if (consumed != nullptr) *consumed = at;
  return Name(std::move(text));
}

std::string Name::wire() const {
  std::string wire;
  if (!is_root()) {
    for (auto label : split(text_, '.')) {
      wire += static_cast<char>(label.size());
      wire += label;
    }
  }
  return wire + '\0';
}

std::size_t Name::label_count() const {
  return is_root() ? 0 : static_cast<std::size_t>(std::ranges::count(text_, '.')) + 1;
}

Name Name::parent() const {
  const auto dot = text_.find('.');
  return dot == std::string::npos ? Name() : Name(text_.substr(dot + 1));
}

Result<Name> Name::prepend(std::string_view label) const {
  const auto lower = to_lower(label);
  const auto longer = is_root() ? lower : lower + '.' + text_;
  if (auto why = label.empty() ? "the label is empty" : fault_of(longer); !why.empty())
    return fail(not_a_name(longer, why));
  return Name(longer);
}

bool Name::is_within(const Name& ancestor) const {
  if (ancestor.is_root() || text_ == ancestor.text_) return true;
  return text_.size() > ancestor.text_.size() && text_.ends_with(ancestor.text_) &&
         text_[text_.size() - ancestor.text_.size() - 1] == '.';
}

}  // namespace pawl::dns
