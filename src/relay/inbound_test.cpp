#include "relay/inbound.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "net/channel.h"
#include "net/loop.h"
#include "tls/authority.h"
#include "tls/engine.h"

namespace pawl::relay {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The real clock, or one that lags: then every deadline has passed when it is made.
class TestClock : public Clock {
 public:
  WallTime now() const override { return WallTime(std::chrono::hours(24 * 365)); }
  MonoTime monotonic() const override { return std::chrono::steady_clock::now() - lag; }
  std::chrono::seconds lag{0};
};

class Events : public EventSink {
 public:
  void emit(const Event& event) override { names.push_back(event.name); }
  bool saw(std::string_view name) const { return std::ranges::find(names, name) != names.end(); }
  std::vector<std::string> names;
};

// A queue that keeps nothing safe, and fails or waits when told.
class FakeQueue : public store::Queue {
 public:
  net::Task<std::int64_t> spill(std::optional<std::int64_t> handle, std::string chunk) override {
    if (spill_error) co_return fail(*spill_error);
    std::int64_t id = handle.value_or(++last_spill);
    spilled[id].push_back(std::move(chunk));
    co_return id;
  }
  void discard(std::int64_t handle) override { spilled.erase(handle); }
  net::Task<store::QueuedMessage> commit(store::NewMessage message,
                                         std::vector<std::string> next_hops) override {
    ++commits_begun;
    if (gate) CO_TRY_VOID(co_await gate->wait());
    if (commit_error) co_return fail(*commit_error);
    store::QueuedMessage queued;
    queued.id = ++last_id;
    queued.envelope = message.envelope;
    queued.recipients.resize(message.envelope.recipients.size());
    messages.push_back(std::move(message));
    hops.push_back(std::move(next_hops));
    co_return queued;
  }
  std::string content(std::size_t i) {
    std::string all;
    if (messages[i].spill) {
      for (const std::string& chunk : spilled[*messages[i].spill]) all += chunk;
    }
    return all + messages[i].content;
  }

  net::Task<std::vector<store::QueuedMessage>> claim_due(WallTime, std::size_t) override {
    co_return fail(Code::unsupported);
  }
  net::Task<std::optional<WallTime>> next_due() override { co_return fail(Code::unsupported); }
  void release(store::MessageId) override {}
  net::Task<std::string> read_content(store::MessageId, std::uint64_t, std::size_t) override {
    co_return fail(Code::unsupported);
  }
  net::Task<> finish(store::Update, std::vector<std::string>) override {
    co_return fail(Code::unsupported);
  }
  net::Task<std::vector<store::QueuedMessage>> list(store::Filter) override {
    co_return fail(Code::unsupported);
  }
  net::Task<store::Totals> totals() override { co_return fail(Code::unsupported); }
  net::Task<std::size_t> set_held(store::Filter, bool) override {
    co_return fail(Code::unsupported);
  }
  net::Task<std::size_t> remove(store::Filter) override { co_return fail(Code::unsupported); }
  net::Task<std::size_t> flush(store::Filter, WallTime) override {
    co_return fail(Code::unsupported);
  }

  std::optional<Error> spill_error;
  std::optional<Error> commit_error;
  std::shared_ptr<net::Signal> gate;  // commit waits for it
  int commits_begun = 0;
  std::int64_t last_id = 0;
  std::int64_t last_spill = 0;
  std::map<std::int64_t, std::vector<std::string>> spilled;
  std::vector<store::NewMessage> messages;
  std::vector<std::vector<std::string>> hops;
};

// A pipe whose far end has an address of our choice.
class FromAddress : public net::Stream {
 public:
  FromAddress(std::unique_ptr<net::Stream> stream, IpAddress client)
      : stream_(std::move(stream)), client_(client) {}
  net::Task<std::size_t> read_some(std::span<char> into, MonoTime deadline) override {
    return stream_->read_some(into, deadline);
  }
  Result<std::size_t> try_read(std::span<char> into) override { return stream_->try_read(into); }
  net::Task<> wait_readable(MonoTime deadline) override { return stream_->wait_readable(deadline); }
  net::Task<> write_all(std::string_view bytes, MonoTime deadline) override {
    ++writes;
    return stream_->write_all(bytes, deadline);
  }
  void close() override { stream_->close(); }
  Endpoint local() const override { return stream_->local(); }
  Endpoint remote() const override { return {client_, 40000}; }
  static inline int writes = 0;

