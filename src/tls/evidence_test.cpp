// What is looked at beyond the demands of a profile: kinds of certificates, stapled OCSP, TLSA
// records against the chain that was sent.
#include <gtest/gtest.h>

#include "tls/authority.h"
#include "tls/engine.h"
#include "tls/engine_pair.h"
#include "tls/tlsa_match.h"

namespace pawl::tls {
namespace {

const WallTime kNow = *parse_rfc3339("2026-11-22T12:00:00Z");
constexpr const char* kHost = "mx1.good.test";

struct World {
  FixedClock clock{kNow};
  Authority root = must(Authority::make("Lab Root", kNow));
  Authority middle = must(root.intermediate("Lab Middle", kNow));
  Identity ec = must(middle.issue(leaf_for({kHost}, kNow)));
  Identity rsa = must(middle.issue(rsa_leaf()));
  std::shared_ptr<ClientContext> client =
      must(make_client_context({.ca_pem = root.certificate_pem(), .clock = &clock}));

  static LeafOptions rsa_leaf() {
    LeafOptions options = leaf_for({kHost}, kNow);
    options.key = KeyKind::rsa_2048;
    return options;
  }

  ServerContextOptions both(Version max_version = Version::tls1_3) const {
    return {.key_pairs = {{.certificate_pem = ec.certificate_pem, .key_pem = ec.key_pem},
                          {.certificate_pem = rsa.certificate_pem, .key_pem = rsa.key_pem}},
            .max_version = max_version};
  }

  Description look(const ClientProfile& profile, const ServerContextOptions& server) const {
    auto pair = make_pair(client, must(make_server_context(server)), profile, "192.0.2.1");
    pair.exchange();
    EXPECT_EQ(pair.client->state(), Engine::State::open) << pair.client->error().sentence();
    return pair.client->description();
  }
};

// RSA keys take their time; nothing here is changed by being looked at.
const World& the_world() {
  static const World world;
  return world;
}

ClientProfile curious() {
  ClientProfile profile;
  profile.sni = kHost;
  profile.ask_ocsp = true;
  profile.keep_chain = true;
  return profile;
}

TEST(CertificateKind, AHostWithTwoCertificatesShowsTheOneThatIsAskedFor) {
  const World& world = the_world();
  for (const Version version :
       {Version::tls1_0, Version::tls1_1, Version::tls1_2, Version::tls1_3}) {
    ClientProfile profile = curious();
    profile.max_version = version;
    profile.certificate_kind = CertificateKind::rsa;
    auto seen = world.look(profile, world.both());
    EXPECT_EQ(seen.version, version);
    EXPECT_EQ(seen.chain.at(0).key, "RSA 2048") << name(version);
    EXPECT_EQ(seen.chain.at(0).key_bits, 2048);
    profile.certificate_kind = CertificateKind::ecdsa;
    seen = world.look(profile, world.both());
    EXPECT_EQ(seen.version, version);
    EXPECT_EQ(seen.chain.at(0).key, "EC P-256") << name(version);
    EXPECT_EQ(seen.chain.at(0).key_bits, 256);
  }
}

TEST(CertificateKind, AKindThatTheHostLacksIsARefusedHandshake) {
  const World& world = the_world();
  ServerContextOptions only_rsa = world.both();
  only_rsa.key_pairs.erase(only_rsa.key_pairs.begin());
  ClientProfile profile = curious();
  profile.certificate_kind = CertificateKind::ecdsa;
  auto pair = make_pair(world.client, must(make_server_context(only_rsa)), profile);
  pair.exchange();
  EXPECT_EQ(pair.client->state(), Engine::State::failed);
  EXPECT_EQ(pair.client->error().code, Code::tls_handshake);
}

TEST(CertificateKind, IsPartOfTheKeyAsIsEveryOtherQuestion) {
  const std::string plain = ClientProfile{}.key();
  ClientProfile profile;
  profile.certificate_kind = CertificateKind::rsa;
  EXPECT_NE(profile.key(), plain);
  profile = {};
  profile.max_version = Version::tls1_2;
  EXPECT_NE(profile.key(), plain);
  profile = {};
  profile.ask_ocsp = true;
  const std::string ocsp = profile.key();
  EXPECT_NE(ocsp, plain);
  profile = {};
  profile.keep_chain = true;
  EXPECT_NE(profile.key(), plain);
  EXPECT_NE(profile.key(), ocsp);
}

TEST(Chain, IsKeptOnlyWhereItWasAskedFor) {
  const World& world = the_world();
  ClientProfile profile;
  profile.sni = kHost;
  auto seen = world.look(profile, world.both());
  EXPECT_EQ(seen.chain.at(0).der, "");
  EXPECT_FALSE(seen.ocsp);

  seen = world.look(curious(), world.both());
  ASSERT_EQ(seen.chain.size(), 2U);
  EXPECT_NE(seen.chain[0].der, "");
  EXPECT_EQ(seen.chain[0].signature_algorithm, "ecdsa-with-SHA256");
  EXPECT_EQ(seen.chain[0].serial.size() % 2, 0U);
  EXPECT_FALSE(seen.chain[0].self_signed);

  const Identity alone = must(self_signed(leaf_for({kHost}, kNow)));
  seen = world.look(
      curious(),
      {.key_pairs = {{.certificate_pem = alone.certificate_pem, .key_pem = alone.key_pem}}});
  EXPECT_TRUE(seen.chain.at(0).self_signed);
}

TEST(Tlsa, IsAboutTheCertificateWhoseBytesItHas) {
  const World& world = the_world();
  const auto chain = world.look(curious(), world.both()).chain;
  const std::string& leaf = world.ec.certificate_pem;
  for (const std::uint8_t selector : std::initializer_list<std::uint8_t>{0, 1}) {
    for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 1, 2}) {
      EXPECT_EQ(matching_certificate(must(tlsa_for(leaf, 3, selector, type)), chain), 0U);
      EXPECT_EQ(matching_certificate(must(tlsa_for(leaf, 1, selector, type)), chain), 0U);
      const std::string& above = world.middle.certificate_pem();
      EXPECT_EQ(matching_certificate(must(tlsa_for(above, 2, selector, type)), chain), 1U);
      EXPECT_EQ(matching_certificate(must(tlsa_for(above, 0, selector, type)), chain), 1U);
      // The usage says where to look (rfc7671#5.1, rfc7671#5.2).
      EXPECT_FALSE(matching_certificate(must(tlsa_for(above, 3, selector, type)), chain));
      EXPECT_FALSE(matching_certificate(must(tlsa_for(leaf, 2, selector, type)), chain));
      const std::string& other = world.rsa.certificate_pem;
      EXPECT_FALSE(matching_certificate(must(tlsa_for(other, 3, selector, type)), chain));
    }
  }
  dns::Tlsa odd = must(tlsa_for(leaf, 3, 1, 1));
  odd.matching_type = 3;
  EXPECT_FALSE(matches(odd, chain[0].der));
  odd = must(tlsa_for(leaf, 3, 1, 1));
  odd.selector = 2;
  EXPECT_FALSE(matches(odd, chain[0].der));
  EXPECT_FALSE(matches({3, 1, 0, ""}, "no certificate"));
  EXPECT_FALSE(matches({3, 0, 0, ""}, ""));
}

