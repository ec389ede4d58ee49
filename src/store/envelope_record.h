// The queue's own record: the envelope of a message and how each recipient stands, as one string of
// bytes (docs/formats/queue.md). Pure. Versioned and checked by CRC-32C; decode() believes nothing:
// a record that is cut, rotten, of a later version or that holds more than its length is an error
// (Code::store) that says what is wrong, never a half-filled message.
#pragma once

#include <string>
#include <string_view>

#include "store/queue.h"

namespace pawl::store {

struct EnvelopeRecord {
  smtp::Envelope envelope;  // without recipients: they stand below, each with its state
  std::vector<QueuedRecipient> recipients;
  std::uint64_t size = 0;  // of the content
  bool eight_bit = false;
  bool tls_required_no = false;
  WallTime arrived{};
  std::string origin;
  int hops = 0;
  std::int32_t recipient_count = 0;  // at the beginning: indices are below it

  // The earliest time at which a recipient is to be tried.
  WallTime due() const;
};

// Limits that hold for what is written too: encode() of more fails (Code::too_large).
inline constexpr std::size_t kRecordRecipients = 10'000;
inline constexpr std::size_t kRecordText = 64UL * 1024;

Result<std::string> encode_record(const EnvelopeRecord& record);
Result<EnvelopeRecord> decode_record(std::string_view bytes);

}  // namespace pawl::store
