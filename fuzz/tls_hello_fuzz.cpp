// Whatever a peer may send instead of a server's first flight. Input: one byte of cuts, then the
// bytes. The cuts change nothing, a failure has a reason, and nothing is larger than what came.
#include <cstdint>
#include <cstdlib>

#include "tls/hello.h"

namespace {

pawl::tls::ServerFlight read(std::string_view bytes, std::size_t step) {
  pawl::tls::ServerFlight flight;
  while (!bytes.empty()) {
    flight.feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  return flight;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  using State = pawl::tls::ServerFlight::State;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto cut = read(bytes, std::size_t{data[0]} + 1);
  const auto whole = read(bytes, SIZE_MAX);
  // Only the limit of a flight may see the cuts: it is held against what was fed.
  if (cut.state() != whole.state() && bytes.size() < 100'000) std::abort();
  if (cut.state() == State::failed && cut.error().detail.empty()) std::abort();
  const auto& flight = cut.flight();
  if (flight.suite != whole.flight().suite || flight.group != whole.flight().group) {
    if (bytes.size() < 100'000) std::abort();
  }
  std::size_t kept = flight.ocsp_response.size() + flight.alpn.size();
  for (const auto& certificate : flight.certificates) kept += certificate.size();
  if (kept > bytes.size()) std::abort();
  return 0;
}
