#include "net/channel.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/dial.h"
#include "net/loop.h"
#include "tls/authority.h"

namespace pawl::net {
namespace {

using namespace std::chrono_literals;

MonoTime in(std::chrono::milliseconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
  return *std::move(result);
}

struct World {
  WallTime now = SystemClock().now();
  tls::Authority root = must(tls::Authority::make("Lab Root", now));
  tls::Identity identity = must(root.issue(tls::leaf_for({"mx1.good.test"}, now)));
  std::shared_ptr<tls::ClientContext> client =
      must(tls::make_client_context({.ca_pem = root.certificate_pem()}));
  std::shared_ptr<tls::ServerContext> server = must(tls::make_server_context(
      {.key_pairs = {{.certificate_pem = identity.certificate_pem, .key_pem = identity.key_pem}}}));

  std::unique_ptr<tls::Engine> client_engine() const {
    tls::ClientProfile profile;
    profile.sni = "mx1.good.test";
    profile.pkix = tls::PkixDemand{{"mx1.good.test"}, {}};
    return must(tls::make_client_engine(client, profile));
  }
  std::unique_ptr<tls::Engine> server_engine() const {
    return must(tls::make_server_engine(server));
  }
};

World& world() {
  static World made;
  return made;
}

Task<std::string> read_exactly(Channel* channel, std::size_t count) {
  std::string got(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    CO_TRY(std::size_t more, co_await channel->read_some(std::span(got).subspan(have), in(10s)));
    have += more;
  }
  co_return got;
}

// A server that reads `command`, answers, and starts TLS; then sends `greeting` at once.
Task<> serve(std::unique_ptr<Stream> stream, std::string answer, std::string greeting) {
  Channel channel(std::move(stream));
  CO_TRY(auto command, co_await read_exactly(&channel, 10));
  EXPECT_EQ(command, "STARTTLS\r\n");
  CO_TRY_VOID(co_await channel.write_all(answer, in(5s)));
  CO_TRY_VOID(co_await channel.start_tls(world().server_engine(), in(5s)));
  if (!greeting.empty()) CO_TRY_VOID(co_await channel.write_all(greeting, in(5s)));
  std::string all;
  std::string chunk(1000, '\0');
  while (true) {
    auto count = co_await channel.read_some(chunk, in(10s));
    if (!count) break;
    CO_TRY_VOID(co_await channel.write_all(std::string_view(chunk).substr(0, *count), in(10s)));
  }
  co_return co_await channel.shutdown(in(5s));
}

struct Ends {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
};

Task<Ends> connect() {
  CO_TRY(auto listener, listen({IpAddress::v4(127, 0, 0, 1), 0}));
  Ends ends;
  CO_TRY(ends.client, co_await dial(listener->local(), in(5s)));
  CO_TRY(ends.server, co_await listener->accept());
  co_return ends;
}

constexpr std::string_view kReady = "220 go\r\n";

// The client's side up to and with the handshake.
Task<> upgrade(Channel* channel) {
  CO_TRY_VOID(co_await channel->write_all("STARTTLS\r\n", in(5s)));
  CO_TRY(auto ready, co_await read_exactly(channel, kReady.size()));
  EXPECT_EQ(ready, kReady);
  co_return co_await channel->start_tls(world().client_engine(), in(5s));
}

Result<> run(Task<> task) {
  Loop loop;
  return loop.run_until_done(std::move(task));
}

void report(Result<> result) {
  EXPECT_TRUE(result) << result.error().sentence();
}

Task<> echo_after_upgrade() {
  CO_TRY(auto ends, co_await connect());
  Loop::current().spawn(serve(std::move(ends.server), std::string(kReady), ""), report);
  Channel channel(std::move(ends.client));
  EXPECT_FALSE(channel.is_tls());
  CO_TRY_VOID(co_await upgrade(&channel));
  EXPECT_TRUE(channel.is_tls());
  EXPECT_TRUE(channel.engine()->description().pkix.value());
  CO_TRY(bool unread, co_await channel.has_unread_input());
  EXPECT_FALSE(unread) << "session tickets are no input";
  CO_TRY(unread, co_await channel.has_unread_input(20ms));
  EXPECT_FALSE(unread);
  std::string much(300'000, 'x');
  CO_TRY_VOID(co_await channel.write_all(much, in(5s)));
  CO_TRY(auto back, co_await read_exactly(&channel, much.size()));
  EXPECT_TRUE(back == much);
  co_return co_await channel.shutdown(in(5s));
}

TEST(Channel, UpgradesInPlace) {
  report(run(echo_after_upgrade()));
}

// What was looked at in clear and not read would be read as if it had come inside TLS.
Task<> upgrade_over_unread_bytes() {
  CO_TRY(auto ends, co_await connect());
  Loop::current().spawn(serve(std::move(ends.server), "250 injected\r\n", ""),
                        [](Result<> result) { EXPECT_FALSE(result); });
  Channel channel(std::move(ends.client));
  CO_TRY_VOID(co_await channel.write_all("STARTTLS\r\n", in(5s)));
  CO_TRY(bool unread, co_await channel.has_unread_input(5s));
  EXPECT_TRUE(unread);
  auto result = co_await channel.start_tls(world().client_engine(), in(5s));
  EXPECT_FALSE(result);
  if (!result) EXPECT_EQ(result.error().code, Code::starttls_injection);
  co_return Result<>();
}

TEST(Channel, UnreadBytesFromBeforeTheHandshakeAreAnInjection) {
  report(run(upgrade_over_unread_bytes()));
}

Task<> upgrade_expecting(std::string answer, Code expected) {
  CO_TRY(auto ends, co_await connect());
  Loop::current().spawn(serve(std::move(ends.server), answer, ""), [](Result<> result) {
    EXPECT_FALSE(result) << "no handshake may come of this";
  });
  Channel channel(std::move(ends.client));
  auto result = co_await upgrade(&channel);
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().code, expected) << result.error().sentence();
  // What was injected is not to be had any more.
  std::string buffer(100, '\0');
  auto read = co_await channel.read_some(buffer, in(1ms));
  EXPECT_FALSE(read);
  co_return Result<>();
}

TEST(Channel, BytesBehindTheAnswerToStarttlsAreAnInjection) {
  report(
      run(upgrade_expecting(std::string(kReady) + "250 injected\r\n", Code::starttls_injection)));
}

Task<> talk_instead_of_handshake(std::unique_ptr<Stream> stream, std::string answer) {
  Channel channel(std::move(stream));
  CO_TRY_VOID(co_await channel.write_all(kReady, in(5s)));
  std::string buffer(1000, '\0');
  std::size_t seen = 0;
  while (seen < 10 || buffer[0] != 22) {  // until the ClientHello comes
    CO_TRY(seen, co_await channel.read_some(buffer, in(5s)));
  }
  if (!answer.empty()) CO_TRY_VOID(co_await channel.write_all(answer, in(5s)));
  if (answer.empty()) CO_TRY_VOID(co_await sleep_for(200ms));  // stalls
  co_return Result<>();
}

Task<> start_against(std::string answer, Code expected) {
  CO_TRY(auto ends, co_await connect());
  Loop::current().spawn(talk_instead_of_handshake(std::move(ends.server), answer));
  Channel channel(std::move(ends.client));
  CO_TRY(auto ready, co_await read_exactly(&channel, kReady.size()));
  auto result = co_await channel.start_tls(world().client_engine(), in(100ms));
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().code, expected) << result.error().sentence();
  co_return Result<>();
}

TEST(Channel, ClearTextInsteadOfTheHandshakeIsAnInjection) {
  report(run(start_against("500 no such thing\r\n", Code::starttls_injection)));
}

TEST(Channel, AStallAndACutAreHandshakeFailures) {
  report(run(start_against("", Code::tls_handshake)));
  report(run(start_against("\x16\x03\x03", Code::tls_handshake)));
}

// The server's side of the same attack: the client's command carries more than itself.
Task<> server_sees_injection() {
  CO_TRY(auto ends, co_await connect());
  Channel server(std::move(ends.server));
  CO_TRY_VOID(co_await ends.client->write_all("STARTTLS\r\nRSET\r\n", in(5s)));
  CO_TRY(auto command, co_await read_exactly(&server, 10));
  CO_TRY(bool unread, co_await server.has_unread_input(1s));
  EXPECT_TRUE(unread);
  auto result = co_await server.start_tls(world().server_engine(), in(1s));
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::starttls_injection);
  co_return Result<>();
}

