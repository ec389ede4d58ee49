#include "lab/attacked_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::lab {
namespace {

class Attacked : public ::testing::Test {
 protected:
  void SetUp() override {
    auto grounds = Grounds::make();
    ASSERT_TRUE(grounds) << grounds.error().sentence();
    grounds_ = std::move(*grounds);
  }
  std::unique_ptr<AttackedServer> open(std::string_view attack,
                                       starttls::Protocol protocol = starttls::Protocol::imap) {
    auto opened = AttackedServer::open(
        *grounds_, {.protocol = protocol, .attack = find_upgrade_attack(attack)});
    EXPECT_TRUE(opened) << opened.error().sentence();
    return opened ? std::move(*opened) : nullptr;
  }
  std::unique_ptr<Grounds> grounds_;
};

TEST_F(Attacked, TheAttackerStandsOnLoopbackOnly) {
  for (const char* outside : {"192.0.2.1", "10.0.0.1", "0.0.0.0", "2001:db8::1", "::"}) {
    auto opened = AttackedServer::open(
        *grounds_, {.attack = find_upgrade_attack("strip"), .at = {*IpAddress::parse(outside), 0}});
    ASSERT_FALSE(opened) << outside;
    EXPECT_EQ(opened.error().code, Code::permission) << outside;
  }
}

TEST_F(Attacked, AnAttackThatTheProtocolDoesNotKnowIsRefused) {
  for (auto [attack, protocol, implicit] : {std::tuple("preauth", starttls::Protocol::pop3, false),
                                            std::tuple("splice", starttls::Protocol::sieve, false),
                                            std::tuple("strip", starttls::Protocol::imap, true)}) {
    auto opened = AttackedServer::open(
        *grounds_,
        {.protocol = protocol, .implicit_tls = implicit, .attack = find_upgrade_attack(attack)});
    ASSERT_FALSE(opened) << attack;
    EXPECT_EQ(opened.error().code, Code::invalid_argument) << attack;
  }
}

TEST_F(Attacked, WhoSaysNothingLeaksNothingAndWhoSaysAllLeaksAll) {
  auto silent = open("strip");
  ASSERT_TRUE(silent);
  EXPECT_FALSE(silent->judge().leaked());

  auto attacked = open("strip");
  ASSERT_TRUE(attacked);
  auto socket = connect_to(attacked->front());
  ASSERT_TRUE(socket);
  Connection client(*socket);
  ASSERT_TRUE(client.read_line());
  ASSERT_TRUE(client.write("a LOGIN " + grounds_->secrets.user + " " + grounds_->secrets.password +
                           "\r\n"));
  auto reply = client.read_line();
  ASSERT_TRUE(reply);
  EXPECT_THAT(*reply, ::testing::StartsWith("a OK"));
  const Judgement judged = attacked->judge();
  EXPECT_EQ(judged.leak.text(), "user name, password");
  EXPECT_GT(judged.bytes_leaked, grounds_->secrets.password.size());
  EXPECT_TRUE(judged.got(Deposit::Kind::login));
  EXPECT_TRUE(judged.consistent());
  EXPECT_FALSE(judged.spoke_in_tls);
}

TEST_F(Attacked, PreauthIsAnsweredByTheAttackerWhoKeepsWhatIsAppended) {
  auto attacked = open("preauth");
  ASSERT_TRUE(attacked);
  auto socket = connect_to(attacked->front());
  ASSERT_TRUE(socket);
  Connection client(*socket);
  EXPECT_THAT(*client.read_line(), ::testing::StartsWith("* PREAUTH"));
  ASSERT_TRUE(client.write("a APPEND Sent {" + std::to_string(grounds_->message.size()) + "}\r\n"));
  EXPECT_THAT(*client.read_line(), ::testing::StartsWith("+"));
  ASSERT_TRUE(client.write(grounds_->message + "\r\n"));
  EXPECT_THAT(*client.read_line(), ::testing::StartsWith("a OK"));
  const Judgement judged = attacked->judge();
  EXPECT_TRUE(judged.leak.content);
  EXPECT_EQ(judged.used_forged, true);
}

TEST_F(Attacked, TheSecretsAreNewInEachRun) {
  auto other = Grounds::make();
  ASSERT_TRUE(other);
  EXPECT_NE((*other)->secrets.password, grounds_->secrets.password);
  EXPECT_NE((*other)->secrets.content, grounds_->secrets.content);
}

}  // namespace
}  // namespace pawl::lab
