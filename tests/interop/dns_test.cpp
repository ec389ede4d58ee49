// libunbound behind our Resolver against a real signed tree: NSD serves what ldns-signzone signed,
// and somebody on the path forges. No network but loopback, nothing outlives the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discovery/mx.h"
#include "lab/name_server.h"
#include "lab/zones.h"
#include "net/loop.h"
#include "net/start.h"
#include "resolver/self_test.h"
#include "resolver/unbound_resolver.h"

namespace pawl {
namespace {

using dns::Existence;
using dns::Security;
using dns::Type;
using lab::DnsForgery;
using lab::Signing;
using lab::Zone;
using policy::DaneFacts;
using resolver::UnboundResolver;
using ::testing::HasSubstr;

const std::string kTlsa = "_25._tcp.mx IN TLSA 3 1 1 " + std::string(64, 'a');

std::vector<Zone> tree() {
  std::vector<Zone> zones;
  for (auto [name, signing] : {std::pair{"good.test", Signing::secure},
                               {"hashed.test", Signing::nsec3},
                               {"plain.test", Signing::insecure},
                               {"island.test", Signing::island},
                               {"bogus.test", Signing::secure},
                               {"expired.test", Signing::expired},
                               {"stripped.test", Signing::stripped}}) {
    Zone& zone = zones.emplace_back(name, signing);
    zone.add("@ IN MX 10 mx");
    zone.add("mx IN A 127.0.0.7");
    zone.add("mx IN AAAA ::1");
    zone.add(kTlsa);
    zone.add("within IN CNAME mx");           // same zone
    zone.add("out IN CNAME mx.plain.test.");  // into an unsigned zone
    zone.add("_25._tcp.out IN TLSA 3 1 1 " + std::string(64, 'b'));
    zone.add("into IN CNAME mx.good.test.");
    zone.add("lost IN CNAME nowhere.good.test.");
  }
  zones[4].corrupt("_25._tcp.mx", "TLSA");
  zones[0].add("@ IN TXT \"v=TLSRPTv1; rua=mailto:r@good.test\"");
  zones[0].add("alias IN MX 10 out");
  return zones;
}

// Signed once for all tests; each test has its own resolver, and with it empty caches.
class Lab {
 public:
  static Lab& get() {
    static Lab lab;
    return lab;
  }
  lab::NameServer& server() { return *server_; }
  resolver::Options options() {
    resolver::Options options;
    options.root_trust_anchor_file = zones_.trust_anchor_file;
    // Each zone by name: the NS records in its answers say port 53, and this is another.
    for (const auto& zone : zones_.files)
      options.stub_zones.push_back(
          {*dns::Name::parse(zone.name + '.'), {server_->endpoint()}, false, {}});
    return options;
  }
  const lab::SignedZones& zones() const { return zones_; }

 private:
  Lab() {
    const auto at = IpAddress::v4(127, 0, 0, 53);
    scratch_.emplace(must(lab::Scratch::make()));
    const auto all = tree();
    zones_ = must(lab::sign_zones(all, at, *scratch_));
    server_ = must(lab::NameServer::start(zones_, {at, 0}, *scratch_));
  }
  template <class T>
  static T must(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "the lab does not stand: %s\n", result.error().sentence().c_str());
    std::exit(1);
  }
  std::optional<lab::Scratch> scratch_;
  lab::SignedZones zones_;
  std::unique_ptr<lab::NameServer> server_;
};

template <class T>
net::Task<> keep(net::Task<T> task, std::optional<Result<T>>& into) {
  into.emplace(co_await std::move(task));
  co_return Result<>();
}

template <class T>
Result<T> run(net::Task<T> task) {
  net::Loop loop;
  std::optional<Result<T>> result;
  EXPECT_TRUE(loop.run_until_done(keep(std::move(task), result)));
  if (!result) return fail(Code::internal, "the task did not end");
  return *std::move(result);
}

class SignedTree : public ::testing::Test {
 protected:
  explicit SignedTree(resolver::Options options = Lab::get().options()) {
    auto made = resolver::make_unbound_resolver(options);
    EXPECT_TRUE(made) << made.error().sentence();
    if (made) resolver_ = *std::move(made);
  }

