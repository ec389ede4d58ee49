// The fetch against a real TLS server on loopback, reached through the dial map: names, addresses
// and port 443 stay as they are in the world.
#include "fetch/policy_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "http/codec.h"
#include "net/channel.h"
#include "net/loop.h"
#include "resolver/fixture.h"
#include "tls/authority.h"

namespace pawl::fetch {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kHost = "mta-sts.example.org";
constexpr const char* kPolicy =
    "version: STSv1\nmode: enforce\nmax_age: 86400\nmx: mx1.example.org\n";

const Endpoint kClosed{IpAddress::v4(127, 0, 0, 1), 1};

MonoTime soon() {
  return std::chrono::steady_clock::now() + 10s;
}

tls::Authority& authority() {
  static tls::Authority made = tls::Authority::make("Test Root", net::SystemClock().now()).value();
  return made;
}

struct ServerBehaviour {
  std::string answer;
  bool close_notify = true;  // false: the connection is cut
};

net::Task<> serve(net::Listener* listener, tls::LeafOptions leaf, ServerBehaviour behaviour,
                  std::string* request) {
  CO_TRY(auto identity, authority().issue(leaf));
  CO_TRY(auto context,
         tls::make_server_context({.key_pairs = {{.certificate_pem = identity.certificate_pem,
                                                  .key_pem = identity.key_pem}}}));
  while (true) {
    CO_TRY(auto stream, co_await listener->accept());
    net::Channel channel(std::move(stream));
    CO_TRY(auto engine, tls::make_server_engine(context));
    if (!co_await channel.start_tls(std::move(engine), soon())) continue;
    http::RequestReader reader;
    std::array<char, 1024> buffer;
    while (!reader.done()) {
      auto count = co_await channel.read_some(buffer, soon());
      if (!count) break;
      *request += std::string(buffer.data(), *count);
      CO_TRY_VOID(reader.feed(std::string_view(buffer.data(), *count)));
    }
    if (!reader.done()) continue;
    (void)co_await channel.write_all(behaviour.answer, soon());
    if (behaviour.close_notify) (void)co_await channel.shutdown(soon());
    channel.close();
  }
}

net::Task<> ask(PolicySource* source, net::Listener* listener,
                std::optional<Result<FetchedPolicy>>* into) {
  into->emplace(co_await source->fetch(dns::Name::parse("example.org").value()));
  listener->close();
  co_return Result<>();
}

class Fetch : public testing::Test {
 protected:
  Fetch() { dns_.add(kHost, dns::Type::a, "203.0.112.1"); }

  Result<FetchedPolicy> fetch() {
    net::Loop loop;
    net::SystemClock clock;
    std::optional<Result<FetchedPolicy>> result;
    loop.post([&] {
      listener_ = net::listen({IpAddress::v4(127, 0, 0, 1), 0}).value();
      for (const IpAddress& address : mapped_) map_[{address, 443}] = listener_->local();
      for (const IpAddress& address : dead_) map_[{address, 443}] = kClosed;
      HttpsOptions options;
      options.tls = tls::make_client_context({.ca_pem = authority().certificate_pem()}).value();
      options.private_networks = private_networks_;
      options.dial.map = &map_;
      options.time_limit = time_limit_;
      source_ = std::make_unique<HttpsPolicySource>(dns_, clock, options);
      loop.spawn(serve(listener_.get(), leaf_, behaviour_, &request_));
      loop.spawn(ask(source_.get(), listener_.get(), &result));
    });
    loop.run();
    // They stand on this loop and this clock.
    source_.reset();
    listener_.reset();
    return *std::move(result);
  }
  Error failure() {
    auto fetched = fetch();
    EXPECT_FALSE(fetched);
    if (fetched) return {Code::internal, "it was fetched"};
    EXPECT_THAT(fetched.error().detail, HasSubstr(std::string("https://") + kHost));
    return fetched.error();
  }
  static std::string answer(int status, const std::string& type, const std::string& body) {
    return http::serialize(http::Response{status, {{"Content-Type", type}}, body});
  }

  resolver::FixtureResolver dns_;
  std::vector<IpAddress> mapped_ = {IpAddress::v4(203, 0, 112, 1)};
  std::vector<IpAddress> dead_;  // nobody listens there
  std::vector<Network> private_networks_;
  Seconds time_limit_{10};
  tls::LeafOptions leaf_ = tls::leaf_for({kHost}, net::SystemClock().now());
  ServerBehaviour behaviour_{answer(200, "Text/Plain; charset=utf-8", kPolicy)};
  std::string request_;

