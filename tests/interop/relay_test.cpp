// The real Postfix hands mail to Pawl, Pawl carries it to the real Exim under DANE and under
// MTA-STS; and the same with an attacker on the path, who must get nothing and must be noticed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/mail_path.h"
#include "lab/mail_server.h"
#include "lab/name_server.h"
#include "lab/namespace.h"
#include "lab/policy_host.h"
#include "lab/zones.h"
#include "tests/interop/peers.h"
#include "tls/authority.h"

namespace pawl::interop {
namespace {

using lab::PathTrick;
using ::testing::HasSubstr;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
  return std::move(*result);
}
void must(Result<> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
}

const IpAddress kNameServer = IpAddress::v4(127, 0, 0, 53);
const Endpoint kPawl{IpAddress::v4(127, 0, 0, 2), 2525};
const Endpoint kPostfix{IpAddress::v4(127, 0, 0, 3), 2525};
const Endpoint kDaneMx{IpAddress::v4(127, 0, 0, 20), 25};
const Endpoint kStsMx{IpAddress::v4(127, 0, 0, 21), 25};
const Endpoint kPolicyHost{IpAddress::v4(127, 0, 0, 22), 443};
const Endpoint kPostmasterMx{IpAddress::v4(127, 0, 0, 23), 25};
const Endpoint kDaneExim{IpAddress::v4(127, 0, 0, 30), 25};
const Endpoint kStsExim{IpAddress::v4(127, 0, 0, 31), 25};

constexpr const char* kStsPolicy =
    "version: STSv1\nmode: enforce\nmx: mx.sts.test\nmax_age: 86400\n";

// dane.test is signed and has a TLSA record; sts.test is not signed and has an MTA-STS policy; both
// are served by Exim, with a path that can be told to attack. office.test takes the postmaster's
// mail.
class World {
 public:
  World() {
    scratch_.emplace(must(lab::Scratch::make()));
    now_ = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    authority_.emplace(must(tls::Authority::make("Interop CA", now_)));
    auto dane = must(tls::self_signed(tls::leaf_for({"anything.invalid"}, now_)));
    auto sts = must(authority_->issue(tls::leaf_for({"mx.sts.test"}, now_)));
    auto policy = must(authority_->issue(tls::leaf_for({"mta-sts.sts.test"}, now_)));
    start_dns(must(tls::tlsa_for(dane.certificate_pem, 3, 1, 1)));
    dane_exim_ = start_exim("dane-exim", "mx.dane.test", kDaneExim, dane);
    sts_exim_ = start_exim("sts-exim", "mx.sts.test", kStsExim, sts);
    policy_host_.emplace(lab::PolicyHost::Content{
        must(lab::TlsIdentity::make(policy.certificate_pem, policy.key_pem)), kStsPolicy});
    listen(kDaneMx, [this](lab::Socket& client) { dane_path_.serve(client); });
    listen(kStsMx, [this](lab::Socket& client) { sts_path_.serve(client); });
    listen(kPolicyHost, [this](lab::Socket& client) { policy_host_->serve(client); });
    listen(kPostmasterMx, [this](lab::Socket& client) {
      lab::Connection connection(client);
      lab::serve_mail({.name = "mx.office.test", .mailbox = &postmaster_}, connection,
                      lab::TlsStart::starttls);
    });
    start_pawl();
    postfix_ = must(Postfix::start(
        *scratch_, {.name = "postfix",
                    .hostname = "postfix.test",
                    .listen = kPostfix,
                    .relay_host = fmt::format("[{}]:{}", kPawl.address.text(), kPawl.port)}));
  }

  std::string pawl_log() const {
    auto text = lab::read_file(scratch_->file("pawl.log"));
    return text ? *text : "";
  }
  Exim& dane_exim() { return *dane_exim_; }
  Exim& sts_exim() { return *sts_exim_; }
  lab::MailPath& dane_path() { return dane_path_; }
  lab::MailPath& sts_path() { return sts_path_; }
  lab::Mailbox& postmaster() { return postmaster_; }
  std::string queue() {
    auto list = lab::run_program({PAWL_PROGRAM, "queue", "list", "-c", config_}, "/");
    return list ? *list : list.error().sentence();
  }
  const lab::Scratch& scratch() { return *scratch_; }
  // From now on, also for a sender that kept its connection from before.
  void attack(lab::MailPath& path, PathTrick trick) {
    path.set(trick);
    server_.hang_up_all();
  }