  Result<dns::Answer> ask(std::string_view name, Type type) {
    return run(resolver_->lookup(*dns::Name::parse(name), type));
  }
  // "found secure", "no_data insecure", or the code of the error.
  std::string status(std::string_view name, Type type) {
    const auto answer = ask(name, type);
    if (!answer) return std::string(row(answer.error().code).name);
    const auto existence = answer->existence == Existence::found     ? "found "
                           : answer->existence == Existence::no_data ? "no_data "
                                                                     : "no_domain ";
    return existence + std::string(dns::name(answer->security));
  }
  Result<policy::Facts> mail_hosts(std::string_view domain) {
    std::mt19937_64 random(1);
    return run(discovery::find_mail_hosts(*resolver_, *dns::Name::parse(domain), {}, random));
  }

  std::unique_ptr<UnboundResolver> resolver_;
};

// Forges while it lives.
class Forge {
 public:
  Forge(std::string name, Type type, DnsForgery forgery)
      : name_(std::move(name)), type_(static_cast<std::uint16_t>(type)) {
    EXPECT_TRUE(Lab::get().server().forge(name_, type_, std::move(forgery)));
  }
  ~Forge() { Lab::get().server().stop_forging(name_, type_); }
  Forge(const Forge&) = delete;
  Forge& operator=(const Forge&) = delete;

