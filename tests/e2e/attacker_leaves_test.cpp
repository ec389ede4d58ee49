// Mail for a destination under attack waits, is told of, and arrives once the attacker leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "lab/attack.h"
#include "lab/namespace.h"
#include "lab/relay_postman.h"

namespace pawl::lab {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::chrono::seconds kPatience{30};
const std::string kLetter = "Subject: plans\r\n\r\nThe word is: ratchet.\r\n";

class EndToEnd : public ::testing::TestWithParam<std::tuple<std::string, Attack>> {
 protected:
  void SetUp() override {
    auto entered = enter_namespace();
    ASSERT_TRUE(entered) << entered.error().sentence();
    auto world = World::make();
    ASSERT_TRUE(world) << world.error().sentence();
    world_ = std::move(*world);
    auto destination = build(*world_, *find_destination(std::get<0>(GetParam())), "site");
    ASSERT_TRUE(destination) << destination.error().sentence();
    destination_ = std::move(*destination);
    auto started = world_->start();
    ASSERT_TRUE(started) << started.error().sentence();
    auto relay = start_relay(*world_);
    ASSERT_TRUE(relay) << relay.error().sentence();
    relay_ = std::move(*relay);
  }
  bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  std::unique_ptr<World> world_;
  Destination destination_;
  std::unique_ptr<RelayPostman> relay_;
};

TEST_P(EndToEnd, MailStaysQueuedAndAlertsAndIsDeliveredOnceTheAttackerLeaves) {
  const Attack attack = std::get<1>(GetParam());
  if (destination_.policy != nullptr) {
    // So that the promise has been heard.
    ASSERT_TRUE(relay_->send("first@" + destination_.domain, kLetter));
    ASSERT_TRUE(world_->delivered().wait_for("first@" + destination_.domain, kPatience));
    world_->hang_up_all();
  }
  ASSERT_TRUE(mount(*world_, destination_, attack));
  const std::string recipient = destination_.recipient();
  ASSERT_TRUE(relay_->send(recipient, kLetter));
  EXPECT_TRUE(eventually([&] { return relay_->account(recipient).deferrals >= 2; }));
  EXPECT_TRUE(relay_->account(recipient).alerted) << relay_->account(recipient).reason;
  EXPECT_FALSE(relay_->account(recipient).failed) << "an early bounce is lost mail";
  EXPECT_THAT(world_->delivered().to(recipient), IsEmpty());
  EXPECT_THAT(world_->stolen().all(), IsEmpty());

  ASSERT_TRUE(dismount(*world_, destination_, attack));
  EXPECT_TRUE(world_->delivered().wait_for(recipient, kPatience))
      << relay_->account(recipient).reason;
  ASSERT_THAT(world_->delivered().to(recipient), SizeIs(1));
  EXPECT_TRUE(world_->delivered().to(recipient)[0].over_tls);
  EXPECT_EQ(destination_.bytes_leaked(), 0U) << destination_.leaked_excerpt();
}

INSTANTIATE_TEST_SUITE_P(DaneAndMtaSts, EndToEnd,
                         ::testing::Combine(::testing::Values("dane-ee", "dane-ta", "sts-enforce"),
                                            ::testing::Values(Attack::capability_removed,
                                                              Attack::starttls_500,
                                                              Attack::certificate_self_signed,
                                                              Attack::spliced_to_implicit)),
                         [](const auto& tried) {
                           std::string text = std::get<0>(tried.param) + "_" +
                                              std::string(row(std::get<1>(tried.param)).name);
                           std::ranges::replace(text, '-', '_');
                           return text;
                         });

// If nothing is promised the same attack reads all: the lab is not blind.
class NotBlind : public EndToEnd {};

TEST_P(NotBlind, WhereNothingIsPromisedTheAttackerReadsTheMailAndItIsCounted) {
  ASSERT_TRUE(mount(*world_, destination_, std::get<1>(GetParam())));
  const std::string recipient = destination_.recipient();
  ASSERT_TRUE(relay_->send(recipient, kLetter));
  EXPECT_TRUE(eventually([&] {
    return !world_->delivered().to(recipient).empty() || !world_->stolen().to(recipient).empty();
  }));
  EXPECT_GE(destination_.bytes_leaked(), kLetter.size());
}

INSTANTIATE_TEST_SUITE_P(Opportunistic, NotBlind,
                         ::testing::Values(std::tuple("opportunistic", Attack::capability_removed),
                                           std::tuple("opportunistic", Attack::capability_masked),
                                           std::tuple("opportunistic",
                                                      Attack::certificate_other_ca),
                                           std::tuple("no-tls", Attack::none)));

}  // namespace
}  // namespace pawl::lab
