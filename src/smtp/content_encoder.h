// Message content on its way out, a piece at a time: dot-stuffed for DATA (RFC 5321 section 4.5.2)
// or as it is for BDAT (RFC 3030). Content is in canonical form; a bare CR or LF in it is refused
// here once more, because what one host reads as text another may read as the end of the message
// and a second one behind it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::smtp {

class ContentEncoder {
 public:
  explicit ContentEncoder(bool dots) : dots_(dots) {}
  // Appends the piece to `out`. Code::bare_line_ending: nothing more may be sent.
  Result<> add(std::string_view piece, std::string& out);
  // The end: DATA gets its final dot on a line of its own.
  Result<> finish(std::string& out);

 private:
  bool dots_;
  bool line_start_ = true;
  bool after_cr_ = false;  // the piece before ended in CR, which is not sent yet
};

}  // namespace pawl::smtp
