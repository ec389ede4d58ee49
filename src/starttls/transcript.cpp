#include "starttls/transcript.h"

#include <algorithm>
#include <utility>

namespace pawl::starttls {

namespace {

using Kind = TranscriptEntry::Kind;

constexpr std::size_t kKept = 256UL * 1024;

bool is_speech(Kind kind) {
  return kind == Kind::client || kind == Kind::server;
}

bool continues(const Transcript& transcript, const TranscriptEntry& entry) {
  if (transcript.entries.empty() || !is_speech(entry.kind)) return false;
  const TranscriptEntry& last = transcript.entries.back();
  return last.kind == entry.kind && last.tls == entry.tls;
}

}  // namespace

void append(Transcript& transcript, TranscriptEntry entry) {
  if (is_speech(entry.kind)) {
    std::size_t kept = 0;
    for (const TranscriptEntry& earlier : transcript.entries) kept += earlier.bytes.size();
    std::size_t room = kKept - std::min(kept, kKept);
    if (entry.bytes.size() > room) entry.bytes.resize(room);
    if (entry.bytes.empty()) return;
  }
  if (continues(transcript, entry)) {
    transcript.entries.back().bytes += entry.bytes;
  } else {
    transcript.entries.push_back(std::move(entry));
  }
}

}  // namespace pawl::starttls
