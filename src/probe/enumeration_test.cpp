#include "probe/enumeration.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/dial.h"
#include "net/loop.h"
#include "net/start.h"
#include "tls/authority.h"
#include "tls/context.h"

namespace pawl::probe {
namespace {

using namespace std::chrono_literals;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
  return *std::move(result);
}

struct Identities {
  WallTime now = net::SystemClock().now();
  tls::Authority root = must(tls::Authority::make("Lab Root", now));
  tls::Identity ec = must(root.issue(tls::leaf_for({"mx1.good.test"}, now)));
  tls::Identity rsa = must(root.issue(rsa_leaf()));

  tls::LeafOptions rsa_leaf() const {
    tls::LeafOptions options = tls::leaf_for({"mx1.good.test"}, now);
    options.key = tls::KeyKind::rsa_2048;
    return options;
  }
  static tls::ServerContextOptions::KeyPair pair(const tls::Identity& identity) {
    return {.certificate_pem = identity.certificate_pem, .key_pem = identity.key_pem};
  }
};

const Identities& identities() {
  static const Identities made;
  return made;
}

// What a server of a test says to a ClientHello; nothing more: it hangs up.
using Answer = std::function<std::string(const std::string& hello)>;

struct ServerOptions {
  std::string greeting;  // empty: implicit TLS
  std::string turns_away_with = "421 4.7.0 too many\r\n";
  int at_a_time = 100;         // more connections are turned away
  int slow_after = 1'000'000;  // answers that came at once
};

// A host on the loopback, for as long as the loop of the test runs.
struct Host {
  std::unique_ptr<net::Listener> listener = must(net::listen(*Endpoint::parse("127.0.0.1:0")));
  Answer answer;
  ServerOptions options;
  int open = 0;
  int turned_away = 0;
  int answers = 0;

  static net::Task<std::string> line(net::Stream* stream) {
    std::string text;
    std::array<char, 1> byte{};
    while (!text.ends_with('\n')) {
      CO_TRY_VOID(co_await stream->read_some(byte, std::chrono::steady_clock::now() + 5s));
      text += byte[0];
    }
    co_return text;
  }

  static net::Task<> serve(Host* host, std::unique_ptr<net::Stream> stream) {
    const MonoTime until = std::chrono::steady_clock::now() + 5s;
    const bool starttls = !host->options.greeting.empty();
    if (host->open >= host->options.at_a_time) {
      ++host->turned_away;
      if (!host->options.turns_away_with.empty()) {
        CO_TRY_VOID(co_await stream->write_all(host->options.turns_away_with, until));
      }
      co_return Result<>();
    }
    ++host->open;
    [[maybe_unused]] auto spoken = co_await speak(host, stream.get(), starttls, until);
    // It is over for the client before it is for the server, as everywhere.
    CO_TRY_VOID(co_await net::sleep_for(5ms));
    --host->open;
    co_return Result<>();
  }

  static net::Task<> speak(Host* host, net::Stream* stream, bool starttls, MonoTime until) {
    if (starttls) {
      CO_TRY_VOID(co_await stream->write_all(host->options.greeting, until));
      CO_TRY_VOID(co_await line(stream));
      CO_TRY_VOID(co_await stream->write_all("250-mx1.good.test\r\n250 STARTTLS\r\n", until));
      CO_TRY_VOID(co_await line(stream));
      CO_TRY_VOID(co_await stream->write_all("220 go\r\n", until));
    }
    std::string hello(16384, '\0');
    CO_TRY(const std::size_t size, co_await stream->read_some(hello, until));
    hello.resize(size);
    if (++host->answers > host->options.slow_after) CO_TRY_VOID(co_await net::sleep_for(60ms));
    const std::string bytes = host->answer(hello);
    if (!bytes.empty()) CO_TRY_VOID(co_await stream->write_all(bytes, until));
    co_return Result<>();
  }