 private:
  std::unique_ptr<net::Stream> stream_;
  IpAddress client_;
};

struct Bed {
  explicit Bed(InboundOptions o = {}) : options(std::move(o)) {
    options.server.hostname = "mx.example.org";
    inbound.emplace(
        options, InboundNeeds{.queue = queue,
                              .clock = clock,
                              .events = events,
                              .authenticator = &authenticator,
                              .route = [](const smtp::Recipient& recipient) -> Result<std::string> {
                                if (recipient.domain.is_root()) {
                                  return fail(Code::unsupported, "no literals here");
                                }
                                return "hop:" + recipient.domain.text();
                              },
                              .accepted =
                                  [this](const store::QueuedMessage& message) {
                                    accepted.push_back(message.id);
                                  }});
  }

  net::Loop loop;
  TestClock clock;
  Events events;
  FakeQueue queue;
  // openssl passwd -5 -salt x secret
  Authenticator authenticator{
      Users::parse("joe:$5$x$u/w5rkS/ZkEW8w7w0VcSy915tS82tDWKB5Ee9giohyD\n", "users").value(),
      clock};
  InboundOptions options;
  std::vector<store::MessageId> accepted;
  std::optional<Inbound> inbound;
  int ended = 0;
};

// A client on a pipe to a session of its own. Reads and writes have five seconds.
class Client {
 public:
  explicit Client(Bed& bed, std::string_view address = "127.0.0.1", ListenerOptions listener = {})
      : Client(net::make_pipe(), bed, address, listener) {}

  net::Task<> say(std::string text) { co_return co_await channel.write_all(text, soon()); }
  // The last line of the next reply.
  net::Task<std::string> hear() {
    while (true) {
      std::size_t end = read_.find("\r\n");
      if (end != std::string::npos) {
        std::string line = read_.substr(0, end);
        read_.erase(0, end + 2);
        if (line.size() > 3 && line[3] == '-') continue;
        co_return line;
      }
      std::string buffer(4096, '\0');
      CO_TRY(std::size_t count, co_await channel.read_some(buffer, soon()));
      read_ += buffer.substr(0, count);
    }
  }
  net::Task<std::string> ask(std::string text) {
    CO_TRY_VOID(co_await say(std::move(text)));
    co_return co_await hear();
  }
  net::Task<> upgrade(std::shared_ptr<tls::ClientContext> context) {
    CO_TRY(auto engine, tls::make_client_engine(context, {}));
    co_return co_await channel.start_tls(std::move(engine), soon());
  }
  bool heard_all() const { return read_.empty(); }

  net::Channel channel;

 private:
  using Pipe = std::pair<std::unique_ptr<net::Stream>, std::unique_ptr<net::Stream>>;
  Client(Pipe pipe, Bed& bed, std::string_view address, ListenerOptions listener)
      : channel(std::move(pipe.first)) {
    auto far =
        std::make_unique<FromAddress>(std::move(pipe.second), IpAddress::parse(address).value());
    bed.loop.spawn(bed.inbound->serve_one(std::move(far), listener),
                   [&bed](Result<>) { ++bed.ended; });
  }
  static MonoTime soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(5); }
  std::string read_;
};

// In a coroutine: the next reply must begin so.
#define HEAR(client, start)                              \
  do {                                                   \
    CO_TRY(std::string heard, co_await (client).hear()); \
    EXPECT_THAT(heard, StartsWith(start));               \
  } while (false)
#define ASK(client, text, start)                            \
  do {                                                      \
    CO_TRY(std::string heard, co_await (client).ask(text)); \
    EXPECT_THAT(heard, StartsWith(start));                  \
  } while (false)

void run(Bed& bed, net::Task<> (*dialog)(Bed&)) {
  auto result = bed.loop.run_until_done(dialog(bed));
  EXPECT_TRUE(result) << result.error().sentence();
}

constexpr const char* kMail =
    "MAIL FROM:<joe@example.org>\r\nRCPT TO:<ann@example.net>\r\nDATA\r\n";

