// Replies: any bytes, whole and split, give the same replies or the same error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "smtp/capabilities.h"
#include "smtp/reply.h"

namespace {

std::string read(std::string_view bytes, std::size_t split) {
  pawl::smtp::ReplyReader reader;
  std::string seen;
  for (std::string_view part : {bytes.substr(0, split), bytes.substr(split)}) {
    reader.feed(part);
    while (true) {
      auto reply = reader.next();
      if (!reply) return seen + reply.error().sentence();
      if (!*reply) break;
      seen += (*reply)->text() + (*reply)->status();
      pawl::smtp::parse_capabilities(**reply);
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::size_t split = data[0] % size;
  if (read(bytes, bytes.size()) != read(bytes, split)) std::abort();
  return 0;
}