  static net::Task<> accept(Host* host) {
    while (true) {
      CO_TRY(auto stream, co_await host->listener->accept());
      net::start(serve(host, std::move(stream)));
    }
  }
};

Answer openssl(const std::shared_ptr<tls::ServerContext>& context) {
  return [context](const std::string& hello) {
    auto engine = must(tls::make_server_engine(context));
    engine->feed(hello);
    return engine->take();
  };
}

std::shared_ptr<tls::ServerContext> server_context(tls::ServerContextOptions options,
                                                   const char* suites = "DEFAULT:@SECLEVEL=0") {
  if (options.key_pairs.empty()) {
    options.key_pairs = {Identities::pair(identities().ec), Identities::pair(identities().rsa)};
  }
  auto context = must(tls::make_server_context(options));
  SSL_CTX_set_cipher_list(context->context.get(), suites);
  return context;
}

net::Task<> run(Host* host, EnumerationOptions options, Enumeration* seen) {
  SessionOptions session;
  session.to = host->listener->local();
  session.host = "mx1.good.test";
  session.profile.sni = "mx1.good.test";
  session.client.implicit_tls = host->options.greeting.empty();
  session.timeouts.connect = session.timeouts.reply = session.timeouts.handshake = 2s;
  net::start(Host::accept(host));
  CO_TRY(*seen, co_await enumerate(std::move(session), options));
  host->listener->close();
  co_return Result<>();
}

struct Seen {
  Enumeration offered;
  int turned_away = 0;
};

Seen look(Answer answer, ServerOptions server = {}, EnumerationOptions options = {}) {
  net::Loop loop;
  Host host{.answer = std::move(answer), .options = std::move(server)};
  Seen seen;
  auto done = loop.run_until_done(run(&host, options, &seen.offered));
  EXPECT_TRUE(done) << done.error().sentence();
  seen.turned_away = host.turned_away;
  return seen;
}

std::vector<std::string> names(const VersionSeen& version) {
  std::vector<std::string> names;
  for (const SuiteSeen& suite : version.suites) names.push_back(suite.name);
  return names;
}

std::vector<std::string> offered(const Enumeration& seen) {
  std::vector<std::string> versions;
  for (const VersionSeen& version : seen.versions) {
    if (version.offered) versions.push_back(version.name);
  }
  return versions;
}

using Strings = std::vector<std::string>;

TEST(Enumeration, FindsTheSuitesOfEachVersionInTheServersOrder) {
  const char* suites =
      "DHE-RSA-AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384:ADH-AES128-SHA:"
      "ECDHE-ECDSA-CHACHA20-POLY1305:AES128-GCM-SHA256:AECDH-AES256-SHA:CAMELLIA128-SHA:"
      "DHE-RSA-CAMELLIA256-SHA256:ARIA128-GCM-SHA256:AES256-SHA:@SECLEVEL=0";
  const Enumeration seen = look(openssl(server_context({}, suites))).offered;
  EXPECT_FALSE(seen.error) << seen.error->sentence();
  EXPECT_EQ(offered(seen), (Strings{"TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}));
  EXPECT_EQ(names(seen.versions[1]),
            (Strings{"TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "TLS_DH_anon_WITH_AES_128_CBC_SHA",
                     "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
                     "TLS_RSA_WITH_AES_256_CBC_SHA"}));
  EXPECT_EQ(names(seen.versions[2]), names(seen.versions[1]));
  EXPECT_EQ(
      names(seen.versions[3]),
      (Strings{"TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
               "TLS_DH_anon_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
               "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDH_anon_WITH_AES_256_CBC_SHA",
               "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256",
               "TLS_RSA_WITH_ARIA_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA"}));
  EXPECT_EQ(names(seen.versions[4]),
            (Strings{"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                     "TLS_AES_128_GCM_SHA256"}));
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(seen.versions[i].server_order, true) << i;
  const SuiteSeen& dhe = seen.versions[3].suites[0];
  EXPECT_EQ(dhe.key_exchange, "DH 2048");
  EXPECT_TRUE(dhe.forward_secrecy);
  EXPECT_FALSE(dhe.weak);
  EXPECT_EQ(seen.versions[3].suites[1].key_exchange, "x25519");
  EXPECT_TRUE(seen.versions[3].suites[2].weak);
  EXPECT_EQ(seen.versions[3].suites[4].key_exchange, "RSA");
  EXPECT_FALSE(seen.versions[3].suites[4].forward_secrecy);
  EXPECT_TRUE(seen.rsa_certificate);
  EXPECT_TRUE(seen.ecdsa_certificate);
  EXPECT_TRUE(seen.secure_renegotiation);
  EXPECT_TRUE(seen.extended_master_secret);
  EXPECT_FALSE(seen.compression);
  EXPECT_FALSE(seen.ocsp_stapled);
  EXPECT_TRUE(seen.fallback_scsv);
  EXPECT_GT(seen.took.count(), 0);
}

TEST(Enumeration, TellsAServerThatFollowsItsClient) {
  auto context = server_context({});
  SSL_CTX_clear_options(context->context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  const Enumeration seen = look(openssl(context)).offered;
  EXPECT_EQ(seen.versions[3].server_order, false);
  EXPECT_EQ(seen.versions[4].server_order, false);
}

TEST(Enumeration, FindsTheGroupsInTheOrderInWhichTheServerTakesThem) {
  auto context = server_context({});
  SSL_CTX_set1_groups_list(context->context.get(), "P-384:X25519:ffdhe3072:P-521");
  Enumeration seen = look(openssl(context)).offered;
  EXPECT_EQ(seen.groups, (Strings{"secp384r1", "x25519", "ffdhe3072", "secp521r1"}));

  context = server_context({.max_version = tls::Version::tls1_2});
  SSL_CTX_set1_groups_list(context->context.get(), "P-521:brainpoolP384r1:X448");
  seen = look(openssl(context)).offered;
  EXPECT_EQ(seen.groups, (Strings{"secp521r1", "brainpoolP384r1", "x448"}));
}

TEST(Enumeration, FindsOnlyTheVersionsThatAreSpoken) {
  Enumeration seen = look(openssl(server_context({.min_version = tls::Version::tls1_2,
                                                  .max_version = tls::Version::tls1_2})))
                         .offered;
  EXPECT_EQ(offered(seen), Strings{"TLSv1.2"});
  EXPECT_FALSE(seen.error);
  seen = look(openssl(server_context(
                  {.min_version = tls::Version::tls1_0, .max_version = tls::Version::tls1_0})))
             .offered;
  EXPECT_EQ(offered(seen), Strings{"TLSv1.0"});
}

TEST(Enumeration, FindsTheKindsOfCertificatesWhereTls13KeepsThemSecret) {
  for (const bool rsa : {true, false}) {
    tls::ServerContextOptions options{.min_version = tls::Version::tls1_3};
    options.key_pairs = {Identities::pair(rsa ? identities().rsa : identities().ec)};
    const Enumeration seen = look(openssl(server_context(options))).offered;
    EXPECT_EQ(offered(seen), Strings{"TLSv1.3"});
    EXPECT_EQ(seen.rsa_certificate, rsa);
    EXPECT_EQ(seen.ecdsa_certificate, !rsa);
  }
}

TEST(Enumeration, SeesAStapledResponse) {
  tls::ServerContextOptions options{.max_version = tls::Version::tls1_2};
  options.key_pairs = {Identities::pair(identities().rsa)};
  options.key_pairs[0].ocsp_response = must(identities().root.ocsp_response(
      identities().rsa.certificate_pem,
      {.this_update = identities().now, .next_update = identities().now + 24h}));
  EXPECT_TRUE(look(openssl(server_context(options))).offered.ocsp_stapled);
}

TEST(Enumeration, BacksOffWhereTheHostCountsConnections) {
  auto context = server_context({.min_version = tls::Version::tls1_3});
  // In words before STARTTLS, as Exim does it where TLS comes first, and without a word.
  for (const ServerOptions& host : {ServerOptions{.greeting = "220 mx1.good.test\r\n"},
                                    ServerOptions{}, ServerOptions{.turns_away_with = ""}}) {
    ServerOptions options = host;
    options.at_a_time = 2;
    const Seen seen = look(openssl(context), options, {.side_by_side = 4});
    EXPECT_GT(seen.turned_away, 0);
    EXPECT_FALSE(seen.offered.error) << seen.offered.error->sentence();
    EXPECT_EQ(offered(seen.offered), Strings{"TLSv1.3"});
    EXPECT_EQ(seen.offered.versions[4].suites.size(), 3U);
  }
}

TEST(Enumeration, KeepsWhatItSawWhenTheTimeIsOver) {
  const Enumeration seen = look(openssl(server_context({})), {.slow_after = 12},
                                {.side_by_side = 2, .time_limit = 400ms})
                               .offered;
  ASSERT_TRUE(seen.error);
  EXPECT_EQ(seen.error->code, Code::timeout);
  EXPECT_FALSE(offered(seen).empty());
}

TEST(Enumeration, AHostThatIsNotThereIsAnErrorAtOnce) {
  net::Loop loop;
  Host host;
  SessionOptions session;
  session.to = host.listener->local();
  host.listener->close();
  session.client.implicit_tls = true;
  Enumeration seen;
  auto ask = [](SessionOptions options, Enumeration* into) -> net::Task<> {
    CO_TRY(*into, co_await enumerate(std::move(options)));
    co_return Result<>();
  };
  ASSERT_TRUE(loop.run_until_done(ask(session, &seen)));
  ASSERT_TRUE(seen.error);
  EXPECT_EQ(seen.error->code, Code::connect_refused);
  EXPECT_TRUE(offered(seen).empty());
  EXPECT_FALSE(seen.fallback_scsv);
}

// No library of today can be this server: SSLv3 with an export suite, and silence for the rest.
TEST(Enumeration, SeesWhatNoLibraryOfTodaySpeaks) {
  Answer ancient = [](const std::string& hello) {
    const bool ssl3 = hello.size() > 10 && hello[9] == 3 && hello[10] == 0;
    // The suites stand behind two headers, version, random, no session and their length.
    bool offers = false;
    for (std::size_t at = 46; at + 1 < hello.size(); at += 2) {
      offers |= hello[at] == 0 && hello[at + 1] == 3;
    }
    if (!ssl3 || !offers) return std::string();
    std::string answer("\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00", 11);
    answer += std::string(32, 'r') + std::string("\x00\x00\x03\x01", 4);  // with compression
    answer += std::string("\x16\x03\x00\x00\x04\x0e\x00\x00\x00", 9);
    return answer;
  };
  const Enumeration seen = look(ancient).offered;
  EXPECT_EQ(offered(seen), Strings{"SSLv3"});
  EXPECT_EQ(names(seen.versions[0]), Strings{"TLS_RSA_EXPORT_WITH_RC4_40_MD5"});
  EXPECT_TRUE(seen.versions[0].suites.at(0).weak);
  EXPECT_TRUE(seen.compression);
}

// A server that answers nonsense, or what was not asked, is asked no further.
TEST(Enumeration, NonsenseEndsTheQuestionAndIsTold) {
  const Enumeration seen =
      look([](const std::string&) { return std::string("500 what?\r\n"); }).offered;
  ASSERT_TRUE(seen.error);
  EXPECT_EQ(seen.error->code, Code::tls_handshake);
  EXPECT_TRUE(offered(seen).empty());

  Answer stubborn = [](const std::string&) {
    std::string answer("\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03", 11);
    answer += std::string(32, 'r') + std::string("\x00\x00\x2f\x00", 4);
    answer += std::string("\x16\x03\x03\x00\x04\x0e\x00\x00\x00", 9);
    return answer;
  };
  const Enumeration one = look(stubborn).offered;
  EXPECT_EQ(names(one.versions[3]), Strings{"TLS_RSA_WITH_AES_128_CBC_SHA"});
  EXPECT_LT(one.connections, 20);
}

}  // namespace
}  // namespace pawl::probe