 private:
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<PolicySource> source_;
  net::DialMap map_;
};

TEST_F(Fetch, GetsThePolicyAtItsWellKnownPlace) {
  auto fetched = fetch();
  ASSERT_TRUE(fetched) << fetched.error().sentence();
  EXPECT_EQ(fetched->text, kPolicy);
  EXPECT_EQ(fetched->policy.mode, mta_sts::Mode::enforce);
  EXPECT_THAT(request_, HasSubstr("GET /.well-known/mta-sts.txt HTTP/1.1\r\n"));
  EXPECT_THAT(request_, HasSubstr("Host: mta-sts.example.org\r\n"));
}

// The dial map knows the host's port 443 only; any other is a closed port of this machine.
TEST_F(Fetch, AsksPort443AndNoOther) {
  dns_.remove(kHost, dns::Type::a);
  dns_.add(kHost, dns::Type::a, "127.0.0.43");
  mapped_ = {IpAddress::v4(127, 0, 0, 43)};
  private_networks_ = {Network::parse("127.0.0.0/8").value()};
  auto fetched = fetch();
  EXPECT_TRUE(fetched) << fetched.error().sentence();
}

TEST_F(Fetch, EndsWithItsTimeLimit) {
  time_limit_ = Seconds(0);
  EXPECT_EQ(failure().code, Code::sts_fetch);
  EXPECT_EQ(request_, "");
}

TEST_F(Fetch, ACertificateForAnotherNameIsRefusedBeforeAnythingIsAsked) {
  leaf_ = tls::leaf_for({"example.org", "*.mta-sts.example.org"}, net::SystemClock().now());
  EXPECT_EQ(failure().code, Code::sts_webpki);
  EXPECT_EQ(request_, "");
}

TEST_F(Fetch, AnExpiredCertificateIsRefused) {
  leaf_.not_before = net::SystemClock().now() - 48h;
  leaf_.not_after = net::SystemClock().now() - 24h;
  EXPECT_EQ(failure().code, Code::sts_webpki);
}

TEST_F(Fetch, RedirectsAreNotFollowed) {
  behaviour_.answer = http::serialize(http::Response{
      301,
      {{"Location", "https://mta-sts.example.org/other"}, {"Content-Type", "text/plain"}},
      kPolicy});
  Error error = failure();
  EXPECT_EQ(error.code, Code::sts_fetch);
  EXPECT_THAT(error.detail, HasSubstr("redirects are not followed"));
}

TEST_F(Fetch, OnlyStatus200Counts) {
  behaviour_.answer = answer(203, "text/plain", kPolicy);
  EXPECT_EQ(failure().code, Code::sts_fetch);
}

TEST_F(Fetch, OnlyTextPlainCounts) {
  behaviour_.answer = answer(200, "text/html", kPolicy);
  EXPECT_EQ(failure().code, Code::sts_policy_invalid);
  behaviour_.answer = http::serialize(http::Response{200, {}, kPolicy});
  EXPECT_EQ(failure().code, Code::sts_policy_invalid);
}

TEST_F(Fetch, WhatIsNoPolicyIsInvalid) {
  behaviour_.answer = answer(200, "text/plain", "hello\n");
  EXPECT_EQ(failure().code, Code::sts_policy_invalid);
}

TEST_F(Fetch, MoreThan64KiBIsRefused) {
  behaviour_.answer = answer(200, "text/plain", kPolicy + std::string(65536, '\n'));
  EXPECT_EQ(failure().code, Code::sts_fetch);
}

TEST_F(Fetch, ACutConnectionIsNotAShorterPolicy) {
  behaviour_.answer = std::string("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n") + kPolicy;
  EXPECT_TRUE(fetch());
  behaviour_.close_notify = false;
  EXPECT_EQ(failure().code, Code::sts_fetch);
}

TEST_F(Fetch, EveryAddressOfBothFamiliesIsTried) {
  dns_.add(kHost, dns::Type::aaaa, "2a00::1");
  dead_ = {IpAddress::parse("2a00::1").value()};
  EXPECT_TRUE(fetch());
}

TEST_F(Fetch, OneFamilyThatCannotBeLookedUpDoesNotHideTheOther) {
  dns_.fail(kHost, dns::Type::aaaa, Error(Code::dns_servfail, "SERVFAIL"));
  EXPECT_TRUE(fetch());
}

TEST_F(Fetch, AnAddressThatIsNotPublicIsNotAskedUnlessASettingAllowsIt) {
  dns_.remove(kHost, dns::Type::a);
  dns_.add(kHost, dns::Type::a, "10.0.0.1");
  mapped_ = {IpAddress::v4(10, 0, 0, 1)};
  Error error = failure();
  EXPECT_EQ(error.code, Code::sts_fetch);
  EXPECT_THAT(error.detail, HasSubstr("not a public address"));
  EXPECT_EQ(request_, "");
  private_networks_ = {Network::parse("10.0.0.0/8").value()};
  EXPECT_TRUE(fetch());
}

TEST_F(Fetch, NoAddressAndNoAnswerAreSaid) {
  dns_.remove(kHost, dns::Type::a);
  EXPECT_THAT(failure().detail, HasSubstr("no address"));
  dns_.fail(kHost, dns::Type::a, Error(Code::dns_timeout, "nobody answered"));
  EXPECT_THAT(failure().detail, HasSubstr("nobody answered"));
}

TEST_F(Fetch, AHostThatRefusesIsNamed) {
  dead_ = std::exchange(mapped_, {});
  Error error = failure();
  EXPECT_EQ(error.code, Code::sts_fetch);
  EXPECT_THAT(error.detail, HasSubstr("203.0.112.1"));
}

}  // namespace
}  // namespace pawl::fetch
