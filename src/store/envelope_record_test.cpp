// The queue's record reads back what was written, and refuses everything else.
#include "store/envelope_record.h"

#include <gtest/gtest.h>

#include "store/crc32c.h"

namespace pawl::store {
namespace {

EnvelopeRecord sample() {
  EnvelopeRecord record;
  record.envelope.sender = "joe@example.com";
  record.envelope.smtputf8 = true;
  record.envelope.ret = smtp::Return::full;
  record.envelope.envid = "id 7";
  record.size = 1U << 31;
  record.eight_bit = true;
  record.arrived = WallTime(std::chrono::milliseconds(1'795'000'000'123));
  record.origin = "smtp 192.0.2.7 as joe";
  record.hops = 3;
  record.recipient_count = 3;
  for (std::int32_t index : {0, 2}) {
    QueuedRecipient r;
    r.index = index;
    r.recipient.address = "p\xc3\xa9@example.org";
    r.recipient.domain = *dns::Name::parse("example.org");
    r.recipient.orcpt = "rfc822;p@example.org";
    if (index == 2) r.recipient.notify = smtp::Notify{.never = true};
    r.next_hop = "example.org";
    r.attempts = index;
    r.next_attempt = record.arrived + std::chrono::minutes(index);
    r.delay_notified = index == 2;
    r.last_status = "4.7.5";
    r.last_text = "why";
    record.recipients.push_back(r);
  }
  return record;
}

TEST(EnvelopeRecordTest, ReadsBackWhatWasWritten) {
  EnvelopeRecord record = sample();
  auto bytes = encode_record(record);
  ASSERT_TRUE(bytes);
  auto back = decode_record(*bytes);
  ASSERT_TRUE(back) << back.error().sentence();
  EXPECT_EQ(back->envelope, record.envelope);
  EXPECT_EQ(back->size, record.size);
  EXPECT_EQ(back->arrived, record.arrived);
  EXPECT_EQ(back->origin, record.origin);
  EXPECT_EQ(back->hops, 3);
  EXPECT_EQ(back->recipient_count, 3);
  ASSERT_EQ(back->recipients.size(), 2U);
  EXPECT_EQ(back->recipients[1].recipient, record.recipients[1].recipient);
  EXPECT_TRUE(back->recipients[1].delay_notified);
  EXPECT_EQ(back->due(), record.arrived);
  EXPECT_EQ(*encode_record(*back), *bytes) << "one message, one spelling";
}

TEST(EnvelopeRecordTest, AFlippedBitAnywhereIsSeen) {
  std::string bytes = *encode_record(sample());
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string bad = bytes;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(decode_record(bad)) << "bit " << i;
  }
}

TEST(EnvelopeRecordTest, ACutRecordIsSeen) {
  std::string bytes = *encode_record(sample());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_record(std::string_view(bytes).substr(0, length))) << length;
  }
}

std::string sealed(std::string body) {
  std::uint32_t sum = crc32c(body);
  for (int shift = 24; shift >= 0; shift -= 8) body += static_cast<char>(sum >> shift);
  return body;
}

TEST(EnvelopeRecordTest, ALaterVersionIsNamed) {
  auto read = decode_record(sealed("\x02whatever"));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().detail.find("version 2"), std::string::npos);
}

TEST(EnvelopeRecordTest, NothingMayFollowTheEnd) {
  std::string bytes = *encode_record(sample());
  auto read = decode_record(sealed(bytes.substr(0, bytes.size() - 4) + "x"));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().detail.find("follow"), std::string::npos);
}

TEST(EnvelopeRecordTest, ALengthBeyondTheRecordIsNotBelieved) {
  std::string body = (*encode_record(sample()));
  body.resize(body.size() - 4);
  body.replace(1 + 1 + 1 + 4 + 8 + 8, 4, "\x00\x00\xff\xff", 4);  // the sender's length
  EXPECT_FALSE(decode_record(sealed(body)));
}

TEST(EnvelopeRecordTest, TooMuchIsNotWritten) {
  EnvelopeRecord record = sample();
  record.recipients[0].last_text.assign(kRecordText + 1, 'x');
  EXPECT_EQ(encode_record(record).error().code, Code::too_large);
}

TEST(Crc32cTest, KnowsThePublishedValue) {
  // The check value of CRC-32/ISCSI, and the all-zero vector (rfc3720#B.4).
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
}

TEST(QueueIdTest, SurvivesBeingWrittenAndRead) {
  for (MessageId id : {MessageId{0}, MessageId{1}, MessageId{31}, MessageId{32},
                       MessageId{217'000'000'000'000}, INT64_MAX}) {
    EXPECT_EQ(parse_queue_id(queue_id(id)), id);
  }
  EXPECT_EQ(queue_id(217'000'000'000'000).size(), 10U);
  EXPECT_EQ(parse_queue_id("3f7k2q9zb1"), parse_queue_id("3F7K2Q9ZB1"));
  for (const char* bad : {"", "3F7K-", "ILOU", "ZZZZZZZZZZZZZ", "0000000000000000"}) {
    EXPECT_FALSE(parse_queue_id(bad)) << bad;
  }
}

}  // namespace
}  // namespace pawl::store
