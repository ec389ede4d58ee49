#include "relay/admission.h"

#include <gtest/gtest.h>

#include "net/loop.h"
#include "relay/authenticator.h"

namespace pawl::relay {
namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

TEST(Admission, WithoutNetworksOnlyThisHostIsTrusted) {
  EXPECT_TRUE(is_own_client({}, ip("127.0.0.9")));
  EXPECT_TRUE(is_own_client({}, ip("::1")));
  EXPECT_FALSE(is_own_client({}, ip("192.0.2.1")));
  EXPECT_FALSE(is_own_client({}, ip("10.0.0.1")));
}

TEST(Admission, NetworksAreAllThatIsTrusted) {
  std::vector<Network> networks = {Network::parse("192.0.2.0/24").value(),
                                   Network::parse("2001:db8::/32").value()};
  EXPECT_TRUE(is_own_client(networks, ip("192.0.2.255")));
  EXPECT_TRUE(is_own_client(networks, ip("2001:db8:1::1")));
  EXPECT_FALSE(is_own_client(networks, ip("192.0.3.0")));
  EXPECT_FALSE(is_own_client(networks, ip("127.0.0.1")));
}

TEST(SessionCount, LimitsAllAndEachAndGivesPlacesBack) {
  SessionCount count({.total = 3, .per_client = 2});
  auto a1 = count.enter(ip("192.0.2.1"));
  auto a2 = count.enter(ip("192.0.2.1"));
  EXPECT_TRUE(a1 && a2);
  EXPECT_FALSE(count.enter(ip("192.0.2.1")));
  auto b = count.enter(ip("192.0.2.2"));
  EXPECT_TRUE(b);
  EXPECT_FALSE(count.enter(ip("192.0.2.3")));
  EXPECT_EQ(count.total(), 3U);
  a1.reset();
  EXPECT_TRUE(count.enter(ip("192.0.2.1")));
  EXPECT_EQ(count.total(), 2U);
}

// openssl passwd -5 -salt x secret
Users users() {
  return Users::parse("joe:$5$x$u/w5rkS/ZkEW8w7w0VcSy915tS82tDWKB5Ee9giohyD\n", "users").value();
}

net::Task<> check_once(Authenticator* authenticator, IpAddress client, std::string password,
                       Authenticator::Outcome* into) {
  CO_TRY(*into, co_await authenticator->check(client, "joe", Secret(std::move(password))));
  co_return Result<>();
}

Authenticator::Outcome check(Authenticator& authenticator, std::string_view client,
                             std::string password) {
  net::Loop loop;
  auto outcome = Authenticator::Outcome::wrong;
  EXPECT_TRUE(
      loop.run_until_done(check_once(&authenticator, ip(client), std::move(password), &outcome)));
  return outcome;
}

using enum Authenticator::Outcome;

TEST(Authenticator, GuessingEndsAfterSomeFailuresAndBeginsAgainLater) {
  FixedClock clock(WallTime(std::chrono::hours(1)));
  Authenticator authenticator(users(), clock, {.failures = 2, .window = Seconds(60)});
  EXPECT_EQ(check(authenticator, "2001:db8::1", "a"), wrong);
  EXPECT_EQ(check(authenticator, "2001:db8::2", "b"), wrong);
  // Of one /64: not even the right password is looked at.
  EXPECT_EQ(check(authenticator, "2001:db8::3", "secret"), too_many_failures);
  EXPECT_EQ(check(authenticator, "2001:db8:0:1::3", "secret"), right);
  EXPECT_EQ(check(authenticator, "192.0.2.1", "secret"), right);
  clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(check(authenticator, "2001:db8::3", "secret"), right);
}

TEST(Authenticator, WhatWasRightIsRememberedUntilTheUsersChange) {
  FixedClock clock(WallTime(std::chrono::hours(1)));
  Authenticator authenticator(users(), clock);
  EXPECT_EQ(check(authenticator, "192.0.2.1", "secret"), right);
  EXPECT_EQ(check(authenticator, "192.0.2.1", "secret"), right);
  EXPECT_EQ(check(authenticator, "192.0.2.1", "Secret"), wrong);
  authenticator.set_users(Users());
  EXPECT_EQ(check(authenticator, "192.0.2.1", "secret"), wrong);
}

}  // namespace
}  // namespace pawl::relay
