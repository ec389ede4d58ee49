#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include "net/loop.h"
#include "resolver/self_test.h"

namespace pawl::resolver {
namespace {

constexpr std::string_view kDebianHints = "/usr/share/dns/root.hints";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<PathObservation> probe_all(const std::vector<PathServer>& servers,
                                       std::chrono::milliseconds patience) {
  std::vector<PathObservation> seen(servers.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < servers.size(); ++i)
    threads.emplace_back([&, i] { seen[i] = probe_path(servers[i], patience); });
  threads.clear();  // waits for each
  return seen;
}

}  // namespace

net::Task<std::vector<Finding>> self_test(Resolver& resolver, const Options& options,
                                          SelfTestOptions self_test_options) {
  const auto hints = text_of(options.root_hints_file.empty() ? std::string(kDebianHints)
                                                             : options.root_hints_file);
  net::Completion<std::vector<PathObservation>> probed;
  // The probes block; the loop does not. Joined when this frame goes, within their patience.
  const std::jthread thread([probed, servers = path_servers(options, hints),
                             patience = self_test_options.patience]() mutable {
    probed.complete(probe_all(servers, patience));
  });
  std::vector<Finding> findings;
  const auto add = [&findings](std::vector<Finding> more) {
    std::ranges::move(more, std::back_inserter(findings));
  };
  auto probes = self_test_options.probes;
  if (probes.empty()) probes = expected_secure(options);
  for (const auto& probe : probes)
    add(judge_probe(probe, co_await resolver.lookup(probe.name, probe.type)));
  CO_TRY(const auto observations, co_await probed.wait());
  for (const auto& observation : observations) add(judge_path(observation));
  co_return findings;
}

}  // namespace pawl::resolver
