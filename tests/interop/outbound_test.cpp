// The relay's outgoing half against the real Postfix and Exim: pipelining, CHUNKING, DSN
// parameters, dots, several recipients, kept connections, and a certificate that must hold.
#include "relay/outbound.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/namespace.h"
#include "net/dial.h"
#include "tests/interop/peers.h"
#include "tls/authority.h"

namespace pawl::interop {
namespace {

using testing::HasSubstr;

const std::string kContent =
    "Subject: dots\r\nFrom: alice@pawl.test\r\n\r\n.one\r\n..two\r\n.\r\nend of it\r\n";

class OutboundPeers : public testing::Test {
 protected:
  void SetUp() override {
    auto entered = lab::enter_namespace();
    ASSERT_TRUE(entered) << entered.error().sentence();
    scratch_.emplace(*lab::Scratch::make());
    auto mounted = mount_peers();
    ASSERT_TRUE(mounted) << mounted.error().sentence();
    tls::Identity made = *authority_.issue(tls::leaf_for({"mx.test"}, now_));
    identity_.certificate_file = *scratch_->write("mx.pem", made.certificate_pem);
    identity_.key_file = *scratch_->write("mx.key", made.key_pem);
  }

  // Delivers `count` messages to the host at `address`, one after the other.
  std::vector<relay::DeliveryResult> deliver(IpAddress address, const std::string& certificate_name,
                                             int count) {
    tls::ClientContextOptions tls;
    tls.ca_pem = authority_.certificate_pem();
    relay::OutboundSettings settings;
    settings.helo = "relay.pawl.test";
    relay::OutboundServices services;
    services.tls = *tls::make_client_context(tls);
    services.clock = &clock_;
    services.rules = [rules = std::make_shared<const policy::Rules>()] { return rules; };
    services.dial = [](Endpoint to, MonoTime until) { return net::dial(to, until); };
    services.decide = [certificate_name](const policy::Facts&, const policy::Rules&,
                                         const policy::MessageDemands&, WallTime) {
      policy::Verdict verdict;
      verdict.host = *dns::Name::parse("mx.test");
      verdict.tls_required = true;
      verdict.profile.sni = "mx.test";
      verdict.profile.pkix = tls::PkixDemand{{certificate_name}, {}};
      policy::Plan plan;
      plan.verdicts = {verdict};
      return plan;
    };
    relay::Outbound outbound(settings, services);
    std::vector<relay::DeliveryResult> results;
    auto run = [](relay::Outbound* out, IpAddress to, int many,
                  std::vector<relay::DeliveryResult>* into) -> net::Task<> {
      for (int i = 0; i < many; ++i) {
        relay::DeliveryJob job;
        job.next_hop.literal = to;
        job.message.envelope.sender = "alice@pawl.test";
        job.message.envelope.envid = "id=" + std::to_string(i);
        for (const char* address : {"bob@example.test", "carol@example.test"}) {
          store::QueuedRecipient recipient;
          recipient.recipient.address = address;
          recipient.recipient.notify = smtp::Notify{.failure = true};
          job.message.recipients.push_back(recipient);
        }
        job.message.content.memory = std::make_shared<const std::string>(kContent);
        job.message.content.size = kContent.size();
        CO_TRY(auto result, co_await out->deliver(std::move(job)));
        into->push_back(std::move(result));
      }
      co_return Result<>();
    };
    auto done = loop_.run_until_done(run(&outbound, address, count, &results));
    EXPECT_TRUE(done) << done.error().sentence();
    return results;
  }

  void expect_delivered(const std::vector<relay::DeliveryResult>& results) {
    for (const auto& result : results) {
      for (const auto& outcome : result.outcomes) {
        EXPECT_EQ(outcome.state, relay::RecipientOutcome::State::delivered)
            << (outcome.error ? outcome.error->sentence() : "");
      }
      ASSERT_EQ(result.attempts.size(), 1U);
      EXPECT_EQ(result.attempts[0].reached, policy::Protection::authenticated);
    }
  }

  net::SystemClock clock_;
  WallTime now_ = clock_.now();
  tls::Authority authority_ = *tls::Authority::make("Interop Root", now_);
  net::Loop loop_;
  Identity identity_;
  std::optional<lab::Scratch> scratch_;
};

void expect_intact(const std::vector<std::string>& messages) {
  for (std::string message : messages) {
    std::erase(message, '\r');
    EXPECT_THAT(message, HasSubstr("\n.one\n..two\n.\nend of it\n"));
  }
}

TEST_F(OutboundPeers, PostfixTakesManyMessagesOverOneVerifiedConnection) {
  Endpoint at{IpAddress::v4(127, 0, 0, 30), 25};
  auto postfix = Postfix::start(
      *scratch_, {.name = "postfix", .hostname = "mx.test", .listen = at, .identity = identity_});
  ASSERT_TRUE(postfix) << postfix.error().sentence();
  expect_delivered(deliver(at.address, "mx.test", 20));
  EXPECT_TRUE(eventually([&] { return (*postfix)->delivered().size() == 40; }))
      << (*postfix)->delivered().size() << (*postfix)->log();
  expect_intact((*postfix)->delivered());
}

TEST_F(OutboundPeers, EximTakesThemToo) {
  Endpoint at{IpAddress::v4(127, 0, 0, 31), 25};
  auto exim = Exim::start(
      *scratch_, {.name = "exim", .hostname = "mx.test", .listen = at, .identity = identity_});
  ASSERT_TRUE(exim) << exim.error().sentence();
  expect_delivered(deliver(at.address, "mx.test", 5));
  EXPECT_TRUE(eventually([&] { return (*exim)->delivered().size() >= 5; })) << (*exim)->log();
  expect_intact((*exim)->delivered());
}

TEST_F(OutboundPeers, PostfixWithAnotherNameGetsNothing) {
  Endpoint at{IpAddress::v4(127, 0, 0, 32), 25};
  auto postfix = Postfix::start(
      *scratch_, {.name = "postfix", .hostname = "mx.test", .listen = at, .identity = identity_});
  ASSERT_TRUE(postfix) << postfix.error().sentence();
  auto results = deliver(at.address, "other.test", 1);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].outcomes[0].state, relay::RecipientOutcome::State::deferred);
  EXPECT_EQ(results[0].outcomes[0].error->code, Code::certificate_host_mismatch);
  EXPECT_THAT((*postfix)->log(), testing::Not(HasSubstr("alice@pawl.test")));
}

}  // namespace
}  // namespace pawl::interop
