// The fixture of tests that look at every service of every foreign server with our own client.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "probe/look.h"
#include "probe/session.h"
#include "starttls/client.h"
#include "tests/interop/every_peer.h"

namespace pawl::interop {

class EveryPeerTest : public testing::Test {
 protected:
  void start(EveryPeer::Options options) {
    auto peers = EveryPeer::start(std::move(options));
    ASSERT_TRUE(peers) << peers.error().sentence();
    peers_ = std::move(*peers);
    auto context = tls::make_client_context({.ca_file = peers_->ca_file()});
    ASSERT_TRUE(context);
    tls_ = *context;
  }
  probe::SessionOptions options(const Service& service,
                                starttls::Mode mode = starttls::Mode::required) const {
    probe::SessionOptions options;
    options.to = service.at;
    options.host = service.host;
    options.protocol = service.protocol;
    options.client.mode = mode;
    options.client.implicit_tls = service.implicit_tls;
    options.client.client_name = "client.test";
    options.profile.sni = service.host;
    if (mode == starttls::Mode::required)
      options.profile.pkix = tls::PkixDemand{{service.host}, {}};
    options.tls = tls_;
    options.dial.source = kElsewhere;
    return options;
  }
  std::unique_ptr<EveryPeer> peers_;
  std::shared_ptr<tls::ClientContext> tls_;
};

inline net::Task<> look_into(probe::SessionOptions options, std::optional<probe::Look>* into) {
  CO_TRY(probe::Look seen, co_await probe::look(std::move(options)));
  into->emplace(std::move(seen));
  co_return Result<>();
}

}  // namespace pawl::interop
