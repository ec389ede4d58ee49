// A TLS client fed with whatever a peer may send. Input: one byte of cuts, then the bytes. The
// engine must end in a state with a reason, and never hand out plaintext before it is open.
#include <cstdint>
#include <cstdlib>

#include "tls/authority.h"
#include "tls/engine.h"

namespace {

struct World {
  World() {
    const pawl::WallTime now{};
    auto root = pawl::tls::Authority::make("Fuzz Root", now);
    if (!root) std::abort();
    auto made = pawl::tls::make_client_context({.ca_pem = root->certificate_pem()});
    if (!made) std::abort();
    context = *made;
    profile.sni = "mx1.good.test";
    profile.pkix = pawl::tls::PkixDemand{{"mx1.good.test"}, {}};
    profile.dane = pawl::tls::DaneDemand{
        {{3, 1, 1, std::string(32, 'a')}, {2, 0, 1, std::string(32, 'b')}}, "mx1.good.test", {}};
  }
  std::shared_ptr<pawl::tls::ClientContext> context;
  pawl::tls::ClientProfile profile;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  if (size < 1) return 0;
  using State = pawl::tls::Engine::State;
  // Opportunistic every second time: other versions and suites are let in.
  const bool demanding = data[0] & 1;
  const std::size_t step = std::size_t{data[0]} / 2 + 1;
  auto engine = pawl::tls::make_client_engine(
      world.context, demanding ? world.profile : pawl::tls::ClientProfile{});
  if (!engine) std::abort();
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  while (!bytes.empty()) {
    (*engine)->feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    const bool open = (*engine)->description().version.has_value();
    if (!(*engine)->read().empty() && !open) std::abort();
    (void)(*engine)->take();
  }
  if ((*engine)->state() == State::failed && (*engine)->error().detail.empty()) std::abort();
  (void)(*engine)->description().sentence();
  (*engine)->close();
  return 0;
}
