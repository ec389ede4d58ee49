#include "resolver/probe_message.h"

#include "base/bytes.h"

namespace pawl::resolver {
namespace {

constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kRcode = 0x000f;
constexpr std::uint16_t kInternet = 1;
constexpr std::uint16_t kOpt = 41;           // rfc6891#6.1.2
constexpr std::uint16_t kUdpSize = 1232;     // what passes without fragments
constexpr std::uint32_t kDnssecOk = 0x8000;  // rfc3225#3

// A name as it stands in a message: its end is all that matters, so pointers are not followed.
bool skip_name(Reader& reader) {
  for (;;) {
    const auto length = reader.u8();
    if (!length) return false;
    if (*length == 0) return true;
    if (*length >= 0xc0) return reader.u8().has_value();
    if (*length > 63 || !reader.take(*length)) return false;
  }
}

}  // namespace

std::string probe_query(const ProbeQuestion& question, std::uint16_t id, bool with_signatures) {
  std::string query;
  put_u16(query, id);
  put_u16(query, kRecursionDesired);
  put_u16(query, 1);
  put_u32(query, 0);
  put_u16(query, with_signatures ? 1 : 0);
  query += question.name.wire();
  put_u16(query, static_cast<std::uint16_t>(question.type));
  put_u16(query, kInternet);
  if (with_signatures) {
    put_u8(query, 0);
    put_u16(query, kOpt);
    put_u16(query, kUdpSize);
    put_u32(query, kDnssecOk);
    put_u16(query, 0);
  }
  return query;
}

std::optional<ProbeReply> read_probe_reply(std::string_view message, std::uint16_t id) {
  Reader reader(message);
  const auto their_id = reader.u16();
  const auto flags = reader.u16();
  const auto questions = reader.u16();
  const auto answers = reader.u16();
  if (their_id != id || !flags || (*flags & kResponse) == 0 || !questions || !answers ||
      !reader.u32())
    return std::nullopt;
  ProbeReply reply;
  reply.rcode = *flags & kRcode;
  reply.truncated = (*flags & kTruncated) != 0;
  for (int i = 0; i < *questions; ++i)
    if (!skip_name(reader) || !reader.u32()) return std::nullopt;
  for (int i = 0; i < *answers; ++i) {
    const bool named = skip_name(reader);
    const auto type = reader.u16();
    const bool fixed = reader.u16() && reader.u32();
    const auto length = reader.u16();
    const bool whole = named && fixed && length && reader.take(*length);
    if (!whole) {
      if (reply.truncated) break;  // some servers cut in the middle of a record
      return std::nullopt;
    }
    if (type == static_cast<std::uint16_t>(dns::Type::rrsig)) reply.has_signature = true;
  }
  return reply;
}

}  // namespace pawl::resolver
