// Any bytes as a queue record, with and without a right checksum: decoding never crashes, and what
// it accepts is spelled in one way only.
#include <cstdlib>
#include <string>

#include "store/crc32c.h"
#include "store/envelope_record.h"

namespace {

void decode(std::string_view bytes) {
  auto record = pawl::store::decode_record(bytes);
  if (!record) {
    if (record.error().code != pawl::Code::store) std::abort();
    return;
  }
  auto again = pawl::store::encode_record(*record);
  if (!again) std::abort();
  auto back = pawl::store::decode_record(*again);
  if (!back || *pawl::store::encode_record(*back) != *again) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  decode(bytes);
  // Past the checksum, or no mutation would ever reach the fields.
  std::uint32_t sum = pawl::store::crc32c(bytes);
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(sum >> shift);
  decode(bytes);
  return 0;
}