TEST(Inbound, TakesAMessageWithItsTraceAndHandsItOver) {
  Bed bed;
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    HEAR(client, "220 ");
    ASK(client, "EHLO client.example\r\n", "250 ");
    CO_TRY_VOID(co_await client.say(kMail));
    HEAR(client, "250 ");
    HEAR(client, "250 ");
    HEAR(client, "354 ");
    ASK(client, "Subject: x\r\n\r\nb\xc3\xa9\r\n.\r\n", "250 2.0.0 queued as ");
    ASK(client, "QUIT\r\n", "221 ");
    co_return Result<>();
  });
  ASSERT_EQ(bed.queue.messages.size(), 1U);
  const store::NewMessage& message = bed.queue.messages[0];
  EXPECT_THAT(message.content, StartsWith("Received: from client.example ([127.0.0.1])\r\n"));
  EXPECT_THAT(message.content,
              HasSubstr("by mx.example.org with ESMTP\r\n\tfor <ann@example.net>;"));
  EXPECT_TRUE(message.content.ends_with("\r\nSubject: x\r\n\r\nb\xc3\xa9\r\n"));
  EXPECT_EQ(message.size, message.content.size());
  EXPECT_TRUE(message.eight_bit);
  EXPECT_EQ(message.origin, "smtp 127.0.0.1");
  EXPECT_EQ(message.envelope.sender, "joe@example.org");
  EXPECT_EQ(message.arrived, bed.clock.now());
  EXPECT_EQ(bed.queue.hops[0], std::vector<std::string>{"hop:example.net"});
  EXPECT_EQ(bed.accepted, std::vector<store::MessageId>{1});
  EXPECT_TRUE(bed.events.saw("message.accepted"));
}

// rfc2920#3.2: one write for a pipelined group.
TEST(Inbound, APipelinedGroupIsAnsweredInOneWrite) {
  Bed bed;
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    HEAR(client, "220 ");
    ASK(client, "EHLO client.example\r\n", "250 ");
    int before = FromAddress::writes;
    CO_TRY_VOID(co_await client.say(kMail));
    HEAR(client, "250 ");
    HEAR(client, "250 ");
    HEAR(client, "354 ");
    EXPECT_EQ(FromAddress::writes, before + 1);
    co_return Result<>();
  });
}

TEST(Inbound, IsNoOpenRelay) {
  Bed bed;
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b, "192.0.2.1");
    HEAR(client, "220 ");
    ASK(client, "HELO client.example\r\n", "250 ");
    ASK(client, "MAIL FROM:<joe@example.org>\r\n", "250 ");
    ASK(client, "RCPT TO:<ann@example.net>\r\n", "550 5.7.1 ");
    ASK(client, "DATA\r\n", "554 ");
    co_return Result<>();
  });
  EXPECT_TRUE(bed.events.saw("client.relay_denied"));
  bed.inbound->set_rules({.client_networks = {Network::parse("192.0.2.0/24").value()}});
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b, "192.0.2.1");
    HEAR(client, "220 ");
    ASK(client, "HELO client.example\r\n", "250 ");
    ASK(client, "MAIL FROM:<>\r\n", "250 ");
    ASK(client, "RCPT TO:<ann@example.net>\r\n", "250 ");
    ASK(client, "RCPT TO:<ann@[192.0.2.9]>\r\n", "550 5.1.2 ");
    co_return Result<>();
  });
}

TEST(Inbound, SaysNothingBeforeTheMessageIsDurable) {
  Bed bed;
  bed.queue.gate = std::make_shared<net::Signal>();
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    HEAR(client, "220 ");
    ASK(client, "HELO c\r\n", "250 ");
    CO_TRY_VOID(co_await client.say(kMail));
    HEAR(client, "250 ");
    HEAR(client, "250 ");
    HEAR(client, "354 ");
    CO_TRY_VOID(co_await client.say("x\r\n.\r\n"));
    // The commit has begun; nothing may be there to read until it ends.
    while (b.queue.commits_begun == 0) CO_TRY_VOID(co_await net::sleep_for({}));
    CO_TRY(bool spoke, co_await client.channel.has_unread_input());
    EXPECT_FALSE(spoke);
    b.queue.gate->notify();
    HEAR(client, "250 2.0.0 queued as ");
    co_return Result<>();
  });
}

TEST(Inbound, AFullDiskAnswers452AndABrokenStore451) {
  Bed bed;
  bed.queue.commit_error = Error(Code::disk_full, "no room");
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    HEAR(client, "220 ");
    ASK(client, "HELO c\r\n", "250 ");
    for (const char* answer : {"452 4.3.1 ", "451 4.3.0 "}) {
      CO_TRY_VOID(co_await client.say(kMail));
      HEAR(client, "250 ");
      HEAR(client, "250 ");
      HEAR(client, "354 ");
      ASK(client, "x\r\n.\r\n", answer);
      b.queue.commit_error = Error(Code::store, "broken");
    }
    co_return Result<>();
  });
  EXPECT_TRUE(bed.accepted.empty());
  EXPECT_TRUE(bed.events.saw("message.refused"));
}

