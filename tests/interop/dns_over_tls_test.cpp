// A forwarder over TLS with a checked name, against NSD's own TLS port: the right name under the
// right authority answers, and nothing is asked of anybody else, nor in clear.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "lab/child.h"
#include "lab/socket.h"
#include "lab/zones.h"
#include "net/loop.h"
#include "resolver/unbound_resolver.h"

namespace pawl {
namespace {

const IpAddress kAddress = IpAddress::v4(127, 0, 0, 1);

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "the lab does not stand: %s\n", result.error().sentence().c_str());
  std::exit(1);
}

// NSD on one port, TLS only, with a self-signed certificate for dns.test.
class TlsServer {
 public:
  static TlsServer& get() {
    static TlsServer server;
    return server;
  }
  resolver::Options options(std::string name) const {
    resolver::Options options;
    options.root_trust_anchor_file = zones_.trust_anchor_file;
    options.forwarders = {{{kAddress, port_}, std::move(name)}};
    options.ca_file = scratch_.file("dns.pem");
    options.timeout = std::chrono::seconds(5);
    return options;
  }

 private:
  TlsServer() : scratch_(must(lab::Scratch::make())), port_(must(lab::free_port())) {
    lab::Zone zone("good.test", lab::Signing::secure);
    zone.add("@ IN MX 10 mx");
    zones_ = must(lab::sign_zones(std::span(&zone, 1), kAddress, scratch_));
    must(lab::run_program(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "30", "-subj", "/CN=dns.test", "-addext", "subjectAltName=DNS:dns.test",
         "-keyout", scratch_.file("dns.key"), "-out", scratch_.file("dns.pem")},
        scratch_.path().string()));
    auto text = fmt::format(
        "server:\n  ip-address: 127.0.0.1@{0}\n  tls-port: {0}\n  tls-service-key: "
        "\"{1}/dns.key\"\n"
        "  tls-service-pem: \"{1}/dns.pem\"\n  server-count: 1\n  username: \"\"\n"
        "  database: \"\"\n  pidfile: \"\"\n  zonelistfile: \"{1}/zonelist\"\n"
        "  xfrdfile: \"{1}/xfrd\"\n  xfrdir: \"{1}\"\nremote-control:\n  control-enable: no\n",
        port_, scratch_.path().string());
    for (const auto& each : zones_.files)
      text += fmt::format("zone:\n  name: \"{}.\"\n  zonefile: \"{}\"\n", each.name, each.path);
    const auto config = must(scratch_.write("nsd.conf", text));
    nsd_.emplace(must(lab::Child::start({"nsd", "-d", "-c", config}, scratch_.file("nsd.log"))));
    for (int attempt = 0; attempt < 500 && !lab::connect_to({kAddress, port_}); ++attempt)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

  lab::Scratch scratch_;
  std::uint16_t port_;
  lab::SignedZones zones_;
  std::optional<lab::Child> nsd_;
};

net::Task<> keep(net::Task<dns::Answer> task, std::optional<Result<dns::Answer>>& into) {
  into.emplace(co_await std::move(task));
  co_return Result<>();
}

Result<dns::Answer> ask(const resolver::Options& options) {
  auto made = resolver::make_unbound_resolver(options);
  if (!made) return fail(std::move(made).error());
  net::Loop loop;
  std::optional<Result<dns::Answer>> result;
  EXPECT_TRUE(loop.run_until_done(
      keep((*made)->lookup(*dns::Name::parse("good.test"), dns::Type::mx), result)));
  return *std::move(result);
}

TEST(DnsOverTls, TheConfiguredNameAnswersAndIsValidatedAllTheSame) {
  const auto answer = ask(TlsServer::get().options("dns.test"));
  ASSERT_TRUE(answer) << answer.error().sentence();
  EXPECT_TRUE(answer->secure());
}

TEST(DnsOverTls, AnotherNameIsNotAsked) {
  const auto answer = ask(TlsServer::get().options("other.test"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::dns_servfail);
  EXPECT_NE(answer.error().detail.find("other.test"), std::string::npos) << answer.error().detail;
}

TEST(DnsOverTls, AnotherAuthorityIsNotTrusted) {
  auto options = TlsServer::get().options("dns.test");
  options.ca_file = "/etc/ssl/certs/ca-certificates.crt";
  EXPECT_FALSE(ask(options));
}

TEST(DnsOverTls, AServerWithoutTlsIsNotAskedInClear) {
  auto options = TlsServer::get().options("dns.test");
  int connections = 0;
  std::string heard;
  {
    lab::TcpServer server;
    auto at = server.listen({kAddress, 0}, [&](lab::Socket& client) {
      ++connections;
      if (auto first = client.read_some(); first && heard.empty()) heard = *first;
    });
    ASSERT_TRUE(at);
    options.forwarders.front().endpoint = *at;
    options.timeout = std::chrono::seconds(2);
    EXPECT_FALSE(ask(options));
  }
  EXPECT_GT(connections, 0);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.front(), '\x16');  // a TLS handshake record, and no question
  EXPECT_EQ(heard.find("\4good\4test"), std::string::npos);
}

}  // namespace
}  // namespace pawl
