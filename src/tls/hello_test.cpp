#include "tls/hello.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/limits.h"
#include "tls/authority.h"
#include "tls/context.h"
#include "tls/engine_pair.h"

namespace pawl::tls {
namespace {

const WallTime kNow = *parse_rfc3339("2026-11-22T12:00:00Z");
constexpr const char* kHost = "mx1.good.test";

// A real server with everything OpenSSL can do, an ECDSA and an RSA certificate.
struct Server {
  Authority root = must(Authority::make("Lab Root", kNow));
  Identity ec = must(root.issue(leaf_for({kHost}, kNow)));
  Identity rsa = must(root.issue(rsa_leaf()));
  std::shared_ptr<ServerContext> context = make({});

  static LeafOptions rsa_leaf() {
    LeafOptions options = leaf_for({kHost}, kNow);
    options.key = KeyKind::rsa_2048;
    return options;
  }
  std::shared_ptr<ServerContext> make(ServerContextOptions options) const {
    options.key_pairs = {{.certificate_pem = ec.certificate_pem, .key_pem = ec.key_pem},
                         {.certificate_pem = rsa.certificate_pem, .key_pem = rsa.key_pem}};
    auto made = must(make_server_context(options));
    SSL_CTX_set_cipher_list(made->context.get(), "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
    SSL_CTX_set_ciphersuites(made->context.get(),
                             "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
                             "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256");
    return made;
  }
};

const Server& server() {
  static const Server one;
  return one;
}

Hello everything(std::uint16_t version) {
  Hello hello;
  hello.version = version;
  hello.random.fill('r');
  for (const auto& list : suites_to_offer(version)) {
    hello.suites.insert(hello.suites.end(), list.begin(), list.end());
  }
  hello.groups = groups_to_offer(version);
  hello.signature_algorithms = all_signatures();
  hello.sni = kHost;
  return hello;
}

std::string answer(const Hello& hello,
                   const std::shared_ptr<ServerContext>& context = server().context) {
  auto engine = must(make_server_engine(context));
  engine->feed(client_hello(hello));
  return engine->take();
}

ServerFlight read(std::string_view bytes, std::size_t step = SIZE_MAX) {
  ServerFlight flight;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
    flight.feed(bytes.substr(at, step));
  }
  return flight;
}

Flight ask(const Hello& hello, const std::shared_ptr<ServerContext>& context = server().context) {
  const ServerFlight flight = read(answer(hello, context));
  EXPECT_EQ(flight.state(), ServerFlight::State::done) << flight.error().sentence();
  return flight.flight();
}

TEST(Registry, AgreesWithOpensslOnEverySuiteThatBothKnow) {
  const SslContextPointer context(SSL_CTX_new(TLS_method()));
  ASSERT_EQ(SSL_CTX_set_cipher_list(context.get(), "ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0"), 1);
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(context.get());
  ASSERT_GT(sk_SSL_CIPHER_num(ciphers), 90);
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
    const Suite* suite = find_suite(SSL_CIPHER_get_protocol_id(cipher));
    ASSERT_NE(suite, nullptr) << SSL_CIPHER_standard_name(cipher);
    EXPECT_EQ(suite->name, SSL_CIPHER_standard_name(cipher));
    const int exchange = SSL_CIPHER_get_kx_nid(cipher);
    EXPECT_EQ(suite->forward_secrecy(), exchange != NID_kx_rsa) << suite->name;
    switch (SSL_CIPHER_get_auth_nid(cipher)) {
      case NID_auth_rsa:
        EXPECT_EQ(suite->authentication(), Authentication::rsa) << suite->name;
        break;
      case NID_auth_ecdsa:
        EXPECT_EQ(suite->authentication(), Authentication::ecdsa) << suite->name;
        break;
      case NID_auth_null:
        EXPECT_EQ(suite->authentication(), Authentication::none) << suite->name;
        break;
      default:
        break;
    }
    if (SSL_CIPHER_get_cipher_nid(cipher) == NID_undef) EXPECT_TRUE(suite->weak()) << suite->name;
    const bool new_in_tls12 = std::string_view(SSL_CIPHER_get_version(cipher)) == "TLSv1.2";
    EXPECT_EQ(suite->exists_in(kTls11),
              suite->key_exchange() != KeyExchange::tls13 && !new_in_tls12)
        << suite->name;
  }
}

TEST(Registry, TellsWeakFromOld) {
  const auto weak = [](std::string_view name) {
    const auto found = std::ranges::find(suites(), name, &Suite::name);
    EXPECT_NE(found, suites().end()) << name;
    return found != suites().end() && found->weak();
  };
  for (const auto* name :
       {"TLS_RSA_WITH_RC4_128_SHA", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", "TLS_DH_anon_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_NULL_SHA256", "TLS_RSA_WITH_IDEA_CBC_SHA", "TLS_RSA_WITH_RC4_128_MD5"}) {
    EXPECT_TRUE(weak(name)) << name;
  }
  for (const auto* name : {"TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_128_CCM_8_SHA256",
                           "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256"}) {
    EXPECT_FALSE(weak(name)) << name;
  }
}

TEST(Registry, OffersEverySuiteOnceInListsThatOldServersCanRead) {
  for (const std::uint16_t version : {kSsl3, kTls10, kTls11, kTls12, kTls13}) {
    std::vector<std::uint16_t> all;
    for (const auto& list : suites_to_offer(version)) {
      EXPECT_LE(list.size(), 120U);
      all.insert(all.end(), list.begin(), list.end());
    }
    std::ranges::sort(all);
    EXPECT_TRUE(std::ranges::adjacent_find(all) == all.end());
    EXPECT_EQ(
        static_cast<std::ptrdiff_t>(all.size()),
        std::ranges::count_if(suites(), [&](const Suite& s) { return s.exists_in(version); }));
  }
  EXPECT_EQ(suites_to_offer(kTls10).size(), 1U);
  EXPECT_EQ(suites_to_offer(kTls12).front().front(), 0xC02B);
}

TEST(Flight, OfEveryVersionNamesWhatTheServerChose) {
  for (const std::uint16_t version : {kTls10, kTls11, kTls12}) {
    const Flight flight = ask(everything(version));
    EXPECT_EQ(flight.version, version);
    const Suite* suite = find_suite(flight.suite);
    ASSERT_NE(suite, nullptr);
    EXPECT_TRUE(suite->exists_in(version)) << suite->name;
    EXPECT_EQ(flight.group, 0x001D);  // x25519
    ASSERT_EQ(flight.certificates.size(), 1U);
    EXPECT_FALSE(flight.extended_master_secret);
    EXPECT_FALSE(flight.alert);
  }
  const Flight flight = ask(everything(kTls13));
  EXPECT_EQ(flight.version, kTls13);
  EXPECT_EQ(suite_name(flight.suite), "TLS_AES_256_GCM_SHA384");
  EXPECT_TRUE(flight.retry);
  EXPECT_EQ(flight.group, 0x001D);
}

TEST(Flight, TellsHowTheKeyIsExchanged) {
  Hello hello = everything(kTls12);
  const auto only = [&](std::string_view name) {
    hello.suites = {std::ranges::find(suites(), name, &Suite::name)->id};
    return ask(hello);
  };
  EXPECT_EQ(only("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256").group, 0x001D);
  // OpenSSL takes a prime as strong as the RSA key that signs it.
  EXPECT_EQ(only("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256").dh_bits, 2048U);
  EXPECT_TRUE(only("TLS_DH_anon_WITH_AES_128_GCM_SHA256").certificates.empty());
  const Flight rsa = only("TLS_RSA_WITH_AES_128_GCM_SHA256");
  EXPECT_FALSE(rsa.group);
  EXPECT_FALSE(rsa.dh_bits);
  hello.groups = {0x0018};
  EXPECT_EQ(only("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256").group, 0x0018);
}

TEST(Flight, ShowsTheExtensionsThatWereTaken) {
  Hello hello = everything(kTls12);
  hello.extended_master_secret = true;
  hello.renegotiation_info = true;
  hello.status_request = true;
  hello.compression = true;
  hello.alpn = {"imap", "x"};
  auto context = server().make({.alpn = {"imap"}});
  context->staples.push_back(
      {CertificatePointer(X509_dup(SSL_CTX_get0_certificate(context->context.get()))),
       "a response"});
  const Flight flight = ask(hello, context);
  EXPECT_TRUE(flight.extended_master_secret);
  EXPECT_TRUE(flight.renegotiation_info);
  EXPECT_EQ(flight.compression, 0);
  EXPECT_EQ(flight.alpn, "imap");
}

TEST(Flight, ARefusalIsAnAlert) {
  Hello hello = everything(kTls12);
  hello.suites = {0x0003};  // export, which OpenSSL has no longer
  EXPECT_EQ(ask(hello).alert, kAlertHandshakeFailure);
  EXPECT_TRUE(ask(everything(kSsl3)).alert);
  hello = everything(kTls12);
  hello.fallback_scsv = true;
  EXPECT_EQ(ask(hello).alert, kAlertInappropriateFallback);
  EXPECT_EQ(ask(everything(kTls13), server().make({.max_version = Version::tls1_2})).alert,
            kAlertProtocolVersion);
}

TEST(Flight, TheKindOfCertificateFollowsTheSignatureAlgorithmsInTls13) {
  Hello hello = everything(kTls13);
  hello.key_shares = {{0x001D, std::string(32, '\x09')}};
  EXPECT_FALSE(ask(hello).retry);
  auto only_ec =
      must(make_server_context({.key_pairs = {{.certificate_pem = server().ec.certificate_pem,
                                               .key_pem = server().ec.key_pem}}}));
  hello.signature_algorithms = ecdsa_signatures();
  EXPECT_EQ(ask(hello, only_ec).version, kTls13);
  hello.signature_algorithms = rsa_signatures();
  EXPECT_EQ(ask(hello, only_ec).alert, kAlertHandshakeFailure);
}

TEST(Flight, TheCutsBetweenBytesChangeNothing) {
  Hello hello = everything(kTls12);
  const std::string bytes = answer(hello);
  const Flight whole = read(bytes).flight();
  for (const std::size_t step : {1, 2, 3, 5, 7, 100}) {
    const ServerFlight cut = read(bytes, step);
    ASSERT_EQ(cut.state(), ServerFlight::State::done) << step;
    EXPECT_EQ(cut.flight().suite, whole.suite);
    EXPECT_EQ(cut.flight().group, whole.group);
    EXPECT_EQ(cut.flight().certificates, whole.certificates);
  }
}

// rfc5246#6.2.1: a message may be spread over records of a byte each.
TEST(Flight, MessagesMayBeSpreadOverRecords) {
  const std::string bytes = answer(everything(kTls12));
  std::string messages;
  for (std::size_t at = 0; at + 5 <= bytes.size();) {
    const std::size_t size = static_cast<unsigned char>(bytes[at + 3]) * 256U +
                             static_cast<unsigned char>(bytes[at + 4]);
    messages += bytes.substr(at + 5, size);
    at += 5 + size;
  }
  std::string spread;
  for (const char byte : messages) spread += std::string("\x16\x03\x03\x00\x01", 5) + byte;
  const ServerFlight flight = read(spread);
  ASSERT_EQ(flight.state(), ServerFlight::State::done);
  EXPECT_EQ(flight.flight().certificates, read(bytes).flight().certificates);
}

TEST(Flight, ThatEndsEarlyIsNotCompleteAndKeepsWhatItSaid) {
  const std::string bytes = answer(everything(kTls12));
  for (std::size_t size = 0; size < bytes.size(); size += 1) {
    ServerFlight flight = read(std::string_view(bytes).substr(0, size));
    ASSERT_EQ(flight.state(), ServerFlight::State::reading) << size;
    EXPECT_EQ(flight.end_of_input(), flight.flight().version.has_value()) << size;
  }
}

TEST(Flight, WhatIsNotTlsOrNeverEndsIsAnError) {
  const auto error = [](std::string_view bytes) {
    const ServerFlight flight = read(bytes);
    EXPECT_EQ(flight.state(), ServerFlight::State::failed);
    return flight.error().detail;
  };
  EXPECT_EQ(
      error("454 4.7.0 TLS not available\r\n"),
      "the server did not answer with TLS but with \"454 4.7.0 TLS not available\\x0d\\x0a\"");
  EXPECT_TRUE(error(std::string_view("\x16\x02\x00", 3)).contains("version"));
  EXPECT_TRUE(error(std::string_view("\x16\x03\x01\x00\x00", 5)).contains("length of 0"));
  EXPECT_TRUE(error("\x16\x03\x01\x7f\xff").contains("length of 32767"));
  EXPECT_TRUE(error(std::string_view("\x16\x03\x01\x00\x04\x0b\x00\x00\x00", 9)).contains("began"));
  const std::string warning("\x15\x03\x01\x00\x02\x01\x70", 7);  // of an unknown name
  std::string many;
  while (many.size() <= limits::kTlsFlight) many += warning;
  EXPECT_TRUE(error(many).contains("longer than"));
  const ServerFlight warned = read(warning + answer(everything(kTls12)));
  EXPECT_EQ(warned.state(), ServerFlight::State::done);
  EXPECT_FALSE(warned.flight().alert);
}

// What OpenSSL's own client comes to with the same offer, against the same server.
Description negotiated(const Hello& hello, const std::shared_ptr<ServerContext>& context) {
  static const auto client =
      must(make_client_context({.ca_pem = server().root.certificate_pem(), .resumption = false}));
  std::string old_suites;
  std::string new_suites;
  const SslPointer names(SSL_new(context->context.get()));
  for (const std::uint16_t id : hello.suites) {
    const unsigned char wire[] = {static_cast<unsigned char>(id >> 8),
                                  static_cast<unsigned char>(id)};
    const SSL_CIPHER* cipher = SSL_CIPHER_find(names.get(), wire);
    if (cipher == nullptr) continue;
    (hello.version == kTls13 ? new_suites : old_suites) +=
        std::string(SSL_CIPHER_get_name(cipher)) + ":";
  }
  std::string groups;
  for (const std::uint16_t id : hello.groups) groups += std::string(find_group(id)->name) + ":";
  groups.pop_back();
  // The context's lists go into every connection that it makes.
  SSL_CTX_set_cipher_list(client->get(), (old_suites + "@SECLEVEL=0").c_str());
  if (hello.version == kTls13) {
    new_suites.pop_back();
    SSL_CTX_set_ciphersuites(client->get(), new_suites.c_str());
  }
  EXPECT_EQ(SSL_CTX_set1_groups_list(client->get(), groups.c_str()), 1) << groups;
  ClientProfile profile;
  profile.sni = kHost;
  profile.min_version = profile.max_version =
      static_cast<Version>(hello.version - kTls10);  // both count up from TLS 1.0
  auto pair = make_pair(client, context, profile);
  pair.exchange();
  if (pair.client->state() != Engine::State::open) return {};
  return pair.client->description();
}

template <class T>
std::vector<T> some_of(const std::vector<T>& all) {
  std::vector<T> some;
  const auto count = *rc::gen::inRange<std::size_t>(1, all.size() + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const T one = *rc::gen::elementOf(all);
    if (std::ranges::find(some, one) == some.end()) some.push_back(one);
  }
  return some;
}

RC_GTEST_PROP(Flight, ChoosesWhatOpensslsOwnClientNegotiates, ()) {
  const std::uint16_t version = *rc::gen::element(kTls10, kTls11, kTls12, kTls13);
  Hello hello = everything(version);
  // What this build of OpenSSL can do; DSS is left out: its client does not offer such signatures.
  std::vector<std::uint16_t> known;
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(server().context->context.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const std::uint16_t id = SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(ciphers, i));
    const Suite* suite = find_suite(id);
    if (suite != nullptr && suite->exists_in(version) &&
        suite->authentication() != Authentication::dss) {
      known.push_back(id);
    }
  }
  hello.suites = some_of(known);
  // Those that OpenSSL 3.0 has in every version of TLS.
  hello.groups = some_of<std::uint16_t>({0x001D, 0x0017, 0x0018, 0x0019, 0x001E});
  const Description real = negotiated(hello, server().context);
  const Flight flight = ask(hello);
  if (!real.version) {
    RC_ASSERT(flight.alert.has_value());
    return;
  }
  RC_ASSERT(!flight.alert);
  RC_ASSERT(flight.version == version);
  RC_ASSERT(std::string(suite_name(flight.suite)) == real.cipher_suite);
  const std::string group = flight.group ? std::string(find_group(*flight.group)->name) : "";
  if (version == kTls13) {
    // Its client sends a share of the first group, which settles it. A server that is sent none
    // shows its own order: OpenSSL's default one.
    const std::vector<std::uint16_t> order = {0x001D, 0x0017, 0x001E, 0x0019, 0x0018};
    const auto first = std::ranges::find_first_of(order, hello.groups);
    RC_ASSERT(flight.group == *first);
  } else if (find_suite(flight.suite)->key_exchange() != KeyExchange::dhe) {
    RC_ASSERT(group == real.group);
  }
}

RC_GTEST_PROP(Flight, BytesChangedAnywhereAreReadOrRefused, ()) {
  static const std::string good = answer(everything(kTls12));
  std::string bytes = good;
  const auto changes = *rc::gen::inRange(1, 8);
  for (int i = 0; i < changes; ++i) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
  }
  const auto step = *rc::gen::inRange<std::size_t>(1, 600);
  ServerFlight flight = read(bytes, step);
  flight.end_of_input();
  for (const std::string& certificate : flight.flight().certificates) {
    RC_ASSERT(certificate.size() < bytes.size());
  }
}

}  // namespace
}  // namespace pawl::tls
