#include "dns/presentation.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"

namespace pawl::dns {
namespace {

std::vector<std::string_view> words(std::string_view text) {
  auto parts = split(text, ' ');
  std::erase(parts, std::string_view());
  return parts;
}

Error not_a_record(Type type, std::string_view text, std::string_view form) {
  return {Code::invalid_argument, "'" + printable(text) + "' is no " + std::string(name(type)) +
                                      " record: " + std::string(form) + " is expected"};
}

// The leading numbers of a record, each of `bytes` bytes, then what follows them.
Result<std::string> numbers(Type type, std::string_view text, std::size_t count, int bytes,
                            std::string_view form) {
  const auto parts = words(text);
  if (parts.size() != count + 1) return fail(not_a_record(type, text, form));
  std::string rdata;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = parse_decimal(parts[i], bytes == 1 ? 0xff : 0xffff);
    if (!number) return fail(not_a_record(type, text, form));
    if (bytes == 1)
      put_u8(rdata, static_cast<std::uint8_t>(*number));
    else
      put_u16(rdata, static_cast<std::uint16_t>(*number));
  }
  return rdata;
}

Result<std::string> numbers_and_name(Type type, std::string_view text, std::size_t count,
                                     std::string_view form) {
  TRY(auto rdata, numbers(type, text, count, 2, form));
  TRY(auto target, Name::parse(words(text).back()));
  return rdata + target.wire();
}

}  // namespace

Result<std::string> rdata_from_text(Type type, std::string_view text) {
  switch (type) {
    case Type::a:
    case Type::aaaa: {
      TRY(auto address, IpAddress::parse(text));
      if (address.is_v4() != (type == Type::a))
        return fail(not_a_record(type, text, "an address of that family"));
      return address.bytes();
    }
    case Type::cname:
    case Type::ns: {
      TRY(auto target, Name::parse(text));
      return target.wire();
    }
    case Type::mx:
      return numbers_and_name(type, text, 1, "PREFERENCE HOST");
    case Type::srv:
      return numbers_and_name(type, text, 3, "PRIORITY WEIGHT PORT HOST");
    case Type::tlsa: {
      TRY(auto rdata, numbers(type, text, 3, 1, "USAGE SELECTOR MATCHING-TYPE HEX"));
      TRY(auto data, from_hex(words(text).back()));
      return rdata + data;
    }
    case Type::txt: {
      std::string rdata;
      do {
        const auto part = text.substr(0, 255);
        put_u8(rdata, static_cast<std::uint8_t>(part.size()));
        rdata += part;
        text.remove_prefix(part.size());
      } while (!text.empty());
      return rdata;
    }
    default:
      return fail(Code::unsupported, std::string(name(type)) + " records are not read from text");
  }
}

}  // namespace pawl::dns
