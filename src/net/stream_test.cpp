#include "net/stream.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/dial.h"
#include "net/loop.h"

namespace pawl::net {
namespace {

using namespace std::chrono_literals;

MonoTime in(std::chrono::milliseconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

Endpoint loopback() {
  return {IpAddress::v4(127, 0, 0, 1), 0};
}

struct Pair {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
};

Task<> accept_into(Listener* listener, std::unique_ptr<Stream>* into) {
  CO_TRY(*into, co_await listener->accept());
  co_return Result<>();
}

Task<Pair> connect(Endpoint at) {
  CO_TRY(auto listener, listen(at));
  Pair pair;
  CO_TRY(pair.client, co_await dial(listener->local(), in(5s)));
  CO_TRY_VOID(co_await accept_into(listener.get(), &pair.server));
  co_return pair;
}

Task<Pair> connect_pipe(Endpoint) {
  Pair pair;
  std::tie(pair.client, pair.server) = make_pipe();
  co_return pair;
}

Task<std::string> read_exactly(Stream* stream, std::size_t count, MonoTime deadline) {
  std::string got(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    CO_TRY(std::size_t more, co_await stream->read_some(std::span(got).subspan(have), deadline));
    have += more;
  }
  co_return got;
}

// Every kind of stream keeps the same contract.
struct Kind {
  const char* name;
  Task<Pair> (*make)(Endpoint);
  const char* at;
};

class EveryStream : public testing::TestWithParam<Kind> {
 protected:
  Task<Pair> make() { return GetParam().make(Endpoint{*IpAddress::parse(GetParam().at), 0}); }
  Result<> run(Task<> task) { return loop_.run_until_done(std::move(task)); }
  Loop loop_;
};

Task<> echo_once(Task<Pair> making) {
  CO_TRY(auto pair, co_await std::move(making));
  CO_TRY_VOID(co_await pair.client->write_all("hello", in(5s)));
  CO_TRY(auto got, co_await read_exactly(pair.server.get(), 5, in(5s)));
  EXPECT_EQ(got, "hello");
  EXPECT_EQ(pair.client->local(), pair.server->remote());
  EXPECT_EQ(pair.client->remote(), pair.server->local());
  co_return Result<>();
}

TEST_P(EveryStream, CarriesBytesAndKnowsItsEnds) {
  auto result = run(echo_once(make()));
  EXPECT_TRUE(result) << result.error().sentence();
}

Task<> read_nothing(Task<Pair> making) {
  CO_TRY(auto pair, co_await std::move(making));
  char buffer[16];
  auto none = pair.client->try_read(buffer);
  EXPECT_TRUE(none && *none == 0);
  auto late = co_await pair.client->read_some(buffer, in(10ms));
  EXPECT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::timeout);
  // A time-out is no end: the stream goes on, also with a deadline further away and then nearer.
  CO_TRY_VOID(co_await pair.server->write_all("x", in(5s)));
  CO_TRY(auto got, co_await read_exactly(pair.client.get(), 1, in(60s)));
  EXPECT_EQ(got, "x");
  late = co_await pair.client->read_some(buffer, in(10ms));
  EXPECT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::timeout);
  co_return Result<>();
}

TEST_P(EveryStream, AReadWithoutBytesEndsAtItsDeadline) {
  auto result = run(read_nothing(make()));
  EXPECT_TRUE(result) << result.error().sentence();
}

Task<> see_the_end(Task<Pair> making) {
  CO_TRY(auto pair, co_await std::move(making));
  CO_TRY_VOID(co_await pair.server->write_all("bye", in(5s)));
  pair.server.reset();
  CO_TRY(auto got, co_await read_exactly(pair.client.get(), 3, in(5s)));
  EXPECT_EQ(got, "bye");
  char buffer[16];
  auto end = co_await pair.client->read_some(buffer, in(5s));
  EXPECT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::connection_lost);
  // Writing to a peer that has gone is an error and not a signal that ends the process.
  Result<> written;
  for (int i = 0; i < 100 && written; ++i) {
    written = co_await pair.client->write_all(std::string(10'000, 'x'), in(5s));
  }
  EXPECT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::connection_lost);
  co_return Result<>();
}

TEST_P(EveryStream, TheEndComesAfterTheLastByte) {
  auto result = run(see_the_end(make()));
  EXPECT_TRUE(result) << result.error().sentence();
}

Task<> read_until_error(Stream* stream, std::optional<Error>* error) {
  char buffer[16];
  auto result = co_await stream->read_some(buffer, MonoTime::max());
  if (!result) error->emplace(result.error());
  co_return Result<>();
}

Task<> close_under_a_reader(Task<Pair> making) {
  CO_TRY(auto pair, co_await std::move(making));
  std::optional<Error> error;
  Loop::current().spawn(read_until_error(pair.client.get(), &error));
  CO_TRY_VOID(co_await sleep_for(1ms));
  EXPECT_FALSE(error);
  pair.client->close();
  CO_TRY_VOID(co_await sleep_for(1ms));
  EXPECT_TRUE(error && error->code == Code::connection_lost);
  co_return Result<>();
}

TEST_P(EveryStream, CloseEndsAPendingRead) {
  auto result = run(close_under_a_reader(make()));
  EXPECT_TRUE(result) << result.error().sentence();
}

Task<> send_all(Stream* stream, std::string bytes) {
  co_return co_await stream->write_all(bytes, in(10s));
}

Task<> move_much(Task<Pair> making) {
  CO_TRY(auto pair, co_await std::move(making));
  std::string much(20'000'000, '\0');
  for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * 7 + i / 1000);
  Loop::current().spawn(send_all(pair.client.get(), much));
  CO_TRY(auto got, co_await read_exactly(pair.server.get(), much.size(), in(10s)));
  EXPECT_TRUE(got == much);
  // Nobody reads: the writer waits, and gives up in time.
  auto stuck = co_await pair.client->write_all(much, in(20ms));
  EXPECT_FALSE(stuck);
  EXPECT_EQ(stuck.error().code, Code::timeout);
  co_return Result<>();
}