InboundOptions small_chunks() {
  InboundOptions options;
  options.server.chunk = 1000;
  // More than one read: a beginning is held and then spilled with what follows.
  options.held_content = 40'000;
  return options;
}

net::Task<> begin_large(Bed& bed, Client& client) {
  HEAR(client, "220 ");
  ASK(client, "HELO c\r\n", "250 ");
  CO_TRY_VOID(co_await client.say(kMail));
  HEAR(client, "250 ");
  HEAR(client, "250 ");
  HEAR(client, "354 ");
  for (int i = 0; i < 1500; ++i) {
    CO_TRY_VOID(co_await client.say(std::string(98, static_cast<char>('a' + i % 26)) + "\r\n"));
  }
  while (bed.queue.last_spill == 0 && !bed.queue.spill_error)
    CO_TRY_VOID(co_await net::sleep_for({}));
  co_return Result<>();
}

net::Task<> send_large(Bed& bed, std::string answer) {
  Client client(bed);
  CO_TRY_VOID(co_await begin_large(bed, client));
  ASK(client, ".\r\n", answer);
  co_return Result<>();
}

TEST(Inbound, ALargeMessageIsSpilledInOrder) {
  Bed bed(small_chunks());
  run(bed, [](Bed& b) -> net::Task<> { return send_large(b, "250 2.0.0 queued"); });
  ASSERT_EQ(bed.queue.messages.size(), 1U);
  ASSERT_TRUE(bed.queue.messages[0].spill);
  std::string content = bed.queue.content(0);
  EXPECT_EQ(content.size(), bed.queue.messages[0].size);
  std::string body = content.substr(content.size() - 150'000);
  for (int i = 0; i < 1500; ++i) {
    ASSERT_EQ(body.substr(static_cast<std::size_t>(i) * 100, 2),
              std::string(2, static_cast<char>('a' + i % 26)));
  }
}

TEST(Inbound, AFullDiskWhileSpillingAnswers452AtTheEnd) {
  Bed bed(small_chunks());
  bed.queue.spill_error = Error(Code::disk_full, "no room");
  run(bed, [](Bed& b) -> net::Task<> { return send_large(b, "452 4.3.1 "); });
  EXPECT_EQ(bed.queue.commits_begun, 0);
}

TEST(Inbound, WhatWasSpilledGoesWhenTheClientLeaves) {
  Bed bed(small_chunks());
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    CO_TRY_VOID(co_await begin_large(b, client));
    EXPECT_EQ(b.queue.spilled.size(), 1U);
    client.channel.close();
    while (b.ended == 0) CO_TRY_VOID(co_await net::sleep_for({}));
    co_return Result<>();
  });
  EXPECT_TRUE(bed.queue.spilled.empty());
}

TEST(Inbound, WhatWasSpilledGoesWhenTheContentIsRefused) {
  Bed bed(small_chunks());
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    CO_TRY_VOID(co_await begin_large(b, client));
    ASK(client, "bare\nline feed\r\n.\r\n", "550 ");
    co_return Result<>();
  });
  EXPECT_TRUE(bed.queue.spilled.empty());
}

TEST(Inbound, WhatWasSpilledGoesWhenTheRestFindsNoRoom) {
  Bed bed(small_chunks());
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    CO_TRY_VOID(co_await begin_large(b, client));
    b.queue.spill_error = Error(Code::disk_full, "no room");
    CO_TRY_VOID(co_await client.say(std::string(500, 'x') + "\r\n"));
    // Not only at the end of the message, which may be minutes away.
    for (int i = 0; i < 10'000 && !b.queue.spilled.empty(); ++i) {
      CO_TRY_VOID(co_await net::sleep_for({}));
    }
    EXPECT_TRUE(b.queue.spilled.empty());
    ASK(client, ".\r\n", "452 4.3.1 ");
    co_return Result<>();
  });
}

TEST(Inbound, WhatWasSpilledGoesWhenItCannotBeCommitted) {
  Bed bed(small_chunks());
  bed.queue.commit_error = Error(Code::disk_full, "no room");
  run(bed, [](Bed& b) -> net::Task<> { return send_large(b, "452 4.3.1 "); });
  EXPECT_EQ(bed.queue.commits_begun, 1);
  EXPECT_TRUE(bed.queue.spilled.empty());
}

