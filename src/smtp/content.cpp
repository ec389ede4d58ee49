#include "smtp/content.h"

#include <algorithm>

#include "base/text.h"

namespace pawl::smtp {

namespace {

// No header field that we look at is longer, comments and folding included.
constexpr std::size_t kField = 128;

// Walks from one CR or LF to the next with memchr. Each is looked for once per stretch, so content
// of nothing but bare CRs costs no more than any other.
class LineBreaks {
 public:
  explicit LineBreaks(std::string_view bytes)
      : bytes_(bytes), cr_(bytes.find('\r')), lf_(bytes.find('\n')) {}
  // The first one at or behind `from`; npos if none.
  std::size_t next(std::size_t from) {
    if (cr_ < from) cr_ = bytes_.find('\r', from);
    if (lf_ < from) lf_ = bytes_.find('\n', from);
    return cr_ < lf_ ? cr_ : lf_;
  }

 private:
  std::string_view bytes_;
  std::size_t cr_;
  std::size_t lf_;
};

}  // namespace

void ContentScanner::keep(std::string_view bytes, std::string& out) {
  facts_.size += bytes.size();
  if (facts_.size > limits_.size) facts_.too_large = true;
  if (!facts_.too_large) out.append(bytes);
}

void ContentScanner::bare(char c, std::string& out) {
  if (limits_.normalize) {
    keep("\r\n", out);
    end_line();
  } else {
    facts_.bare_line_ending = true;
    keep(std::string_view(&c, 1), out);
  }
}

void ContentScanner::end_line() {
  if (in_header_) {
    // An empty line ends the header section.
    if (line_ == 0) {
      end_field();
      in_header_ = false;
      field_ = {};
    }
  }
  line_ = 0;
}

void ContentScanner::write(std::string_view bytes, std::string& out) {
  LineBreaks breaks(bytes);
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes[at] == '\n') {
        keep("\r\n", out);
        end_line();
        ++at;
      } else {
        bare('\r', out);
      }
      continue;
    }
    std::size_t end = std::min(breaks.next(at), bytes.size());
    if (std::string_view text = bytes.substr(at, end - at); !text.empty()) {
      if (in_header_) scan_header(text);
      line_ += text.size();
      if (line_ > limits_.line) facts_.line_too_long = true;
      if (!facts_.eight_bit && !is_ascii(text)) facts_.eight_bit = true;
      keep(text, out);
    }
    if (end == bytes.size()) return;
    if (bytes[end] == '\r') {
      after_cr_ = true;
    } else {
      bare('\n', out);
    }
    at = end + 1;
  }
}

void ContentScanner::finish(std::string& out) {
  if (after_cr_) bare('\r', out);
  after_cr_ = false;
  if (in_header_) end_field();
  in_header_ = false;
}

// `bytes` are a piece of one header line; line_ says whether its start.
void ContentScanner::scan_header(std::string_view bytes) {
  if (line_ == 0) {
    bool folded = bytes[0] == ' ' || bytes[0] == '\t';
    if (!folded) {
      end_field();
      field_.clear();
    }
  }
  if (field_.size() < kField) field_.append(bytes.substr(0, kField - field_.size()));
}

void ContentScanner::end_field() {
  std::size_t colon = field_.find(':');
  if (colon == std::string::npos) return;
  std::string_view name = trim(std::string_view(field_).substr(0, colon));
  std::string_view value = trim(std::string_view(field_).substr(colon + 1));
  if (equal_ignoring_case(name, "Received")) ++facts_.hops;
  if (equal_ignoring_case(name, "TLS-Required") && equal_ignoring_case(value, "No")) {
    facts_.tls_required_no = true;
  }
}

std::size_t DotDecoder::read(std::string_view bytes, ContentScanner& to, std::string& out) {
  std::size_t kept = 0;  // content before this was handed on
  std::size_t i = 0;
  while (i < bytes.size() && state_ != State::ended) {
    char c = bytes[i];
    switch (state_) {
      case State::line_start:
        if (c == '.') {
          // The dot is left out, whatever follows it.
          to.write(bytes.substr(kept, i - kept), out);
          kept = ++i;
          state_ = State::dot;
        } else {
          state_ = State::text;
        }
        break;
      case State::dot:
        if (c == '\r') {
          // Held back: it belongs to the end of data, or to content.
          kept = ++i;
          state_ = State::dot_cr;
        } else {
          state_ = State::text;
        }
        break;
      case State::dot_cr:
        if (c == '\n') {
          kept = ++i;
          state_ = State::ended;
        } else {
          to.write("\r", out);
          state_ = c == '\r' ? State::cr : State::text;
          if (c == '\r') ++i;
        }
        break;
      case State::text: {
        std::size_t cr = bytes.find('\r', i);
        if (cr == std::string_view::npos) {
          i = bytes.size();
        } else {
          i = cr + 1;
          state_ = State::cr;
        }
        break;
      }
      case State::cr:
        if (c == '\n') {
          state_ = State::line_start;
          ++i;
        } else if (c == '\r') {
          ++i;
        } else {
          state_ = State::text;
        }
        break;
      case State::ended:
        break;
    }
  }
  if (state_ == State::ended) {
    return kept;
  }
  if (i > kept) to.write(bytes.substr(kept, i - kept), out);
  return i;
}

}  // namespace pawl::smtp