TEST_P(EveryStream, WritesWaitForTheReader) {
  auto result = run(move_much(make()));
  EXPECT_TRUE(result) << result.error().sentence();
}

Task<> two_deadlines(Task<Pair> making) {
  CO_TRY(auto pair, co_await std::move(making));
  // A reader with a far deadline must survive a writer whose near deadline passes.
  std::optional<Error> error;
  Loop::current().spawn(read_until_error(pair.client.get(), &error));
  auto stuck = co_await pair.client->write_all(std::string(20'000'000, 'x'), in(20ms));
  EXPECT_FALSE(stuck);
  EXPECT_FALSE(error);
  CO_TRY_VOID(co_await pair.server->write_all("late", in(5s)));
  CO_TRY_VOID(co_await sleep_for(1ms));
  EXPECT_FALSE(error);
  co_return Result<>();
}

TEST_P(EveryStream, OneSidesDeadlineLeavesTheOtherAlone) {
  auto result = run(two_deadlines(make()));
  EXPECT_TRUE(result) << result.error().sentence();
}

INSTANTIATE_TEST_SUITE_P(Streams, EveryStream,
                         testing::Values(Kind{"Tcp4", connect, "127.0.0.1"},
                                         Kind{"Tcp6", connect, "::1"},
                                         Kind{"Pipe", connect_pipe, "127.0.0.1"}),
                         [](const auto& param) { return param.param.name; });

TEST(Dial, ARefusedConnectionNamesTheEndpointAndErrno) {
  Loop loop;
  auto listener = listen(loopback());
  ASSERT_TRUE(listener);
  const Endpoint closed = (*listener)->local();
  listener->reset();
  auto task = [](Endpoint to) -> Task<> {
    auto stream = co_await dial(to, in(5s));
    EXPECT_FALSE(stream);
    EXPECT_EQ(stream.error().code, Code::connect_refused);
    EXPECT_NE(stream.error().detail.find(to.text()), std::string::npos) << stream.error().detail;
    EXPECT_NE(stream.error().detail.find("errno"), std::string::npos);
    co_return Result<>();
  };
  EXPECT_TRUE(loop.run_until_done(task(closed)));
}

TEST(Dial, UsesTheSourceAddressAndTheTestMap) {
  Loop loop;
  auto task = []() -> Task<> {
    CO_TRY(auto listener, listen(loopback()));
    const Endpoint named{IpAddress::v4(192, 0, 2, 1), 25};
    const DialMap map{{named, listener->local()}};
    DialOptions options{.source = IpAddress::v4(127, 0, 0, 2), .map = &map};
    CO_TRY(auto client, co_await dial(named, in(5s), options));
    CO_TRY(auto server, co_await listener->accept());
    EXPECT_EQ(server->remote().address.text(), "127.0.0.2");
    EXPECT_EQ(client->remote(), named);
    co_return Result<>();
  };
  auto result = loop.run_until_done(task());
  EXPECT_TRUE(result) << result.error().sentence();
}