TEST(Inbound, ASessionTooManyIsTurnedAway) {
  InboundOptions options;
  options.sessions = {.total = 10, .per_client = 1};
  Bed bed(options);
  run(bed, [](Bed& b) -> net::Task<> {
    Client first(b);
    HEAR(first, "220 ");
    Client second(b);
    HEAR(second, "421 4.7.0 ");
    Client other(b, "192.0.2.1");
    HEAR(other, "220 ");
    ASK(first, "QUIT\r\n", "221 ");
    while (b.inbound->sessions() > 1) CO_TRY_VOID(co_await net::sleep_for({}));
    Client third(b);
    HEAR(third, "220 ");
    co_return Result<>();
  });
}

TEST(Inbound, ASilentClientGets421) {
  Bed bed;
  bed.clock.lag = std::chrono::seconds(301);
  run(bed, [](Bed& b) -> net::Task<> {
    // Writing has more time than reading, so that the farewell can be said.
    InboundOptions options = b.options;
    options.times.write = std::chrono::seconds(400);
    b.inbound.emplace(options, InboundNeeds{.queue = b.queue,
                                            .clock = b.clock,
                                            .events = b.events,
                                            .authenticator = nullptr,
                                            .route = {},
                                            .accepted = {}});
    Client client(b);
    HEAR(client, "220 ");
    HEAR(client, "421 4.4.2 ");
    co_return Result<>();
  });
}

TEST(Inbound, AStopFinishesTheMessageInFlightAndEndsTheRest) {
  Bed bed;
  run(bed, [](Bed& b) -> net::Task<> {
    Client idle(b);
    Client busy(b);
    HEAR(idle, "220 ");
    HEAR(busy, "220 ");
    ASK(busy, "HELO c\r\n", "250 ");
    CO_TRY_VOID(co_await busy.say(kMail));
    HEAR(busy, "250 ");
    HEAR(busy, "250 ");
    HEAR(busy, "354 ");
    CO_TRY_VOID(co_await busy.say("first\r\n"));
    b.inbound->stop();
    HEAR(idle, "421 4.3.2 ");
    ASK(busy, "last\r\n.\r\n", "250 2.0.0 queued as ");
    HEAR(busy, "421 4.3.2 ");
    while (b.inbound->sessions() > 0) CO_TRY_VOID(co_await net::sleep_for({}));
    co_return Result<>();
  });
  ASSERT_EQ(bed.queue.messages.size(), 1U);
  EXPECT_TRUE(bed.queue.messages[0].content.ends_with("first\r\nlast\r\n"));
}

TEST(Inbound, ABareLineEndingIsRefusedAndRecorded) {
  Bed bed;
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    HEAR(client, "220 ");
    ASK(client, "HELO c\r\n", "250 ");
    CO_TRY_VOID(co_await client.say(kMail));
    HEAR(client, "250 ");
    HEAR(client, "250 ");
    HEAR(client, "354 ");
    ASK(client, "x\n.\r\nMAIL FROM:<evil@example.org>\r\n.\r\n", "550 5.6.11 ");
    ASK(client, "NOOP\r\n", "250 ");
    co_return Result<>();
  });
  EXPECT_EQ(bed.queue.commits_begun, 0);
  EXPECT_TRUE(bed.events.saw("message.refused"));
}

TEST(Inbound, AMessageThatIsCutOffIsNotTaken) {
  Bed bed;
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    HEAR(client, "220 ");
    ASK(client, "HELO c\r\n", "250 ");
    CO_TRY_VOID(co_await client.say(kMail));
    HEAR(client, "250 ");
    HEAR(client, "250 ");
    HEAR(client, "354 ");
    CO_TRY_VOID(co_await client.say("x\r\n"));
    client.channel.close();
    while (b.ended == 0) CO_TRY_VOID(co_await net::sleep_for({}));
    co_return Result<>();
  });
  EXPECT_EQ(bed.queue.commits_begun, 0);
  EXPECT_TRUE(bed.events.saw("session.lost"));
}

// What TLS needs: certificates by one authority for as many names as the test asks.
struct Sealed {
  TestClock clock;
  tls::Authority root = tls::Authority::make("Root", clock.now()).value();
  std::shared_ptr<tls::ClientContext> client =
      tls::make_client_context({.ca_pem = root.certificate_pem(), .clock = &clock}).value();