TEST(Channel, AServerMeetsCommandsBehindStarttlsAsAnInjection) {
  report(run(server_sees_injection()));
}

Task<> server_is_fed_clear_text() {
  CO_TRY(auto ends, co_await connect());
  Channel server(std::move(ends.server));
  CO_TRY_VOID(co_await ends.client->write_all("STARTTLS\r\nRSET\r\n", in(5s)));
  CO_TRY(auto command, co_await read_exactly(&server, 10));
  auto result = co_await server.start_tls(world().server_engine(), in(1s));
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::starttls_injection);
  co_return Result<>();
}

TEST(Channel, AServerThatDidNotLookStillSeesIt) {
  report(run(server_is_fed_clear_text()));
}

// DESIGN section 3, Opossum: the implicit-TLS port of a server greets inside TLS.
Task<> opossum(std::chrono::milliseconds patience) {
  CO_TRY(auto ends, co_await connect());
  Loop::current().spawn(serve(std::move(ends.server), std::string(kReady), "220 hello\r\n"));
  Channel channel(std::move(ends.client));
  CO_TRY_VOID(co_await upgrade(&channel));
  CO_TRY(bool unread, co_await channel.has_unread_input(patience));
  EXPECT_TRUE(unread);
  CO_TRY(auto greeting, co_await read_exactly(&channel, 11));
  EXPECT_EQ(greeting, "220 hello\r\n") << "looking does not lose it";
  co_return Result<>();
}

TEST(Channel, SeesAGreetingAfterTheHandshake) {
  report(run(opossum(5s)));
}

Task<> cut_after_upgrade() {
  CO_TRY(auto ends, co_await connect());
  auto short_server = [](std::unique_ptr<Stream> stream) -> Task<> {
    Channel channel(std::move(stream));
    CO_TRY_VOID(co_await channel.start_tls(world().server_engine(), in(5s)));
    CO_TRY_VOID(co_await channel.write_all("data", in(5s)));
    channel.close();
    co_return Result<>();
  };
  Loop::current().spawn(short_server(std::move(ends.server)), report);
  Channel channel(std::move(ends.client));
  CO_TRY_VOID(co_await channel.start_tls(world().client_engine(), in(5s)));
  CO_TRY(auto data, co_await read_exactly(&channel, 4));
  EXPECT_EQ(data, "data");
  std::string buffer(10, '\0');
  auto end = co_await channel.read_some(buffer, in(5s));
  EXPECT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::connection_lost);
  EXPECT_NE(end.error().detail.find("close_notify"), std::string::npos) << end.error().detail;
  co_return Result<>();
}

TEST(Channel, TellsACutFromAnEnd) {
  report(run(cut_after_upgrade()));
}

}  // namespace
}  // namespace pawl::net
