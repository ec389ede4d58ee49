// A domain name, in one canonical form: A-labels (RFC 5890), lower case, no trailing dot,
// presentation format of RFC 1035 section 5.1 without escapes. Labels may hold letters, digits, '-'
// and '_' (underscore for TLSA and TXT owners), and a single '*' as the first label; nothing else
// is accepted, whatever the wire allows: no other byte may stand in a mail host's name (RFC 5321
// section 2.3.5).
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::dns {

class Name {
 public:
  Name() = default;  // the root
  // Text from a person or a mail address: U-labels are mapped by IDNA2008 (libidn2), one trailing
  // dot is allowed.
  static Result<Name> parse(std::string_view text);
  // Uncompressed wire format (RFC 1035 section 3.1); `consumed` gets the bytes used.
  static Result<Name> from_wire(std::string_view wire, std::size_t* consumed = nullptr);

  const std::string& text() const { return text_; }  // "" is the root
  std::string wire() const;
  bool is_root() const { return text_.empty(); }
  std::size_t label_count() const;
  Name parent() const;                                 // of the root: the root
  Result<Name> prepend(std::string_view label) const;  // "_mta-sts" + example.org
  bool is_within(const Name& ancestor) const;          // equal, or below it

  auto operator<=>(const Name&) const = default;

 private:
  explicit Name(std::string canonical) : text_(std::move(canonical)) {}
  std::string text_;
};

}  // namespace pawl::dns
