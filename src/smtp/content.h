// The content of a message as it comes in: where it ends, whether it may be taken, and what its
// header says that a relay must know. Streaming: nothing holds a whole message, and the outcome is
// the same however the bytes were cut.
//
// Strict line endings are the defence against SMTP smuggling: only CRLF ends a line and only
// CRLF.CRLF ends DATA (rfc5321#2.3.8, rfc5321#4.1.1.4). A CR or LF that stands alone is content
// that the next server might read otherwise: it is refused, or repaired under `normalize`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pawl::smtp {

struct ContentLimits {
  std::uint64_t size = 0;
  std::size_t line = 0;
  bool normalize = false;
};

// What is known of the content so far.
struct ContentFacts {
  std::uint64_t size = 0;  // of what was written out, CRLF included
  int hops = 0;            // Received fields in the header section
  bool eight_bit = false;
  bool tls_required_no = false;  // "TLS-Required: No" (rfc8689#5)
  bool bare_line_ending = false;
  bool line_too_long = false;
  bool too_large = false;
};

// Looks at content whose framing is gone, and repairs it under `normalize`.
class ContentScanner {
 public:
  explicit ContentScanner(ContentLimits limits) : limits_(limits) {}

  // Appends what is kept to `out`. Once the content is too large nothing more is kept.
  void write(std::string_view bytes, std::string& out);
  void finish(std::string& out);  // the content ends here
  const ContentFacts& facts() const { return facts_; }

 private:
  void keep(std::string_view bytes, std::string& out);
  void bare(char c, std::string& out);
  void end_line();
  void scan_header(std::string_view bytes);
  void end_field();

  ContentLimits limits_;
  ContentFacts facts_;
  bool after_cr_ = false;  // a CR whose LF has not come yet; not written out before it does
  std::size_t line_ = 0;   // length of the line so far
  bool in_header_ = true;
  std::string field_;  // the header field being read, unfolded and cut to what is needed
};

// Takes the dots off and finds the end of DATA (rfc5321#4.5.2).
class DotDecoder {
 public:
  // Writes the content in `bytes` to `to`. Returns how many bytes were used: fewer than all, or
  // all with ended(), when the end of data stood in them.
  std::size_t read(std::string_view bytes, ContentScanner& to, std::string& out);
  bool ended() const { return state_ == State::ended; }

 private:
  enum class State : unsigned char { line_start, dot, dot_cr, text, cr, ended };
  State state_ = State::line_start;
};

}  // namespace pawl::smtp
