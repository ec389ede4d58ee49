#include "base/bytes.h"

namespace pawl {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint8_t byte(char c) {
  return static_cast<std::uint8_t>(c);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (char c : bytes) {
    text += kHex[byte(c) >> 4];
    text += kHex[byte(c) & 15];
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Code::syntax, "an odd number of hexadecimal digits");
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = hex_digit(text[i]);
    int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return fail(Code::syntax, "not a hexadecimal digit");
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string to_base64(ByteView bytes) {
  std::string text;
  std::size_t i = 0;
  for (; i + 2 < bytes.size(); i += 3) {
    unsigned group = byte(bytes[i]) << 16U | byte(bytes[i + 1]) << 8U | byte(bytes[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) text += kBase64[group >> shift & 63U];
  }
  if (std::size_t left = bytes.size() - i; left > 0) {
    unsigned group = byte(bytes[i]) << 16U | (left == 2 ? byte(bytes[i + 1]) << 8U : 0U);
    text += kBase64[group >> 18U];
    text += kBase64[group >> 12U & 63U];
    text += left == 2 ? kBase64[group >> 6U & 63U] : '=';
    text += '=';
  }
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(Code::syntax, "base64 of a wrong length");
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    unsigned group = 0;
    int digits = 4;
    for (std::size_t j = 0; j < 4; ++j) {
      char c = text[i + j];
      std::size_t value = kBase64.find(c);
      if (c == '=' && i + 4 == text.size() && j >= 2) {
        if (digits == 4) digits = static_cast<int>(j);
        value = 0;
      } else if (value == std::string_view::npos || digits != 4) {
        return fail(Code::syntax, "not base64");
      }
      group = group << 6U | static_cast<unsigned>(value);
    }
    for (int k = 0; k < digits - 1; ++k) {
      bytes += static_cast<char>(group >> (16 - 8 * k) & 255U);
    }
  }
  return bytes;
}

std::optional<std::uint64_t> Reader::number(std::size_t width) {
  auto bytes = take(width);
  if (!bytes) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : *bytes) value = value << 8U | byte(c);
  return value;
}

std::optional<std::uint8_t> Reader::u8() {
  auto n = number(1);
  if (!n) return std::nullopt;
  return static_cast<std::uint8_t>(*n);
}

std::optional<std::uint16_t> Reader::u16() {
  auto n = number(2);
  if (!n) return std::nullopt;
  return static_cast<std::uint16_t>(*n);
}

std::optional<std::uint32_t> Reader::u32() {
  auto n = number(4);
  if (!n) return std::nullopt;
  return static_cast<std::uint32_t>(*n);
}

std::optional<std::uint64_t> Reader::u64() {
  return number(8);
}

std::optional<ByteView> Reader::take(std::size_t count) {
  if (count > rest_.size()) return std::nullopt;
  ByteView taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

void put_u8(Bytes& to, std::uint8_t value) {
  to += static_cast<char>(value);
}

void put_u16(Bytes& to, std::uint16_t value) {
  put_u8(to, static_cast<std::uint8_t>(value >> 8U));
  put_u8(to, static_cast<std::uint8_t>(value & 255U));
}

void put_u32(Bytes& to, std::uint32_t value) {
  put_u16(to, static_cast<std::uint16_t>(value >> 16U));
  put_u16(to, static_cast<std::uint16_t>(value & 65535U));
}

void put_u64(Bytes& to, std::uint64_t value) {
  put_u32(to, static_cast<std::uint32_t>(value >> 32U));
  put_u32(to, static_cast<std::uint32_t>(value & 0xffffffffU));
}

}  // namespace pawl
