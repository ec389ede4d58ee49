#include "lab/eavesdropper.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr char kTlsHandshakeRecord = 0x16;
constexpr std::size_t kExcerpt = 120;

}  // namespace

std::size_t Eavesdropper::bytes() const {
  std::lock_guard lock(mutex_);
  return std::accumulate(bytes_.begin(), bytes_.end(), std::size_t{0});
}

std::size_t Eavesdropper::bytes(Heard what) const {
  std::lock_guard lock(mutex_);
  return bytes_[static_cast<std::size_t>(what)];
}

std::string Eavesdropper::excerpt() const {
  std::lock_guard lock(mutex_);
  return excerpt_;
}

void Eavesdropper::count(Heard what, std::string_view bytes) {
  if (what == Heard::nothing) return;
  std::lock_guard lock(mutex_);
  bytes_[static_cast<std::size_t>(what)] += bytes.size();
  if (excerpt_.size() < kExcerpt) excerpt_ += bytes.substr(0, kExcerpt - excerpt_.size());
}

void Overheard::feed(std::string_view plaintext) {
  while (!plaintext.empty() && !sealed_) {
    if (chunk_ > 0) {
      std::size_t size = std::min(chunk_, plaintext.size());
      ear_.count(chunk_is_, plaintext.substr(0, size));
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

Heard Overheard::meaning_of(std::string_view command) const {
  if (continues_) return chunk_is_;
  if (in_login_ && is_sasl_answer(dialect_, command)) return Heard::credentials;
  return meaning(dialect_, command);
}

void Overheard::line(std::string_view line) {
  if (in_data_) {
    if (line == ".\r\n") {
      in_data_ = false;
    } else {
      ear_.count(Heard::content, line);
    }
    return;
  }
  const std::string_view command = line.substr(0, line.find_last_not_of("\r\n") + 1);
  const Heard heard = meaning_of(command);
  in_login_ = begins_sasl(dialect_, command) ||
              (in_login_ && !continues_ && is_sasl_answer(dialect_, command));
  if (dialect_ == Dialect::smtp && equal_ignoring_case(verb_of(dialect_, command), "DATA")) {
    in_data_ = true;
  }
  const auto size = announced_size(dialect_, command);
  chunk_ = size.value_or(0);
  continues_ = size.has_value() && dialect_ != Dialect::smtp;
  chunk_is_ = dialect_ == Dialect::smtp ? Heard::content : heard;
  ear_.count(heard, line);
}

}  // namespace pawl::lab
