#include "store/envelope_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "store/crc32c.h"

namespace pawl::store {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChecksumBytes = 4;

// Bits of the flag bytes; docs/formats/queue.md repeats them.
enum MessageFlag : std::uint8_t {
  kDeclaredEightBit = 1,
  kSmtpUtf8 = 2,
  kRequireTls = 4,
  kEightBitContent = 8,
  kTlsRequiredNo = 16,
  kMessageFlags = 31,
};
enum RecipientFlag : std::uint8_t {
  kHasNotify = 1,
  kNever = 2,
  kSuccess = 4,
  kFailure = 8,
  kDelay = 16,
  kDelayNotified = 32,
  kRecipientFlags = 63,
};

std::uint8_t flag(bool set, std::uint8_t bit) {
  return set ? bit : std::uint8_t{0};
}

void put_text(Bytes& to, std::string_view text) {
  put_u32(to, static_cast<std::uint32_t>(text.size()));
  to += text;
}

void put_time(Bytes& to, WallTime time) {
  put_u64(to, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

void put_recipient(Bytes& to, const QueuedRecipient& r) {
  const auto& notify = r.recipient.notify;
  std::uint8_t flags = flag(r.delay_notified, kDelayNotified);
  if (notify) {
    flags |= static_cast<std::uint8_t>(
        kHasNotify | flag(notify->never, kNever) | flag(notify->success, kSuccess) |
        flag(notify->failure, kFailure) | flag(notify->delay, kDelay));
  }
  put_u32(to, static_cast<std::uint32_t>(r.index));
  put_u8(to, flags);
  put_u32(to, static_cast<std::uint32_t>(r.attempts));
  put_time(to, r.next_attempt);
  put_text(to, r.recipient.address);
  put_text(to, r.recipient.domain.text());
  put_text(to, r.recipient.orcpt);
  put_text(to, r.next_hop);
  put_text(to, r.last_status);
  put_text(to, r.last_text);
}

bool too_long(const EnvelopeRecord& record) {
  auto longer = [](const std::string& text) { return text.size() > kRecordText; };
  return longer(record.envelope.sender) || longer(record.envelope.envid) || longer(record.origin) ||
         std::ranges::any_of(record.recipients, [&](const QueuedRecipient& r) {
           return longer(r.recipient.address) || longer(r.recipient.orcpt) || longer(r.next_hop) ||
                  longer(r.last_status) || longer(r.last_text);
         });
}

// Reads fields front to back and remembers the first thing that was wrong, so that decode_record
// asks once at the end of each group instead of after each field.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : reader_(bytes) {}

  template <class T>
  T number(std::optional<T> value) {
    if (!value) wrong("it ends too early");
    return value.value_or(T{});
  }
  std::uint8_t u8() { return number(reader_.u8()); }
  std::uint32_t u32() { return number(reader_.u32()); }
  std::uint64_t u64() { return number(reader_.u64()); }
  std::int32_t index(std::uint32_t limit, std::string_view what) {
    std::uint32_t value = u32();
    if (value > limit) wrong(fmt::format("{} is {}, more than {}", what, value, limit));
    return static_cast<std::int32_t>(std::min(value, limit));
  }
  std::uint8_t flags(std::uint8_t known) {
    std::uint8_t value = u8();
    if ((value & ~known) != 0) wrong(fmt::format("unknown flags {:#x}", value));
    return value;
  }
  WallTime time() { return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(u64()))); }
  std::string text() {
    std::uint32_t length = u32();
    if (length > kRecordText) wrong(fmt::format("a text of {} bytes", length));
    if (!wrong_.empty()) return {};
    auto bytes = reader_.take(length);
    if (!bytes) wrong("a text ends too early");
    return std::string(bytes.value_or(std::string_view{}));
  }
  dns::Name domain() {
    std::string name = text();
    if (!wrong_.empty() || name.empty()) return {};
    auto parsed = dns::Name::parse(name);
    if (!parsed) wrong("a domain is not one");
    return parsed ? *std::move(parsed) : dns::Name{};
  }
  void wrong(std::string why) {
    if (wrong_.empty()) wrong_ = std::move(why);
  }
  bool good() const { return wrong_.empty(); }
  const std::string& why() const { return wrong_; }
  bool at_end() const { return reader_.empty(); }

 private:
  Reader reader_;
  std::string wrong_;
};

