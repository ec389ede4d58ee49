#include "probe/look.h"

namespace pawl::probe {

net::Task<Look> look(SessionOptions options) {
  Look seen;
  seen.at = options.to;
  seen.protocol = options.protocol;
  seen.implicit_tls = options.client.implicit_tls;
  CO_TRY(auto session, co_await Session::open(std::move(options)));
  // The goodbye belongs to the transcript; how it goes changes nothing.
  [[maybe_unused]] auto closed = co_await session->close();
  seen.transcript = session->transcript();
  seen.timings = session->timings();
  seen.banner = session->banner();
  seen.capabilities_in_clear = session->capabilities_in_clear();
  seen.capabilities_in_tls = session->capabilities_in_tls();
  seen.upgrade_offered = session->dialog().upgrade_offered();
  if (const tls::Description* tls = session->description()) seen.tls = *tls;
  seen.secure = seen.timings.established.has_value();
  seen.proof_failed = session->proof_failed();
  seen.downgrade = session->dialog().downgrade();
  seen.error = session->error();
  co_return seen;
}

}  // namespace pawl::probe
