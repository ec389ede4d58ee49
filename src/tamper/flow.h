// A transcript cut into lines, in the order in which they were whole, with what happened to the
// connection between them. How the bytes were cut into entries makes no difference.
// Views of the transcript, which must outlive it.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "starttls/transcript.h"

namespace pawl::tamper {

struct Step {
  using Kind = starttls::TranscriptEntry::Kind;
  Kind kind = Kind::client;
  bool tls = false;
  bool whole = true;      // the line has its end
  bool records = false;   // no line: TLS records begin here, as a capture shows them
  std::string_view text;  // without the line's end; of a failed handshake, the words
  std::size_t size = 0;   // with the line's end
};

struct Flow {
  std::vector<Step> steps;
  std::list<std::string> joined;  // lines that stood in several entries
};

Flow flow_of(const starttls::Transcript& transcript);

}  // namespace pawl::tamper