 private:
  void start_dns(const dns::Tlsa& tlsa) {
    lab::Zone dane("dane.test", lab::Signing::secure);
    dane.add("@ IN MX 10 mx");
    dane.add("mx IN A 127.0.0.20");
    dane.add("_25._tcp.mx IN TLSA " + tlsa.text());
    lab::Zone sts("sts.test", lab::Signing::insecure);
    sts.add("@ IN MX 10 mx");
    sts.add("mx IN A 127.0.0.21");
    sts.add("_mta-sts IN TXT \"v=STSv1; id=1;\"");
    sts.add("mta-sts IN A 127.0.0.22");
    lab::Zone office("office.test", lab::Signing::insecure);
    office.add("@ IN MX 10 mx");
    office.add("mx IN A 127.0.0.23");
    std::vector<lab::Zone> zones{dane, sts, office};
    zones_ = must(lab::sign_zones(zones, kNameServer, *scratch_));
    name_server_ = must(lab::NameServer::start(zones_, {kNameServer, 53}, *scratch_));
  }

  std::unique_ptr<Exim> start_exim(const std::string& name, const std::string& hostname,
                                   const Endpoint& at, const tls::Identity& identity) {
    Identity files{must(scratch_->write(name + ".pem", identity.certificate_pem)),
                   must(scratch_->write(name + ".key", identity.key_pem))};
    return must(Exim::start(*scratch_,
                            {.name = name, .hostname = hostname, .listen = at, .identity = files}));
  }

  void listen(const Endpoint& at, lab::TcpServer::Handler handler) {
    must(server_.listen(at, std::move(handler)));
  }

  void start_pawl() {
    std::string ca_file = must(scratch_->write("ca.pem", authority_->certificate_pem()));
    config_ = must(scratch_->write(
        "pawl.toml", fmt::format("hostname = \"pawl.test\"\n"
                                 "store = \"sqlite:{}\"\n"
                                 "postmaster = \"postmaster@office.test\"\n"
                                 "threads = 1\n"
                                 "[[listen]]\naddress = \"{}\"\ntls = \"none\"\n"
                                 "[dns]\ntrust_anchor = \"{}\"\n"
                                 "[[dns.stub]]\nzone = \".\"\nservers = [\"{}:53\"]\n"
                                 "[mta_sts]\nprivate_networks = [\"127.0.0.0/8\"]\n"
                                 "[tls]\nca_file = \"{}\"\n"
                                 "[retry]\nschedule = [\"2s\"]\n",
                                 scratch_->file("pawl.db"), kPawl.text(), zones_.trust_anchor_file,
                                 kNameServer.text(), ca_file)));
    pawl_.emplace(must(
        lab::Child::start({PAWL_PROGRAM, "relay", "-c", config_}, scratch_->file("pawl.log"))));
    bool up = eventually([&] { return !pawl_->running() || accepts_connections(kPawl); });
    if (!up || !pawl_->running())
      throw std::runtime_error("pawl relay did not start: " + pawl_log());
  }

