#include "lab/tls_records.h"

#include <algorithm>

namespace pawl::lab {
namespace {

constexpr std::size_t kHeader = 5;
constexpr char kApplicationData = 0x17;

}  // namespace

void TlsRecords::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (body_ > 0) {
      const std::size_t size = std::min(body_, bytes.size());
      body_ -= size;
      bytes.remove_prefix(size);
      continue;
    }
    header_ += bytes.front();
    bytes.remove_prefix(1);
    if (header_.size() < kHeader) continue;
    if (header_[0] == kApplicationData) ++application_;
    body_ = static_cast<std::size_t>(static_cast<unsigned char>(header_[3])) << 8U |
            static_cast<unsigned char>(header_[4]);
    header_.clear();
  }
}

}  // namespace pawl::lab
