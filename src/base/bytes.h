// Bytes as values and views. A byte string from the wire is a std::string (cheap, printable,
// comparable); a view of one is a std::string_view. Numbers on the wire are big-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl {

using Bytes = std::string;
using ByteView = std::string_view;

std::string to_hex(ByteView bytes);             // lower case
Result<Bytes> from_hex(std::string_view text);  // either case, no separators
std::string to_base64(ByteView bytes);
Result<Bytes> from_base64(std::string_view text);  // RFC 4648 section 4, padding required

// Reads a byte string front to back; every read is checked against what is left.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  std::optional<std::uint8_t> u8();
  std::optional<std::uint16_t> u16();
  std::optional<std::uint32_t> u32();
  std::optional<std::uint64_t> u64();
  std::optional<ByteView> take(std::size_t count);
  ByteView rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::optional<std::uint64_t> number(std::size_t width);
  ByteView rest_;
};

void put_u8(Bytes& to, std::uint8_t value);
void put_u16(Bytes& to, std::uint16_t value);
void put_u32(Bytes& to, std::uint32_t value);
void put_u64(Bytes& to, std::uint64_t value);

}  // namespace pawl