  std::shared_ptr<tls::ServerContext> certificate(const std::string& name) {
    tls::LeafOptions leaf;
    leaf.dns_names = {name};
    leaf.not_before = clock.now() - std::chrono::hours(1);
    leaf.not_after = clock.now() + std::chrono::hours(1);
    auto identity = root.issue(leaf).value();
    tls::ServerContextOptions options;
    options.key_pairs.resize(1);
    options.key_pairs[0].certificate_pem = identity.certificate_pem;
    options.key_pairs[0].key_pem = identity.key_pem;
    return tls::make_server_context(options).value();
  }
  static Sealed& instance() {
    static Sealed sealed;
    return sealed;
  }
};

std::string shown_name(Client& client) {
  return client.channel.engine()->description().chain.at(0).dns_names.at(0);
}

constexpr ListenerOptions kSubmission{.tls = ListenerOptions::Tls::starttls, .auth = true};

TEST(Inbound, AStrangerWhoAuthenticatesUnderTlsMayRelay) {
  Bed bed;
  bed.inbound->set_certificates(Sealed::instance().certificate("mx.example.org"));
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b, "192.0.2.1", kSubmission);
    HEAR(client, "220 ");
    ASK(client, "EHLO c\r\n", "250 ");
    ASK(client, "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n", "538 ");
    ASK(client, "STARTTLS\r\n", "220 ");
    CO_TRY_VOID(co_await client.upgrade(Sealed::instance().client));
    ASK(client, "EHLO c\r\n", "250 ");
    ASK(client, "AUTH PLAIN AGpvZQB3cm9uZw==\r\n", "535 5.7.8 ");
    ASK(client, "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n", "235 ");
    CO_TRY_VOID(co_await client.say(kMail));
    HEAR(client, "250 ");
    HEAR(client, "250 ");
    HEAR(client, "354 ");
    ASK(client, "x\r\n.\r\n", "250 2.0.0 queued as ");
    co_return Result<>();
  });
  ASSERT_EQ(bed.queue.messages.size(), 1U);
  EXPECT_EQ(bed.queue.messages[0].origin, "smtp 192.0.2.1 as joe");
  EXPECT_THAT(bed.queue.messages[0].content, HasSubstr("(using TLSv1.3 with cipher TLS_"));
  EXPECT_THAT(bed.queue.messages[0].content, HasSubstr("with ESMTPSA\r\n"));
  EXPECT_TRUE(bed.events.saw("auth.failed"));
}

TEST(Inbound, CommandsInClearBehindStartTlsEndTheSession) {
  Bed bed;
  bed.inbound->set_certificates(Sealed::instance().certificate("mx.example.org"));
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b);
    HEAR(client, "220 ");
    CO_TRY_VOID(co_await client.say("STARTTLS\r\nEHLO injected\r\n"));
    auto heard = co_await client.hear();
    EXPECT_FALSE(heard) << *heard;
    co_return Result<>();
  });
  EXPECT_TRUE(bed.events.saw("client.injected"));
}

TEST(Inbound, ImplicitTlsSpeaksOnlyAfterTheHandshake) {
  Bed bed;
  bed.inbound->set_certificates(Sealed::instance().certificate("mx.example.org"));
  run(bed, [](Bed& b) -> net::Task<> {
    Client client(b, "127.0.0.1", {.tls = ListenerOptions::Tls::implicit});
    CO_TRY_VOID(co_await client.upgrade(Sealed::instance().client));
    HEAR(client, "220 ");
    ASK(client, "EHLO c\r\n", "250 ");
    ASK(client, "STARTTLS\r\n", "503 ");
    co_return Result<>();
  });
}

TEST(Inbound, ANewCertificateIsShownToNewSessionsAndOldOnesGoOn) {
  Bed bed;
  bed.inbound->set_certificates(Sealed::instance().certificate("old.example.org"));
  run(bed, [](Bed& b) -> net::Task<> {
    Client before(b, "127.0.0.1", {.tls = ListenerOptions::Tls::implicit});
    CO_TRY_VOID(co_await before.upgrade(Sealed::instance().client));
    HEAR(before, "220 ");
    b.inbound->set_certificates(Sealed::instance().certificate("new.example.org"));
    Client after(b, "127.0.0.1", {.tls = ListenerOptions::Tls::implicit});
    CO_TRY_VOID(co_await after.upgrade(Sealed::instance().client));
    HEAR(after, "220 ");
    EXPECT_EQ(shown_name(before), "old.example.org");
    EXPECT_EQ(shown_name(after), "new.example.org");
    ASK(before, "NOOP\r\n", "250 ");
    co_return Result<>();
  });
}

}  // namespace
}  // namespace pawl::relay
