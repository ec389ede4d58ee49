// The gate and the bounds hold whatever a protocol does: shown on one that does everything wrong.
#include "starttls/upgrading_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::starttls {
namespace {

// Tells everybody its name, and takes every line for what it waits for.
class Careless final : public UpgradingClient {
 public:
  explicit Careless(ClientOptions options)
      : UpgradingClient(row(Protocol::pop3), std::move(options)) {}

 private:
  Result<std::size_t> unit_length(std::string_view input) const override {
    return line_end(input, 0);
  }
  void on_unit(std::string_view unit) override {
    if (stage() == Stage::greeting) return greeted();
    if (stage() == Stage::capabilities) {
      add_capability(unit.substr(0, unit.size() - 2));
      return capabilities_known(true);
    }
    if (stage() == Stage::upgrade) return upgrade_answered(Answer::granted);
    if (stage() == Stage::command) return command_answered();
  }
  void ask_capabilities() override { put(Carries::user_data, {"IAM joe\r\n"}); }
  void ask_upgrade() override { put(Carries::negotiation, {"STLS\r\n"}); }
  void start_login(std::string_view user, const Secret& /*password*/) override {
    put(Carries::user_data, {"USER ", user, "\r\n"});
  }
  void start_command(std::string_view command) override { put(Carries::user_data, {command}); }
  void start_goodbye() override { put(Carries::negotiation, {"QUIT\r\n"}); }
};

TEST(UpgradingClient, WithTlsRequiredTheGateHoldsBackWhatAProtocolWouldTellInClear) {
  Careless client{ClientOptions()};
  client.feed("hello\r\n");
  EXPECT_EQ(client.output(), "");
  EXPECT_EQ(client.next_event(), ClientEvent::failed);
  EXPECT_EQ(client.error().code, Code::starttls_not_offered);
}

TEST(UpgradingClient, TheGateIsOpenInsideTls) {
  ClientOptions options;
  options.implicit_tls = true;
  Careless client(options);
  client.feed("hello\r\n");
  EXPECT_EQ(client.output(), "IAM joe\r\n");
}

TEST(UpgradingClient, TheGateIsOpenWhereNothingIsRequired) {
  for (Mode mode : {Mode::never, Mode::if_available}) {
    ClientOptions options;
    options.mode = mode;
    Careless client(options);
    client.feed("hello\r\n");
    EXPECT_EQ(client.output(), "IAM joe\r\n");
  }
}

TEST(UpgradingClient, CapabilitiesStayValidWhileTheyGrow) {
  ClientOptions options;
  options.mode = Mode::never;
  Careless client(options);
  client.feed("hello\r\n");
  client.sent();
  std::string capability(3000, 'x');
  client.feed(capability + "\r\n");
  EXPECT_THAT(client.capabilities(), testing::ElementsAre(capability));
}

TEST(UpgradingClient, AfterAFailureNothingMoves) {
  Careless client{ClientOptions()};
  client.abort(Error(Code::timeout, ""));
  client.abort(Error(Code::internal, ""));
  client.feed("hello\r\n");
  client.end_of_input();
  client.log_in("joe", Secret("sesame"));
  client.send("x\r\n");
  client.log_out();
  EXPECT_EQ(client.next_event(), ClientEvent::failed);
  EXPECT_EQ(client.next_event(), std::nullopt);
  EXPECT_EQ(client.output(), "");
  EXPECT_EQ(client.error().code, Code::timeout);
}

}  // namespace
}  // namespace pawl::starttls
