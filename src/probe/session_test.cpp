// Sessions against a server that plays a script over real sockets and real TLS.
#include "probe/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "net/dial.h"
#include "net/loop.h"
#include "probe/look.h"
#include "tls/authority.h"

namespace pawl::probe {
namespace {

using namespace std::chrono_literals;
using starttls::Mode;
using starttls::Protocol;
using Kind = starttls::TranscriptEntry::Kind;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
  return *std::move(result);
}

MonoTime soon() {
  return std::chrono::steady_clock::now() + 5s;
}

// One server, of which the test says what it does with each connection.
struct World {
  WallTime now = net::SystemClock().now();
  tls::Authority authority = must(tls::Authority::make("test", now));
  net::Loop loop;
  std::unique_ptr<net::Listener> listener =
      must(net::listen({must(IpAddress::parse("127.0.0.1")), 0}));

  std::shared_ptr<tls::ServerContext> server_context(const std::string& name,
                                                     std::vector<std::string> alpn = {}) {
    auto identity = must(authority.issue(tls::leaf_for({name}, now)));
    tls::ServerContextOptions options;
    options.key_pairs.push_back({{}, {}, identity.certificate_pem, identity.key_pem});
    options.alpn_required = !alpn.empty();
    options.alpn = std::move(alpn);
    return must(tls::make_server_context(options));
  }
  SessionOptions options(Mode mode) {
    SessionOptions wanted;
    wanted.to = listener->local();
    wanted.host = "mx.test";
    wanted.client.mode = mode;
    wanted.profile.sni = "mx.test";
    tls::ClientContextOptions context;
    context.ca_pem = authority.certificate_pem();
    wanted.tls = must(tls::make_client_context(context));
    wanted.timeouts.reply = 5s;
    return wanted;
  }
};

using Script = std::function<net::Task<>(net::Channel&)>;

net::Task<> serve(net::Listener& listener, int connections, Script script) {
  for (int i = 0; i < connections; ++i) {
    CO_TRY(auto stream, co_await listener.accept());
    net::Channel channel(std::move(stream));
    [[maybe_unused]] auto ended = co_await script(channel);  // however: the client is under test
    channel.close();
  }
  co_return Result<>();
}

net::Task<> look_into(SessionOptions options, Look* seen) {
  CO_TRY(*seen, co_await look(std::move(options)));
  co_return Result<>();
}

Look play(World& world, SessionOptions options, Script script, int connections = 1) {
  world.loop.spawn(serve(*world.listener, connections, std::move(script)));
  Look seen;
  auto ran = world.loop.run_until_done(look_into(std::move(options), &seen));
  if (!ran) ADD_FAILURE() << ran.error().sentence();
  return seen;
}

// Waits for a line of the client and answers it.
net::Task<> answer(net::Channel& channel, std::string wanted, std::string reply) {
  CO_TRY(const std::string got, co_await channel.read_available(soon()));
  EXPECT_TRUE(got.starts_with(wanted)) << got;
  co_return co_await channel.write_all(reply, soon());
}

net::Task<> until_upgrade(net::Channel& channel) {
  CO_TRY_VOID(co_await channel.write_all("220 mx.test ESMTP\r\n", soon()));
  CO_TRY_VOID(co_await answer(channel, "EHLO", "250-mx.test\r\n250-STARTTLS\r\n250 SIZE\r\n"));
  co_return co_await answer(channel, "STARTTLS", "220 go ahead\r\n");
}

net::Task<> after_upgrade(net::Channel& channel) {
  CO_TRY_VOID(co_await answer(channel, "EHLO", "250-mx.test\r\n250 AUTH PLAIN\r\n"));
  co_return co_await answer(channel, "QUIT", "221 bye\r\n");
}

net::Task<> honest(net::Channel& channel, std::shared_ptr<tls::ServerContext> context) {
  CO_TRY_VOID(co_await until_upgrade(channel));
  CO_TRY(auto engine, tls::make_server_engine(context));
  CO_TRY_VOID(co_await channel.start_tls(std::move(engine), soon()));
  co_return co_await after_upgrade(channel);
}

std::vector<Kind> kinds(const Look& seen) {
  std::vector<Kind> all;
  for (const auto& entry : seen.transcript.entries) all.push_back(entry.kind);
  return all;
}

TEST(Session, UpgradesProvesAndAsksAgainInside) {
  World world;
  SessionOptions options = world.options(Mode::required);
  options.profile.pkix = tls::PkixDemand{{"mx.test"}, {}};
  auto context = world.server_context("mx.test");
  Look seen = play(world, options, [context](net::Channel& c) { return honest(c, context); });
  EXPECT_FALSE(seen.error) << seen.error->sentence();
  EXPECT_FALSE(seen.proof_failed);
  EXPECT_TRUE(seen.secure);
  EXPECT_TRUE(seen.upgrade_offered);
  EXPECT_EQ(seen.banner, "220 mx.test ESMTP\r\n");
  EXPECT_THAT(seen.capabilities_in_clear, testing::Contains("STARTTLS"));
  EXPECT_THAT(seen.capabilities_in_tls, testing::ElementsAre("AUTH PLAIN"));
  EXPECT_THAT(kinds(seen),
              testing::ElementsAre(Kind::server, Kind::client, Kind::server, Kind::client,
                                   Kind::server, Kind::tls_established, Kind::client, Kind::server,
                                   Kind::client, Kind::server));
  EXPECT_TRUE(seen.timings.established && seen.timings.ready);
}

TEST(Session, WithAWrongCertificateNothingIsSaidAfterTheHandshake) {
  World world;
  SessionOptions options = world.options(Mode::required);
  options.profile.pkix = tls::PkixDemand{{"mx.test"}, {}};
  auto context = world.server_context("other.test");
  Look seen = play(world, options, [context](net::Channel& c) { return honest(c, context); });
  ASSERT_TRUE(seen.error && seen.proof_failed);
  EXPECT_EQ(seen.error->code, Code::certificate_host_mismatch);
  EXPECT_EQ(seen.transcript.entries.back().kind, Kind::tls_established);
  EXPECT_TRUE(seen.capabilities_in_tls.empty());
}

TEST(Session, AByteBetweenHandshakeAndFirstCommandEndsIt) {
  World world;
  auto context = world.server_context("mx.test");
  Look seen = play(world, world.options(Mode::if_available), [context](net::Channel& c) {
    return [](net::Channel& channel, std::shared_ptr<tls::ServerContext> with) -> net::Task<> {
      CO_TRY_VOID(co_await until_upgrade(channel));
      CO_TRY(auto engine, tls::make_server_engine(with));
      CO_TRY_VOID(co_await channel.start_tls(std::move(engine), soon()));
      CO_TRY_VOID(co_await channel.write_all("220 implicit.test ESMTP\r\n", soon()));
      co_return co_await after_upgrade(channel);
    }(c, context);
  });
  ASSERT_TRUE(seen.error);
  EXPECT_EQ(seen.error->code, Code::unexpected_greeting);
  EXPECT_EQ(seen.transcript.entries.back().bytes, "220 implicit.test ESMTP\r\n");
  EXPECT_TRUE(seen.transcript.entries.back().tls);
}

TEST(Session, AServerThatKnowsNoneOfOurAlpnIsAskedOnceMoreWithout) {
  World world;
  SessionOptions options = world.options(Mode::required);
  options.protocol = Protocol::imap;
  options.client.implicit_tls = true;
  auto context = world.server_context("mx.test", {"h2"});
  int connections = 0;
  Look seen = play(
      world, options,
      [context, &connections](net::Channel& c) {
        ++connections;
        return [](net::Channel& channel, std::shared_ptr<tls::ServerContext> with) -> net::Task<> {
          CO_TRY(auto engine, tls::make_server_engine(with));
          CO_TRY_VOID(co_await channel.start_tls(std::move(engine), soon()));
          co_return co_await channel.write_all("* OK [CAPABILITY IMAP4rev1] ready\r\n", soon());
        }(c, context);
      },
      2);
  EXPECT_EQ(connections, 2);
  EXPECT_TRUE(seen.secure);
}

TEST(Session, SilenceIsATimeOutAndNeverMissingTls) {
  World world;
  SessionOptions options = world.options(Mode::if_available);
  options.timeouts.reply = 50ms;
  Look seen = play(world, options, [](net::Channel& channel) -> net::Task<> {
    CO_TRY_VOID(co_await channel.read_available(soon()));
    co_return Result<>();
  });
  ASSERT_TRUE(seen.error);
  EXPECT_EQ(seen.error->code, Code::timeout);
  EXPECT_FALSE(seen.downgrade);
  EXPECT_THAT(kinds(seen), testing::ElementsAre(Kind::timed_out));
}

TEST(Session, ARefusedConnectionSaysSo) {
  World world;
  SessionOptions options = world.options(Mode::required);
  world.listener.reset();
  Look seen;
  auto ran = world.loop.run_until_done(look_into(options, &seen));
  ASSERT_TRUE(ran) << ran.error().sentence();
  ASSERT_TRUE(seen.error);
  EXPECT_EQ(seen.error->code, Code::connect_refused);
  EXPECT_FALSE(seen.timings.connected);
}

}  // namespace
}  // namespace pawl::probe
