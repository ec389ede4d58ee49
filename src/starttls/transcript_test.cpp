#include "starttls/transcript.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "starttls/transcript_text.h"

namespace pawl::starttls {
namespace {

using Kind = TranscriptEntry::Kind;

TranscriptEntry entry(Kind kind, std::string bytes, bool tls = false) {
  return {.kind = kind, .tls = tls, .at = {}, .bytes = std::move(bytes)};
}

TEST(Transcript, BytesOfOneSideAndPhaseAreOneEntry) {
  Transcript transcript;
  append(transcript, entry(Kind::server, "22"));
  append(transcript, entry(Kind::server, "0 ready\r\n"));
  append(transcript, entry(Kind::client, "EHLO x\r\n"));
  append(transcript, entry(Kind::client, "", true));
  append(transcript, entry(Kind::client, "EHLO x\r\n", true));
  ASSERT_EQ(transcript.entries.size(), 3U);
  EXPECT_EQ(transcript.entries[0].bytes, "220 ready\r\n");
  EXPECT_FALSE(transcript.entries[1].tls);
  EXPECT_TRUE(transcript.entries[2].tls);
}

TEST(Transcript, KeepsNoMoreThanItsLimitAndStillWhatHappened) {
  Transcript transcript;
  for (int i = 0; i < 10; ++i) {
    append(transcript, entry(i % 2 == 0 ? Kind::server : Kind::client, std::string(100'000, 'x')));
  }
  append(transcript, entry(Kind::reset, ""));
  std::size_t kept = 0;
  for (const TranscriptEntry& one : transcript.entries) kept += one.bytes.size();
  EXPECT_EQ(kept, 256U * 1024);
  EXPECT_EQ(transcript.entries.back().kind, Kind::reset);
}

TEST(TranscriptText, ReadsWhatAPersonWrites) {
  auto read = read_transcript(
      "# a remark\nprotocol pop3\n\nS: +OK ready\\x21 \\\nC+ ST\nC: LS\nTLS\nTLS FAILED no shared "
      "cipher\nRESET\n");
  ASSERT_TRUE(read) << read.error().sentence();
  EXPECT_EQ(read->protocol, Protocol::pop3);
  ASSERT_EQ(read->entries.size(), 5U);
  EXPECT_EQ(read->entries[0].bytes, "+OK ready! \r\n");
  EXPECT_EQ(read->entries[1].bytes, "STLS\r\n");
  EXPECT_FALSE(read->entries[1].tls);
  EXPECT_TRUE(read->entries[2].tls);
  EXPECT_EQ(read->entries[3].bytes, "no shared cipher");
}

TEST(TranscriptText, RefusesWhatItDoesNotKnowWithTheLine) {
  for (const char* text : {"", "protocol gopher\n", "S: 220 x\n", "protocol smtp\nHELLO\n",
                           "protocol smtp\nS: \\q\n", "protocol smtp\nTLSX\n"}) {
    EXPECT_FALSE(read_transcript(text)) << text;
  }
  EXPECT_NE(read_transcript("protocol smtp\n\nHELLO\n").error().detail.find("line 3"),
            std::string::npos);
}

RC_GTEST_PROP(TranscriptText, WhatIsWrittenIsReadAgain, (const std::vector<std::string>& said)) {
  Transcript transcript;
  transcript.protocol = Protocol::imap;
  for (std::size_t i = 0; i < said.size(); ++i) {
    append(transcript, entry(i % 2 == 0 ? Kind::server : Kind::client, said[i] + "\r\nmore"));
  }
  auto read = read_transcript(write_transcript(transcript));
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->entries.size() == transcript.entries.size());
  for (std::size_t i = 0; i < read->entries.size(); ++i) {
    RC_ASSERT(read->entries[i].kind == transcript.entries[i].kind);
    RC_ASSERT(read->entries[i].bytes == transcript.entries[i].bytes);
  }
}

}  // namespace
}  // namespace pawl::starttls
