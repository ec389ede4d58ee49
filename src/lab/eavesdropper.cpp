#include "lab/eavesdropper.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr char kTlsHandshakeRecord = 0x16;
constexpr std::size_t kExcerpt = 120;

bool is_greeting(std::string_view line) {
  for (std::string_view verb :
       {"EHLO", "HELO", "LHLO", "STARTTLS", "RSET", "NOOP", "QUIT", "DATA", "BDAT", "XXXXXXXX"}) {
    if (starts_with_ignoring_case(line, verb)) return true;
  }
  return false;
}

}  // namespace

std::size_t Eavesdropper::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

std::string Eavesdropper::excerpt() const {
  std::lock_guard lock(mutex_);
  return excerpt_;
}

void Eavesdropper::count(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  bytes_ += bytes.size();
  if (excerpt_.size() < kExcerpt) excerpt_ += bytes.substr(0, kExcerpt - excerpt_.size());
}

void Overheard::feed(std::string_view plaintext) {
  while (!plaintext.empty() && !sealed_) {
    if (chunk_ > 0) {
      std::size_t size = std::min(chunk_, plaintext.size());
      ear_.count(plaintext.substr(0, size));
      chunk_ -= size;
      plaintext.remove_prefix(size);
      continue;
    }
    if (partial_.empty() && !in_data_ && plaintext.front() == kTlsHandshakeRecord) {
      sealed_ = true;
      return;
    }
    std::size_t end = plaintext.find('\n');
    if (end == std::string_view::npos) {
      partial_ += plaintext;
      return;
    }
    partial_ += plaintext.substr(0, end + 1);
    plaintext.remove_prefix(end + 1);
    line(std::exchange(partial_, {}));
  }
}

void Overheard::line(std::string_view line) {
  if (in_data_) {
    if (line == ".\r\n") {
      in_data_ = false;
    } else {
      ear_.count(line);
    }
    return;
  }
  if (starts_with_ignoring_case(line, "DATA")) in_data_ = true;
  if (starts_with_ignoring_case(line, "BDAT ")) {
    std::string_view size = line.substr(5);
    size = size.substr(0, size.find_first_not_of("0123456789"));
    chunk_ = parse_decimal(size, 1UL << 30).value_or(0);
  }
  if (!is_greeting(line)) ear_.count(line);
}

}  // namespace pawl::lab
