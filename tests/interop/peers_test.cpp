// The peers themselves: that both servers come up here and take mail, so that a failure elsewhere
// is not one of the test bed.
#include "tests/interop/peers.h"

#include <gtest/gtest.h>

#include "lab/namespace.h"

namespace pawl::interop {
namespace {

class Peers : public testing::Test {
 protected:
  void SetUp() override {
    auto entered = lab::enter_namespace();
    ASSERT_TRUE(entered) << entered.error().sentence();
    scratch_.emplace(*lab::Scratch::make());
    auto mounted = mount_peers();
    ASSERT_TRUE(mounted) << mounted.error().sentence();
  }
  std::optional<lab::Scratch> scratch_;
};

TEST_F(Peers, PostfixHandsMailToEximAsItsSmarthost) {
  Endpoint exim_at{IpAddress::v4(127, 0, 0, 20), 25};
  auto exim = Exim::start(*scratch_, {.name = "exim", .hostname = "exim.test", .listen = exim_at});
  ASSERT_TRUE(exim) << exim.error().sentence();
  Endpoint postfix_at{IpAddress::v4(127, 0, 0, 10), 25};
  auto postfix = Postfix::start(*scratch_, {.name = "postfix",
                                            .hostname = "postfix.test",
                                            .listen = postfix_at,
                                            .relay_host = "[127.0.0.20]"});
  ASSERT_TRUE(postfix) << postfix.error().sentence();
  auto sent = swaks(postfix_at, "alice@postfix.test", "bob@example.test");
  ASSERT_TRUE(sent) << sent.error().sentence();
  EXPECT_TRUE(eventually([&] { return (*exim)->delivered().size() == 1; }))
      << (*postfix)->log() << (*exim)->log();
}

TEST_F(Peers, EximHandsMailToPostfixAsItsSmarthost) {
  Endpoint postfix_at{IpAddress::v4(127, 0, 0, 10), 25};
  auto postfix = Postfix::start(
      *scratch_, {.name = "postfix", .hostname = "postfix.test", .listen = postfix_at});
  ASSERT_TRUE(postfix) << postfix.error().sentence();
  Endpoint exim_at{IpAddress::v4(127, 0, 0, 20), 25};
  auto exim = Exim::start(
      *scratch_,
      {.name = "exim", .hostname = "exim.test", .listen = exim_at, .smarthost = "127.0.0.10"});
  ASSERT_TRUE(exim) << exim.error().sentence();
  auto sent = swaks(exim_at, "alice@exim.test", "bob@example.test");
  ASSERT_TRUE(sent) << sent.error().sentence();
  EXPECT_TRUE(eventually([&] { return (*postfix)->delivered().size() == 1; }))
      << (*postfix)->log() << (*exim)->log();
}

}  // namespace
}  // namespace pawl::interop
