// How long a look at one host takes: `pawl check` beside openssl s_client, sslscan and testssl.sh,
// in turn, against one real Postfix with both kinds of certificates. Prints medians and ratios.
//
//   check_bench PAWL [RUNS]     as root (tests/interop/README.md)
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "json/value.h"
#include "lab/namespace.h"
#include "lab/world.h"
#include "tests/interop/peers.h"

namespace pawl {
namespace {

constexpr const char* kHost = "mx.bench.test";
const Endpoint kPostfix{IpAddress::v4(127, 0, 0, 41), 25};

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "check_bench: %s\n", result.error().sentence().c_str());
  std::exit(1);
}
void must(Result<> result) {
  if (result) return;
  std::fprintf(stderr, "check_bench: %s\n", result.error().sentence().c_str());
  std::exit(1);
}

interop::Identity identity(const lab::World& world, tls::KeyKind key, const std::string& name) {
  auto leaf = tls::leaf_for({kHost}, lab::World::now());
  leaf.key = key;
  auto issued = must(world.issued(leaf));
  return {must(world.scratch().write(name + ".pem", issued.pem.certificate_pem)),
          must(world.scratch().write(name + ".key", issued.pem.key_pem))};
}

struct Tool {
  std::string name;
  std::string command;
  bool once = false;
  std::vector<double> seconds{};
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Exit status 1 and 2 of a check are its findings.
std::string run(const std::string& command, double& seconds) {
  const auto began = std::chrono::steady_clock::now();
  auto output = must(lab::run_program(
      {"bash", "-c", fmt::format("({}) </dev/null 2>/dev/null; test $? -lt 4", command)}, "/"));
  seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return output;
}

// How long the enumeration itself took, and its connections: of pawl's own JSON.
std::pair<std::int64_t, std::int64_t> enumeration(const std::string& report) {
  auto parsed = must(json::parse(report));
  const json::Value* place = &parsed;
  for (const char* member : {"targets", "hosts", "addresses"}) {
    place = place->find(member);
    if (place == nullptr || place->if_array() == nullptr || place->if_array()->empty()) return {};
    place = &place->if_array()->front();
  }
  place = place->find("offered");
  if (place == nullptr) return {};
  const json::Value* took = place->find("took_ms");
  const json::Value* connections = place->find("connections");
  if (took == nullptr || connections == nullptr) return {};
  return {*took->if_integer(), *connections->if_integer()};
}

int bench(const std::string& pawl, int runs) {
  must(lab::enter_namespace());
  must(interop::mount_peers());
  auto world = must(lab::World::make());
  world->zone("bench.test", lab::Signing::insecure)
      .add(fmt::format("mx IN A {}", kPostfix.address.text()));
  const auto rsa = identity(*world, tls::KeyKind::rsa_2048, "rsa");
  const auto ec = identity(*world, tls::KeyKind::ec_p256, "ec");
  must(world->start());
  auto postfix = must(interop::Postfix::start(
      world->scratch(),
      {.name = "postfix",
       .hostname = kHost,
       .listen = kPostfix,
       .identity = rsa,
       .settings = {"smtpd_tls_eccert_file = " + ec.certificate_file,
                    "smtpd_tls_eckey_file = " + ec.key_file,
                    "smtpd_client_connection_count_limit = 0", "smtpd_peername_lookup = no"}}));
  const auto config = must(world->scratch().write(
      "check.toml",
      fmt::format("[dns]\ntrust_anchor = \"{}\"\n[[dns.stub]]\nzone = \".\"\nservers = [\"{}\"]\n"
                  "[mta_sts]\nprivate_networks = [\"127.0.0.0/8\"]\n[tls]\nca_file = \"{}\"\n",
                  world->trust_anchor_file(), world->dns_endpoint().text(), world->ca_file())));
  std::vector<Tool> tools = {
      {"pawl check", fmt::format("{} check -c {} --json smtp://{}", pawl, config, kHost)},
      {"pawl check --no-enumerate",
       fmt::format("{} check -c {} --json --no-enumerate smtp://{}", pawl, config, kHost)},
      {"openssl s_client", fmt::format("openssl s_client -starttls smtp -connect {} -servername {} "
                                       "-CAfile {}",
                                       kPostfix.text(), kHost, world->ca_file())},
      {"sslscan",
       fmt::format("sslscan --no-colour --starttls-smtp --sni-name={} {}", kHost, kPostfix.text())},
      {"testssl.sh -p -e -f -S",
       fmt::format(
           "testssl --quiet --color 0 --warnings off -t smtp -p -e -f -S --ip {} {}:25; true",
           kPostfix.address.text(), kHost)},
  };
  std::vector<double> own;  // of the enumeration
  std::int64_t connections = 0;
  for (int i = 0; i < runs; ++i) {
    for (Tool& tool : tools) {
      if (tool.once && i > 0) continue;
      double seconds = 0;
      const std::string output = run(tool.command, seconds);
      tool.seconds.push_back(seconds);
      if (&tool != &tools.front()) continue;
      const auto [took, count] = enumeration(output);
      own.push_back(static_cast<double>(took) / 1000);
      connections = count;
    }
  }
  const double check = median(tools[0].seconds);
  for (const Tool& tool : tools) {
    const double seconds = median(tool.seconds);
    std::printf("%-26s %8.3f s   %7.1f x pawl check\n", tool.name.c_str(), seconds,
                seconds / check);
  }
  std::printf("enumeration itself: %.3f s, %lld connections\n", median(own),
              static_cast<long long>(connections));
  std::printf("pawl check / (openssl s_client + enumeration): %.2f\n",
              check / (median(tools[2].seconds) + median(own)));
  return 0;
}

}  // namespace
}  // namespace pawl

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: check_bench PAWL [RUNS]\n", stderr);
    return 64;
  }
  return pawl::bench(argv[1], argc > 2 ? std::atoi(argv[2]) : 3);
}