TEST(Dial, ASourceAddressOfAnotherHostIsNamed) {
  Loop loop;
  auto task = []() -> Task<> {
    auto stream = co_await dial({IpAddress::v4(127, 0, 0, 1), 25}, in(5s),
                                {.source = IpAddress::v4(192, 0, 2, 99)});
    EXPECT_FALSE(stream);
    EXPECT_EQ(stream.error().code, Code::io);
    EXPECT_NE(stream.error().detail.find("192.0.2.99"), std::string::npos);
    co_return Result<>();
  };
  EXPECT_TRUE(loop.run_until_done(task()));
}

TEST(Listen, APortInUseIsAnErrorThatNamesIt) {
  auto first = listen(loopback());
  ASSERT_TRUE(first);
  auto second = listen((*first)->local());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().detail.find((*first)->local().text()), std::string::npos);
}

TEST(Listen, TwoListenersShareAPortWhenAsked) {
  auto first = listen(loopback(), {.reuse_port = true});
  ASSERT_TRUE(first);
  EXPECT_TRUE(listen((*first)->local(), {.reuse_port = true}));
}

TEST(Listen, CloseEndsAPendingAcceptAsCancelled) {
  Loop loop;
  auto listener = listen(loopback());
  ASSERT_TRUE(listener);
  std::optional<Code> code;
  std::unique_ptr<Stream> none;
  loop.spawn(accept_into(listener->get(), &none), [&](Result<> result) {
    if (!result) code = result.error().code;
  });
  loop.post([&] { (*listener)->close(); });
  loop.run();
  EXPECT_EQ(code, Code::cancelled);
}

struct RecordingSink : EventSink {
  std::vector<Event> events;
  void emit(const Event& event) override { events.push_back(event); }
};

// Takes every descriptor there is, so that accept(2) fails with EMFILE.
struct NoDescriptorsLeft {
  NoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorsLeft() { setrlimit(RLIMIT_NOFILE, &before); }
  rlimit before{};
};

TEST(Listen, SurvivesRunningOutOfDescriptorsAndSaysSoOnce) {
  Loop loop;
  RecordingSink sink;
  auto task = [](RecordingSink* events) -> Task<> {
    // UBSan looks at an object's type through a pipe, once for each type, and cannot when no
    // descriptor is left: an event, a whole accept and a system error come before.
    static_cast<EventSink*>(events)->emit({Severity::debug, "warm.up", {}});
    events->events.clear();
    CO_TRY(auto listener, listen(loopback(), {.events = events}));
    std::unique_ptr<Stream> accepted;
    Loop::current().spawn(accept_into(listener.get(), &accepted));
    CO_TRY(auto first, co_await dial(listener->local(), in(5s)));
    while (!accepted) CO_TRY_VOID(co_await sleep_for(1ms));
    accepted.reset();
    auto refused = co_await dial({loopback().address, 1}, in(5s));
    EXPECT_FALSE(refused);
    CO_TRY(auto client, co_await dial(listener->local(), in(5s)));
    auto limit = std::make_unique<NoDescriptorsLeft>();
    Loop::current().spawn(accept_into(listener.get(), &accepted));
    while (events->events.empty()) CO_TRY_VOID(co_await sleep_for(1ms));
    CO_TRY_VOID(co_await sleep_for(450ms));  // two more tries
    EXPECT_FALSE(accepted);
    limit.reset();
    for (int i = 0; i < 2000 && !accepted; ++i) CO_TRY_VOID(co_await sleep_for(1ms));
    EXPECT_TRUE(accepted);
    co_return Result<>();
  };
  auto result = loop.run_until_done(task(&sink));
  EXPECT_TRUE(result) << result.error().sentence();
  ASSERT_EQ(sink.events.size(), 1u);
  EXPECT_EQ(sink.events[0].name, "listener.exhausted");
}

// Closes a TCP connection to the port so that the other side sees RST and no end.
void connect_and_reset(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd);
}

TEST(Stream, AResetIsToldFromAnOrderlyEnd) {
  Loop loop;
  auto task = []() -> Task<> {
    CO_TRY(auto listener, listen(loopback()));
    connect_and_reset(listener->local().port);
    CO_TRY(auto stream, co_await listener->accept());
    char buffer[16];
    auto end = co_await stream->read_some(buffer, in(5s));
    EXPECT_FALSE(end);
    EXPECT_EQ(end.error().code, Code::connection_reset);
    co_return Result<>();
  };
  auto result = loop.run_until_done(task());
  EXPECT_TRUE(result) << result.error().sentence();
}

}  // namespace
}  // namespace pawl::net
