#include "smtp/xtext.h"

#include "base/bytes.h"
#include "base/text.h"

namespace pawl::smtp {

namespace {

// rfc3461#4: any printable ASCII but "+" and "=" stands for itself.
bool stands_for_itself(char c) {
  return c > ' ' && c <= '~' && c != '+' && c != '=';
}

}  // namespace

std::string to_xtext(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    if (stands_for_itself(c)) {
      encoded += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    encoded += '+';
    encoded += kDigits[byte >> 4U];
    encoded += kDigits[byte & 15U];
  }
  return encoded;
}

Result<std::string> from_xtext(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (stands_for_itself(text[i])) {
      decoded += text[i];
      continue;
    }
    std::string_view digits = text.substr(i + 1, 2);
    // The grammar's hexchar has upper-case digits only.
    bool hex = digits.size() == 2 && digits.find_first_not_of("0123456789ABCDEF") == digits.npos;
    if (text[i] != '+' || !hex) {
      return fail(Code::syntax, "not xtext: " + printable(text));
    }
    TRY(std::string byte, from_hex(digits));
    decoded += byte;
    i += 2;
  }
  return decoded;
}

}  // namespace pawl::smtp
