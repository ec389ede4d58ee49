// The detector over sessions as text (starttls/transcript_text.h), and over bytes that are none:
// nothing harms it, how the bytes were cut makes no difference, what is written is read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "starttls/transcript_text.h"
#include "tamper/tamper.h"

namespace {

using pawl::starttls::Transcript;
using pawl::starttls::TranscriptEntry;
using Kind = TranscriptEntry::Kind;

Transcript byte_by_byte(const Transcript& whole) {
  Transcript cut = whole;
  cut.entries.clear();
  for (const TranscriptEntry& entry : whole.entries) {
    TranscriptEntry part = entry;
    bool speech = entry.kind == Kind::client || entry.kind == Kind::server;
    if (!speech) cut.entries.push_back(part);
    for (std::size_t i = 0; speech && i < entry.bytes.size(); ++i) {
      part.bytes = entry.bytes.substr(i, 1);
      cut.entries.push_back(part);
    }
  }
  return cut;
}

void require(bool holds) {
  if (!holds) std::abort();
}

void examine(const Transcript& session) {
  auto whole = pawl::tamper::examine(session);
  auto cut = pawl::tamper::examine(byte_by_byte(session));
  require(whole.assessment == cut.assessment && whole.findings.size() == cut.findings.size());
  for (std::size_t i = 0; i < whole.findings.size(); ++i) {
    require(whole.findings[i].signature == cut.findings[i].signature);
    require(whole.findings[i].evidence == cut.findings[i].evidence);
  }
  pawl::tamper::compare({.session = &session, .path = "one", .spki_sha256 = {}},
                        {.session = &session, .path = "other", .spki_sha256 = {}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (size > 16384) return 0;
  if (auto session = pawl::starttls::read_transcript(input)) {
    examine(*session);
    auto again = pawl::starttls::read_transcript(pawl::starttls::write_transcript(*session));
    require(again.has_value() && again->entries.size() == session->entries.size());
    return 0;
  }
  for (const auto& row : pawl::starttls::protocols()) {
    Transcript session;
    session.protocol = row.protocol;
    session.entries.push_back({.kind = Kind::server, .bytes = std::string(input)});
    examine(session);
  }
  return 0;
}