 private:
  std::string name_;
  std::uint16_t type_;
};

TEST_F(SignedTree, SignedZonesAreSecureInAllTheyHaveAndDeny) {
  for (std::string zone : {"good.test", "hashed.test"}) {
    EXPECT_EQ(status(zone, Type::mx), "found secure") << zone;
    EXPECT_EQ(status("mx." + zone, Type::a), "found secure") << zone;
    EXPECT_EQ(status("mx." + zone, Type::aaaa), "found secure") << zone;
    EXPECT_EQ(status("_25._tcp.mx." + zone, Type::tlsa), "found secure") << zone;
    EXPECT_EQ(status("mx." + zone, Type::txt), "no_data secure") << zone;
    EXPECT_EQ(status("nowhere." + zone, Type::a), "no_domain secure") << zone;
    EXPECT_EQ(status("_26._tcp.mx." + zone, Type::tlsa), "no_domain secure") << zone;
  }
  EXPECT_EQ(dns::txt_records(*ask("good.test", Type::txt))->front(),
            "v=TLSRPTv1; rua=mailto:r@good.test");
}

TEST_F(SignedTree, UnsignedZonesAreInsecureInAllTheyHaveAndDeny) {
  for (std::string zone : {"plain.test", "island.test"}) {
    EXPECT_EQ(status(zone, Type::mx), "found insecure") << zone;
    EXPECT_EQ(status("_25._tcp.mx." + zone, Type::tlsa), "found insecure") << zone;
    EXPECT_EQ(status("nowhere." + zone, Type::a), "no_domain insecure") << zone;
    EXPECT_EQ(status("mx." + zone, Type::txt), "no_data insecure") << zone;
  }
}

TEST_F(SignedTree, WhatFailsValidationIsAnErrorThatSaysWhy) {
  EXPECT_EQ(status("bogus.test", Type::mx), "found secure");
  EXPECT_EQ(status("_25._tcp.mx.bogus.test", Type::tlsa), "dnssec_bogus");
  EXPECT_EQ(status("expired.test", Type::mx), "dnssec_bogus");
  EXPECT_EQ(status("stripped.test", Type::mx), "dnssec_bogus");
  EXPECT_EQ(status("nowhere.stripped.test", Type::a), "dnssec_bogus");
  EXPECT_THAT(ask("_25._tcp.mx.bogus.test", Type::tlsa).error().detail, HasSubstr("signature"));
  for (auto type : {Type::mx, Type::a}) {  // the second time, from the memory of the first failure
    EXPECT_THAT(ask("expired.test", type).error().detail, HasSubstr("expired"));
    EXPECT_THAT(ask("stripped.test", type).error().detail, HasSubstr("DNSKEY"));
  }
}

TEST_F(SignedTree, AnAliasIsAsSecureAsItsWeakestLinkAndTheLinkCanBeAskedAlone) {
  EXPECT_EQ(status("within.good.test", Type::a), "found secure");
  EXPECT_EQ(ask("within.good.test", Type::a)->canonical.text(), "mx.good.test");
  EXPECT_EQ(status("out.good.test", Type::a), "found insecure");
  EXPECT_EQ(status("out.good.test", Type::cname), "found secure");
  EXPECT_EQ(dns::cname_records(*ask("out.good.test", Type::cname))->front().text(),
            "mx.plain.test");
  EXPECT_EQ(status("into.plain.test", Type::a), "found insecure");
  EXPECT_EQ(status("into.plain.test", Type::cname), "found insecure");
  EXPECT_EQ(status("lost.hashed.test", Type::a), "no_domain secure");
  EXPECT_EQ(ask("lost.hashed.test", Type::a)->canonical.text(), "nowhere.good.test");
  EXPECT_EQ(status("mx.good.test", Type::cname), "no_data secure");
}

TEST_F(SignedTree, AForgerOnThePathCannotMakeTlsaVanish) {
  const std::string owner = "_25._tcp.mx.good.test";
  for (auto kind :
       {DnsForgery::Kind::no_data, DnsForgery::Kind::no_domain, DnsForgery::Kind::server_failure}) {
    const Forge forge(owner, Type::tlsa, {kind, {}});
    auto fresh = resolver::make_unbound_resolver(Lab::get().options());
    ASSERT_TRUE(fresh);
    const auto answer = run((*fresh)->lookup(*dns::Name::parse(owner), Type::tlsa));
    ASSERT_FALSE(answer) << static_cast<int>(kind);
    EXPECT_EQ(answer.error().code,
              kind == DnsForgery::Kind::server_failure ? Code::dns_servfail : Code::dnssec_bogus);
    std::mt19937_64 random(1);
    const auto facts =
        run(discovery::find_mail_hosts(**fresh, *dns::Name::parse("good.test"), {}, random));
    ASSERT_TRUE(facts) << facts.error().sentence();
    EXPECT_EQ(facts->mx.front().dane.state, DaneFacts::State::failed);
  }
  EXPECT_EQ(status(owner, Type::tlsa), "found secure");  // and it is there again once he leaves
}

TEST_F(SignedTree, AForgedMxOfASignedDomainIsBogus) {
  const Forge forge("good.test", Type::mx,
                    {DnsForgery::Kind::records, {lab::mx_rdata(5, "mx.plain.test")}});
  EXPECT_EQ(mail_hosts("good.test").error().code, Code::dnssec_bogus);
}

TEST_F(SignedTree, DiscoveryTellsTheKindsOfHostsApart) {
  const auto state = [this](std::string_view domain) {
    const auto facts = mail_hosts(domain);
    EXPECT_TRUE(facts) << domain << ": " << facts.error().sentence();
    return facts ? facts->mx.front().dane.state : DaneFacts::State::failed;
  };
  EXPECT_EQ(state("good.test"), DaneFacts::State::usable);
  EXPECT_EQ(state("hashed.test"), DaneFacts::State::usable);
  EXPECT_EQ(state("plain.test"), DaneFacts::State::not_applicable);
  EXPECT_EQ(state("bogus.test"), DaneFacts::State::failed);
  const auto alias = mail_hosts("alias.good.test");  // signed alias into an unsigned zone
  ASSERT_TRUE(alias);
  EXPECT_EQ(alias->mx.front().dane.state, DaneFacts::State::usable);
  EXPECT_EQ(alias->mx.front().dane.base_domain, "out.good.test");
  EXPECT_FALSE(alias->mx.front().address_secure);
}

net::Task<> ask_many(UnboundResolver& resolver, int count) {
  std::vector<net::Completion<dns::Answer>> started;
  for (int i = 0; i < count; ++i)
    started.push_back(net::start(resolver.lookup(*dns::Name::parse("good.test"), Type::mx)));
  for (auto& each : started) {
    CO_TRY(const auto answer, co_await each.wait());
    EXPECT_TRUE(answer.secure());
  }
  co_return Result<>();
}

TEST_F(SignedTree, EqualQuestionsUnderWayAreAskedOnce) {
  net::Loop loop;
  EXPECT_TRUE(loop.run_until_done(ask_many(*resolver_, 100)));
  EXPECT_EQ(resolver_->counters().asked, 1U);
  EXPECT_EQ(resolver_->counters().joined + resolver_->counters().cached, 99U);
}

TEST_F(SignedTree, TheSelfTestRaisesNoAlarmOverALaboratory) {
  const auto options = Lab::get().options();
  for (const auto& finding : *run(resolver::self_test(*resolver_, options)))
    ADD_FAILURE() << finding.check << ": " << finding.sentence;
}

TEST_F(SignedTree, TheSelfTestNamesAServerThatStripsSignatures) {
  resolver::Options options;
  options.root_trust_anchor_file.clear();
  options.stub_zones = {{*dns::Name::parse("test"),
                         {Lab::get().server().endpoint()},
                         false,
                         {"an anchor, so that signatures are expected"}}};
  EXPECT_TRUE(run(resolver::self_test(*resolver_, options))->empty());
  resolver_ = *resolver::make_unbound_resolver(Lab::get().options());
  // What such a server returns: the keys alone.
  const Forge forge("test", Type::dnskey, {DnsForgery::Kind::records, {std::string(68, 'k')}});
  const auto findings = run(resolver::self_test(*resolver_, options));
  ASSERT_TRUE(findings);
  ASSERT_EQ(findings->size(), 2U);
  EXPECT_EQ(findings->at(0).check, "signatures");
  EXPECT_THAT(findings->at(0).sentence, HasSubstr("validation fails"));
  EXPECT_EQ(findings->at(1).check, "signatures");
  EXPECT_THAT(findings->at(1).sentence, HasSubstr("without signatures"));
  EXPECT_EQ(findings->at(1).severity, Severity::alert);
}

TEST_F(SignedTree, TheSelfTestNamesAServerThatIsNotThere) {
  resolver::Options options;
  options.forwarders = {{*Endpoint::parse("127.0.0.54:9"), ""}};
  const auto findings =
      run(resolver::self_test(*resolver_, options, {{}, std::chrono::milliseconds(300)}));
  ASSERT_TRUE(findings);
  ASSERT_EQ(findings->size(), 1U);
  EXPECT_EQ(findings->front().check, "reachable");
  EXPECT_THAT(findings->front().sentence, HasSubstr("127.0.0.54:9"));
}

class ShortPatience : public SignedTree {
 protected:
  ShortPatience() : SignedTree(options()) {}
  static resolver::Options options() {
    auto options = Lab::get().options();
    options.timeout = std::chrono::milliseconds(300);
    return options;
  }
};

TEST_F(ShortPatience, SilenceIsATimeOutAndNotADenial) {
  const Forge forge("_25._tcp.mx.good.test", Type::tlsa, {DnsForgery::Kind::silence, {}});
  EXPECT_EQ(status("good.test", Type::mx), "found secure");
  EXPECT_EQ(status("_25._tcp.mx.good.test", Type::tlsa), "dns_timeout");
  EXPECT_EQ(resolver_->counters().timed_out, 1U);
}

TEST_F(ShortPatience, WaitersEndWhenTheResolverDoes) {
  const Forge forge("_25._tcp.mx.good.test", Type::tlsa, {DnsForgery::Kind::silence, {}});
  net::Loop loop;
  std::optional<Result<dns::Answer>> result;
  loop.spawn(
      keep(resolver_->lookup(*dns::Name::parse("_25._tcp.mx.good.test"), Type::tlsa), result));
  loop.post([this] { resolver_.reset(); });
  loop.run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().code, Code::cancelled);
}

