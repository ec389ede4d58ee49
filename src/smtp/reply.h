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

struct Reply {
  int code = 0;                    // 200 to 599
  std::string enhanced;            // "5.1.1" if the text begins with one of the code's class
  std::vector<std::string> lines;  // the text behind each code, as sent, never empty

  bool positive() const { return code / 100 == 2; }
  bool intermediate() const { return code / 100 == 3; }
  bool temporary() const { return code / 100 == 4; }
  bool permanent() const { return code / 100 == 5; }
  // RFC 3463 status: the host's own, or X.0.0 of the code's class.
  std::string status() const;
  // "550 5.1.1 no such user", one line, safe to show.
  std::string text() const;
  bool operator==(const Reply&) const = default;
};

// Bytes in, replies out, front to back. After an error every next() gives the same error.
class ReplyReader {
 public:
  void feed(std::string_view bytes);
  Result<std::optional<Reply>> next();  // nothing: a reply is not complete yet
  // Nothing is buffered: no complete reply and no part of one.
  bool empty() const { return at_ == buffer_.size() && !partial_; }
  // Forgets everything that came in: what was said before the upgrade was never said.
  void clear();

 private:
  Result<std::optional<std::string_view>> next_line();
  Result<bool> add_line(std::string_view line);  // true: it was the last one
  std::unexpected<Error> broken(std::string sentence);

  std::string buffer_;
  std::size_t at_ = 0;  // what stands before is consumed
  std::optional<Reply> partial_;
  std::optional<Error> error_;
};

}  // namespace pawl::smtp