QueuedRecipient read_recipient(Fields& fields, std::uint32_t recipient_count) {
  QueuedRecipient r;
  r.index = fields.index(recipient_count == 0 ? 0 : recipient_count - 1, "a recipient's index");
  std::uint8_t flags = fields.flags(kRecipientFlags);
  r.delay_notified = (flags & kDelayNotified) != 0;
  if ((flags & kHasNotify) != 0) {
    r.recipient.notify = smtp::Notify{.never = (flags & kNever) != 0,
                                      .success = (flags & kSuccess) != 0,
                                      .failure = (flags & kFailure) != 0,
                                      .delay = (flags & kDelay) != 0};
  }
  r.attempts = fields.index(1'000'000, "the number of attempts");
  r.next_attempt = fields.time();
  r.recipient.address = fields.text();
  r.recipient.domain = fields.domain();
  r.recipient.orcpt = fields.text();
  r.next_hop = fields.text();
  r.last_status = fields.text();
  r.last_text = fields.text();
  return r;
}

}  // namespace

WallTime EnvelopeRecord::due() const {
  WallTime earliest = WallTime::max();
  for (const QueuedRecipient& r : recipients) earliest = std::min(earliest, r.next_attempt);
  return earliest;
}

Result<std::string> encode_record(const EnvelopeRecord& record) {
  if (record.recipients.size() > kRecordRecipients) {
    return fail(Code::too_large, fmt::format("{} recipients, the queue takes {} in one message",
                                             record.recipients.size(), kRecordRecipients));
  }
  if (too_long(record)) {
    return fail(Code::too_large, fmt::format("an address, ENVID or reply of the envelope is longer "
                                             "than the queue's limit of {} bytes",
                                             kRecordText));
  }
  const smtp::Envelope& e = record.envelope;
  Bytes out;
  out.reserve(160 + record.recipients.size() * 160);
  put_u8(out, kVersion);
  put_u8(out, static_cast<std::uint8_t>(
                  flag(e.eight_bit, kDeclaredEightBit) | flag(e.smtputf8, kSmtpUtf8) |
                  flag(e.require_tls, kRequireTls) | flag(record.eight_bit, kEightBitContent) |
                  flag(record.tls_required_no, kTlsRequiredNo)));
  put_u8(out, static_cast<std::uint8_t>(e.ret));
  put_u32(out, static_cast<std::uint32_t>(record.hops));
  put_time(out, record.arrived);
  put_u64(out, record.size);
  put_text(out, e.sender);
  put_text(out, e.envid);
  put_text(out, record.origin);
  put_u32(out, static_cast<std::uint32_t>(record.recipient_count));
  put_u32(out, static_cast<std::uint32_t>(record.recipients.size()));
  for (const QueuedRecipient& r : record.recipients) put_recipient(out, r);
  put_u32(out, crc32c(out));
  return out;
}

Result<EnvelopeRecord> decode_record(std::string_view bytes) {
  auto bad = [](std::string why) {
    return fail(Code::store, "the queue record cannot be read: " + std::move(why));
  };
  if (bytes.size() <= kChecksumBytes) return bad("it is empty");
  if (static_cast<std::uint8_t>(bytes[0]) != kVersion) {
    return bad(fmt::format("it has version {}, this program knows {}",
                           static_cast<std::uint8_t>(bytes[0]), kVersion));
  }
  std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (Reader(bytes.substr(body.size())).u32() != crc32c(body)) return bad("its checksum is wrong");

  Fields fields(body.substr(1));
  EnvelopeRecord record;
  smtp::Envelope& e = record.envelope;
  std::uint8_t flags = fields.flags(kMessageFlags);
  e.eight_bit = (flags & kDeclaredEightBit) != 0;
  e.smtputf8 = (flags & kSmtpUtf8) != 0;
  e.require_tls = (flags & kRequireTls) != 0;
  record.eight_bit = (flags & kEightBitContent) != 0;
  record.tls_required_no = (flags & kTlsRequiredNo) != 0;
  std::uint8_t ret = fields.u8();
  if (ret > static_cast<std::uint8_t>(smtp::Return::headers)) fields.wrong("RET is unknown");
  e.ret = static_cast<smtp::Return>(ret);
  record.hops = fields.index(1'000'000, "the hop count");
  record.arrived = fields.time();
  record.size = fields.u64();
  e.sender = fields.text();
  e.envid = fields.text();
  record.origin = fields.text();
  record.recipient_count = fields.index(kRecordRecipients, "the number of recipients");
  auto left = fields.index(static_cast<std::uint32_t>(record.recipient_count), "those left");
  for (std::int32_t i = 0; i < left && fields.good(); ++i) {
    record.recipients.push_back(
        read_recipient(fields, static_cast<std::uint32_t>(record.recipient_count)));
  }
  if (fields.good() && !fields.at_end()) fields.wrong("bytes follow its end");
  if (!fields.good()) return bad(fields.why());
  return record;
}

}  // namespace pawl::store