TEST(UnboundTrust, WithoutAnAnchorNothingIsSecureAndNothingIsProvenInsecure) {
  auto options = Lab::get().options();
  options.root_trust_anchor_file.clear();
  auto made = resolver::make_unbound_resolver(options);
  ASSERT_TRUE(made);
  const auto answer = run((*made)->lookup(*dns::Name::parse("good.test"), Type::mx));
  ASSERT_TRUE(answer) << answer.error().sentence();
  EXPECT_EQ(answer->security, Security::indeterminate);
}

TEST(UnboundTrust, AStubZoneDeclaredInsecureIsInsecureAlthoughSigned) {
  auto options = Lab::get().options();
  for (auto& stub : options.stub_zones) stub.insecure = stub.zone.text() == "good.test";
  auto made = resolver::make_unbound_resolver(options);
  ASSERT_TRUE(made);
  const auto answer = run((*made)->lookup(*dns::Name::parse("good.test"), Type::mx));
  ASSERT_TRUE(answer) << answer.error().sentence();
  EXPECT_EQ(answer->security, Security::insecure);
}

TEST(UnboundTrust, AFileThatCannotBeReadIsNamedAtOnce) {
  auto options = Lab::get().options();
  options.root_trust_anchor_file = "/nonexistent/root.key";
  const auto made = resolver::make_unbound_resolver(options);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::config_invalid);
  EXPECT_THAT(made.error().detail, HasSubstr("/nonexistent/root.key"));
  EXPECT_THAT(made.error().detail, HasSubstr("dns-root-data"));
}

}  // namespace
}  // namespace pawl
