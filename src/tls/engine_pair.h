// For tests: a client and a server engine talking to each other in memory.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "base/error.h"
#include "tls/engine.h"

namespace pawl::tls {

struct EnginePair {
  std::unique_ptr<Engine> client;
  std::unique_ptr<Engine> server;

  // Carries bytes until both are silent, `step` bytes at a time.
  void exchange(std::size_t step = SIZE_MAX) {
    bool moved = true;
    while (moved) {
      moved = carry(*client, *server, step);
      moved = carry(*server, *client, step) || moved;
    }
  }

 private:
  static bool carry(Engine& from, Engine& to, std::size_t step) {
    const std::string bytes = from.take();
    for (std::size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
      to.feed(std::string_view(bytes).substr(at, step));
    }
    return !bytes.empty();
  }
};

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
  return *std::move(result);
}

inline EnginePair make_pair(const std::shared_ptr<ClientContext>& client,
                            const std::shared_ptr<ServerContext>& server,
                            const ClientProfile& profile, std::string_view peer = {}) {
  return {must(make_client_engine(client, profile, peer)), must(make_server_engine(server))};
}

}  // namespace pawl::tls
