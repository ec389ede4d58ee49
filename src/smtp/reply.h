// SMTP replies, RFC 5321 section 4.2, with enhanced status codes (RFC 2034, RFC 3463).
// Strict where leniency lets two readers disagree: a line ends with CR LF and nothing else, and all
// lines of a reply carry one code. Limits in base/limits.h. Errors: Code::smtp_protocol.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::smtp {

// What one says stands in the reader that made it: valid until its next next(), feed() or clear().
struct Reply {
  int code = 0;                         // 200 to 599
  std::string enhanced;                 // "5.1.1" if the text begins with one of the code's class
  std::vector<std::string_view> lines;  // the text behind each code, as sent, never empty

  bool positive() const { return code / 100 == 2; }
  bool intermediate() const { return code / 100 == 3; }
  bool temporary() const { return code / 100 == 4; }
  bool permanent() const { return code / 100 == 5; }
  // RFC 3463 status: the host's own, or X.0.0 of the code's class.
  std::string status() const;
  // "550 5.1.1 no such user", one line, safe to show.
  std::string text() const;
  void text_into(std::string& text) const;  // into memory that is there already
  bool operator==(const Reply&) const = default;
};

// Bytes in, replies out, front to back. After an error every next() gives the same error.
// One buffer and one reply, used again and again: once they have grown, a reply costs no memory.
class ReplyReader {
 public:
  void feed(std::string_view bytes);
  Result<const Reply*> next();  // null: a reply is not complete yet
  // Nothing is buffered: no complete reply and no part of one.
  bool empty() const { return at_ == buffer_.size() && spans_.empty(); }
  // Forgets everything that came in: what was said before the upgrade was never said.
  void clear();

 private:
  struct Span {
    std::size_t begin;  // behind start_: the buffer may move while the reply is not whole
    std::size_t size;
  };
  bool add_line(std::string_view line);  // false: error_ says why not
  bool broken(std::string sentence);
  const Reply* whole_reply();

  std::string buffer_;
  std::size_t start_ = 0;    // of the reply that is being read; what stands before is consumed
  std::size_t at_ = 0;       // of the line that is next
  std::vector<Span> spans_;  // the lines of the reply that is being read
  bool last_ = false;        // the line that was just added ends it
  Reply reply_;
  std::optional<Error> error_;
};

}  // namespace pawl::smtp