  struct Ground {
    Ground() {
      must(lab::enter_namespace());
      must(mount_peers());
    }
  };
  Ground ground_;  // first: a thread started before it would stay outside
  std::optional<lab::Scratch> scratch_;
  WallTime now_;
  std::optional<tls::Authority> authority_;
  lab::SignedZones zones_;
  std::unique_ptr<lab::NameServer> name_server_;
  lab::Mailbox stolen_;
  lab::Mailbox postmaster_;
  std::unique_ptr<Exim> dane_exim_;
  std::unique_ptr<Exim> sts_exim_;
  std::optional<lab::PolicyHost> policy_host_;
  lab::MailPath dane_path_{{.server = kDaneExim, .name = "mx.dane.test", .stolen = &stolen_}};
  lab::MailPath sts_path_{{.server = kStsExim, .name = "mx.sts.test", .stolen = &stolen_}};
  std::string config_;
  std::optional<lab::Child> pawl_;
  std::unique_ptr<Postfix> postfix_;
  lab::TcpServer server_;  // last: its handlers use the rest
};

TEST(RelayBetweenRealServers, PostfixThroughPawlToEximUnderDane) {
  World world;
  must(swaks(kPostfix, "alice@postfix.test", "bob@dane.test"));
  ASSERT_TRUE(eventually([&] { return world.dane_exim().delivered().size() == 1; }))
      << world.pawl_log() << world.pawl_log();
  EXPECT_THAT(world.dane_exim().log(), HasSubstr("X=TLS1.3"));
  EXPECT_EQ(world.dane_path().ear().bytes(), 0U) << world.dane_path().ear().excerpt();
  EXPECT_THAT(world.pawl_log(), HasSubstr("authenticated"));
}

TEST(RelayBetweenRealServers, PostfixThroughPawlToEximUnderMtaSts) {
  World world;
  must(swaks(kPostfix, "alice@postfix.test", "bob@sts.test"));
  ASSERT_TRUE(eventually([&] { return world.sts_exim().delivered().size() == 1; }))
      << world.pawl_log();
  EXPECT_THAT(world.sts_exim().log(), HasSubstr("X=TLS1.3"));
  EXPECT_EQ(world.sts_path().ear().bytes(), 0U) << world.sts_path().ear().excerpt();
  EXPECT_THAT(world.pawl_log(), HasSubstr("authenticated"));
}

// The message stays queued, the postmaster hears of it, and it arrives once the attacker has left.
void survives_the_attacker(World& world, lab::MailPath& path, Exim& exim,
                           const std::string& recipient) {
  world.attack(path, PathTrick::remove_capability);
  must(swaks(kPostfix, "alice@postfix.test", recipient));
  ASSERT_TRUE(eventually([&] { return path.connections() >= 2; })) << world.pawl_log();
  EXPECT_TRUE(exim.delivered().empty());
  EXPECT_THAT(world.queue(), HasSubstr(recipient));
  EXPECT_TRUE(world.postmaster().wait_for("postmaster@office.test", std::chrono::seconds(20)))
      << world.pawl_log();
  EXPECT_THAT(world.pawl_log(), HasSubstr(" alert "));
  EXPECT_EQ(path.ear().bytes(), 0U) << path.ear().excerpt();

  path.set(PathTrick::listen_only);
  EXPECT_TRUE(eventually([&] { return exim.delivered().size() == 1; })) << world.pawl_log();
  EXPECT_EQ(path.ear().bytes(), 0U) << path.ear().excerpt();
  EXPECT_TRUE(eventually([&] { return world.queue().find(recipient) == std::string::npos; }))
      << world.queue();
}

TEST(RelayBetweenRealServers, UnderDaneAnAttackerOnThePathDelaysMailAndGetsNothing) {
  World world;
  survives_the_attacker(world, world.dane_path(), world.dane_exim(), "bob@dane.test");
}

TEST(RelayBetweenRealServers, UnderMtaStsAnAttackerOnThePathDelaysMailAndGetsNothing) {
  World world;
  // The promise must have been heard before the attack: the first message brings the policy.
  must(swaks(kPostfix, "alice@postfix.test", "carol@sts.test"));
  ASSERT_TRUE(eventually([&] { return world.sts_exim().delivered().size() == 1; }))
      << world.pawl_log();
  world.attack(world.sts_path(), PathTrick::mask_capability);
  must(swaks(kPostfix, "alice@postfix.test", "bob@sts.test"));
  int before = world.sts_path().connections();
  ASSERT_TRUE(eventually([&] { return world.sts_path().connections() > before; }))
      << world.pawl_log();
  EXPECT_THAT(world.queue(), HasSubstr("bob@sts.test"));
  EXPECT_TRUE(world.postmaster().wait_for("postmaster@office.test", std::chrono::seconds(20)))
      << world.pawl_log();
  world.sts_path().set(PathTrick::listen_only);
  EXPECT_TRUE(eventually([&] { return world.sts_exim().delivered().size() == 2; }))
      << world.pawl_log();
  EXPECT_EQ(world.sts_path().ear().bytes(), 0U) << world.sts_path().ear().excerpt();
}

TEST(RelayBetweenRealServers, EximUsesPawlAsItsSmarthost) {
  World world;
  Endpoint at{IpAddress::v4(127, 0, 0, 4), 2525};
  auto exim = must(Exim::start(
      world.scratch(), {.name = "front-exim",
                        .hostname = "exim.test",
                        .listen = at,
                        .smarthost = fmt::format("{}::{}", kPawl.address.text(), kPawl.port)}));
  must(swaks(at, "alice@exim.test", "bob@dane.test"));
  EXPECT_TRUE(eventually([&] { return world.dane_exim().delivered().size() == 1; }))
      << exim->log() << world.pawl_log();
}

}  // namespace
}  // namespace pawl::interop
