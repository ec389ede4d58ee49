// What TLS the real servers offer: found by us, and held against what OpenSSL's own tools say of
// the same settings. The mail servers bring a second library: Exim is built with GnuTLS.
#include "probe/enumeration.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "lab/child.h"
#include "lab/socket.h"
#include "net/loop.h"
#include "tests/interop/every_peer_test.h"

namespace pawl::interop {
namespace {

using Strings = std::vector<std::string>;

net::Task<> ask(probe::SessionOptions options, probe::Enumeration* into) {
  CO_TRY(*into, co_await probe::enumerate(std::move(options)));
  co_return Result<>();
}

probe::Enumeration enumerated(const probe::SessionOptions& options) {
  net::Loop loop;
  probe::Enumeration seen;
  auto done = loop.run_until_done(ask(options, &seen));
  EXPECT_TRUE(done) << done.error().sentence();
  if (seen.error) ADD_FAILURE() << seen.error->sentence();
  return seen;
}

Strings names(const std::vector<probe::SuiteSeen>& suites) {
  Strings names;
  for (const auto& suite : suites) names.push_back(suite.name);
  return names;
}

Strings offered(const probe::Enumeration& seen) {
  Strings versions;
  for (const auto& version : seen.versions) {
    if (version.offered) versions.push_back(version.name);
  }
  return versions;
}

// `openssl s_server` with an RSA and an ECDSA certificate.
class SServer {
 public:
  explicit SServer(Strings settings) : scratch_(*lab::Scratch::make()) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto authority = *tls::Authority::make("s_server", now);
    auto leaf = tls::leaf_for({"server.test"}, now);
    const auto ec = *authority.issue(leaf);
    leaf.key = tls::KeyKind::rsa_2048;
    const auto rsa = *authority.issue(leaf);
    at_ = {IpAddress::v4(127, 0, 0, 1), *lab::free_port()};
    Strings command = {"openssl",
                       "s_server",
                       "-quiet",
                       "-accept",
                       at_.text(),
                       "-cert",
                       *scratch_.write("rsa.pem", rsa.certificate_pem),
                       "-key",
                       *scratch_.write("rsa.key", rsa.key_pem),
                       "-dcert",
                       *scratch_.write("ec.pem", ec.certificate_pem),
                       "-dkey",
                       *scratch_.write("ec.key", ec.key_pem)};
    command.insert(command.end(), settings.begin(), settings.end());
    const std::string log = scratch_.file("log");
    child_.emplace(*lab::Child::start(command, log));
    auto up = wait_for_port(at_, *child_, log);
    EXPECT_TRUE(up) << up.error().sentence();
  }

  probe::Enumeration enumerate() const {
    probe::SessionOptions options;
    options.to = at_;
    options.host = "server.test";
    options.profile.sni = "server.test";
    options.client.implicit_tls = true;
    return enumerated(options);
  }

 private:
  lab::Scratch scratch_;
  Endpoint at_;
  std::optional<lab::Child> child_;
};

// What a cipher list of OpenSSL's stands for, in its order, by IANA's names.
Strings openssl_ciphers(const std::string& version, const std::string& list) {
  auto text = lab::run_program({"openssl", "ciphers", "-s", version, "-stdname", list}, "/");
  EXPECT_TRUE(text) << text.error().sentence();
  Strings names;
  std::istringstream lines(text.value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find(' '));
    // PSK and SRP need what no mail server has; without a DSS certificate there is no DSS.
    if (name.contains("PSK") || name.contains("SRP") || name.contains("_DSS_")) continue;
    names.push_back(name);
  }
  return names;
}

TEST(SServer, EverySuiteOfEveryVersionInItsOrder) {
  const std::string all = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";
  const auto seen = SServer({"-cipher", all, "-serverpref", "-min_protocol", "TLSv1"}).enumerate();
  EXPECT_EQ(offered(seen), (Strings{"TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}));
  EXPECT_EQ(names(seen.versions[1].suites), openssl_ciphers("-tls1", all));
  EXPECT_EQ(names(seen.versions[2].suites), openssl_ciphers("-tls1_1", all));
  const Strings tls12 = openssl_ciphers("-tls1_2", all);
  ASSERT_GT(tls12.size(), 70U);
  EXPECT_EQ(names(seen.versions[3].suites), tls12);
  EXPECT_EQ(seen.versions[3].server_order, true);
  EXPECT_EQ(names(seen.versions[4].suites), openssl_ciphers("-tls1_3", "DEFAULT"));
  EXPECT_TRUE(seen.rsa_certificate);
  EXPECT_TRUE(seen.ecdsa_certificate);
  std::cout << fmt::format("  {} suites of TLS 1.2: {} connections, {} ms\n", tls12.size(),
                           seen.connections, seen.took.count());
}

TEST(SServer, ADefaultOfToday) {
  const auto seen = SServer({"-serverpref", "-groups", "P-521:X25519:P-256"}).enumerate();
  EXPECT_EQ(names(seen.versions[3].suites), openssl_ciphers("-tls1_2", "DEFAULT"));
  EXPECT_EQ(seen.groups, (Strings{"secp521r1", "x25519", "secp256r1"}));
  EXPECT_TRUE(seen.extended_master_secret);
  EXPECT_TRUE(seen.secure_renegotiation);
  EXPECT_TRUE(seen.fallback_scsv);
  EXPECT_FALSE(seen.compression);
  std::cout << fmt::format("  {} connections, {} ms\n", seen.connections, seen.took.count());
}

TEST(SServer, FollowsItsClientWhereItIsNotTold) {
  const auto seen = SServer({"-no_tls1_3"}).enumerate();
  EXPECT_EQ(offered(seen).back(), "TLSv1.2");
  EXPECT_EQ(seen.versions[3].server_order, false);
  Strings expected = openssl_ciphers("-tls1_2", "DEFAULT");
  Strings found = names(seen.versions[3].suites);
  std::ranges::sort(expected);
  std::ranges::sort(found);
  EXPECT_EQ(found, expected);
}

using Enumerated = EveryPeerTest;

TEST_F(Enumerated, EveryServiceOfEveryServer) {
  ASSERT_NO_FATAL_FAILURE(start({.both_kinds = true}));
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    const auto seen = enumerated(options(service));
    const auto& newest = seen.versions.back();
    EXPECT_TRUE(newest.offered);
    EXPECT_GE(newest.suites.size(), 3U);
    EXPECT_FALSE(seen.groups.empty());
    EXPECT_TRUE(seen.versions[3].offered);
    EXPECT_GE(seen.versions[3].suites.size(), 4U);
    EXPECT_TRUE(seen.ecdsa_certificate);
    EXPECT_EQ(seen.rsa_certificate, service.peer != "exim");
    EXPECT_TRUE(seen.secure_renegotiation);
    EXPECT_FALSE(seen.compression);
    Strings count;
    for (const auto& version : seen.versions) {
      count.push_back(fmt::format("{}", version.suites.size()));
    }
    std::cout << fmt::format("  {}: {} suites, {} groups, {} connections, {} ms\n", service.text(),
                             fmt::join(count, "/"), seen.groups.size(), seen.connections,
                             seen.took.count());
  }
}

}  // namespace
}  // namespace pawl::interop