struct Stapled : testing::TestWithParam<Version> {
  const World& world = the_world();

  Ocsp staple(std::string response) {
    ServerContextOptions server = world.both(GetParam());
    server.key_pairs[0].ocsp_response = std::move(response);
    ClientProfile profile = curious();
    profile.certificate_kind = CertificateKind::ecdsa;
    auto seen = world.look(profile, server);
    EXPECT_TRUE(seen.ocsp);
    return seen.ocsp.value_or(Ocsp{});
  }
  std::string response(const OcspOptions& options) const {
    return must(world.middle.ocsp_response(world.ec.certificate_pem, options));
  }
};

constexpr std::chrono::hours kDay{24};

TEST_P(Stapled, TellsHowTheCertificateStands) {
  EXPECT_EQ(staple("").text(), "none");
  Ocsp seen = staple(response({.this_update = kNow - kDay, .next_update = kNow + 6 * kDay}));
  EXPECT_EQ(seen.text(), "good until 2026-11-28");
  EXPECT_TRUE(seen.verified) << seen.detail;
  seen =
      staple(response({.revoked = true, .this_update = kNow - kDay, .next_update = kNow + kDay}));
  EXPECT_EQ(seen.state, Ocsp::State::revoked);
  EXPECT_TRUE(seen.verified) << seen.detail;
  seen = staple(response({.this_update = kNow - 9 * kDay, .next_update = kNow - 2 * kDay}));
  EXPECT_EQ(seen.text(), "expired on 2026-11-20");
}

TEST_P(Stapled, WhatCannotBeReadOrIsAboutAnotherCertificateIsNoComfort) {
  EXPECT_EQ(staple("\x30\x03\x0a\x01\x06").text(), "unreadable: the responder said unauthorized");
  EXPECT_EQ(staple("nonsense").text(), "unreadable: it is no OCSP response");
  const OcspOptions fresh{.this_update = kNow - kDay, .next_update = kNow + kDay};
  EXPECT_EQ(staple(must(world.middle.ocsp_response(world.rsa.certificate_pem, fresh))).text(),
            "unreadable: it is about another certificate");
  EXPECT_EQ(staple(must(world.root.ocsp_response(world.ec.certificate_pem, fresh))).state,
            Ocsp::State::unreadable);
  EXPECT_EQ(staple(response({.this_update = kNow + kDay, .next_update = kNow + 2 * kDay})).state,
            Ocsp::State::unreadable);
}

TEST_P(Stapled, ASignatureThatIsNotTheIssuersIsToldApart) {
  std::string forged = response({.this_update = kNow - kDay, .next_update = kNow + kDay});
  forged.back() = static_cast<char>(forged.back() ^ 1);
  const Ocsp seen = staple(forged);
  EXPECT_FALSE(seen.verified);
}

INSTANTIATE_TEST_SUITE_P(Tls, Stapled, testing::Values(Version::tls1_2, Version::tls1_3),
                         [](const auto& at) {
                           return at.param == Version::tls1_2 ? "Tls12" : "Tls13";
                         });

}  // namespace
}  // namespace pawl::tls
