// Our client against our server, in memory, in every protocol and mode.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "starttls/client.h"
#include "starttls/server.h"

namespace pawl::starttls {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kPassword = "open-Sesame";

// A client that logs in and leaves, and whom he talks to.
class Pair {
 public:
  Pair(const ProtocolRow& protocol, Mode mode, ServerOptions options)
      : client_(protocol.make_client(
            protocol, {.mode = mode, .implicit_tls = options.implicit_tls, .client_name = "c"})),
        server_(protocol.make_server(protocol, std::move(options))) {}

  // Until both wait.
  void run() {
    for (int turn = 0; turn < 50 && !server_over_; ++turn) {
      bool moved = serve();
      while (auto event = client_->next_event()) {
        events.push_back(*event);
        act(*event);
        moved = true;
      }
      std::string bytes(client_->output());
      if (!bytes.empty()) {
        client_->sent();
        (client_->secure() ? in_tls : in_clear) += bytes;
        if (!tls_due_) server_->feed(bytes);
        moved = true;
      }
      if (!moved) return;
    }
  }

  ClientDialog& client() { return *client_; }
  std::vector<ClientEvent> events;
  std::vector<std::string> tried;
  std::string in_clear;  // of the client
  std::string in_tls;
  bool owned = false;
  int handshakes = 0;

 private:
  bool serve() {
    bool moved = false;
    while (!owned) {
      ServerEvent event = server_->next();
      if (event == ServerEvent::authenticate) {
        tried.emplace_back(server_->user());
        server_->password().reveal() == kPassword ? server_->accept() : server_->refuse();
        continue;
      }
      owned = event == ServerEvent::established;
      server_over_ = event == ServerEvent::closed || event == ServerEvent::injection;
      std::string bytes(server_->output());
      server_->sent();
      moved = moved || !bytes.empty();
      if (!bytes.empty()) client_->feed(bytes);
      tls_due_ = event == ServerEvent::start_tls;
      break;
    }
    return moved;
  }

  void act(ClientEvent event) {
    if (event == ClientEvent::upgrade) {
      ASSERT_TRUE(tls_due_);
      tls_due_ = false;
      ++handshakes;
      server_->tls_started();
      client_->tls_established();
    }
    if (event == ClientEvent::ready) client_->log_in("joe", Secret(std::string(kPassword)));
  }

  std::unique_ptr<ClientDialog> client_;
  std::unique_ptr<ServerDialog> server_;
  bool tls_due_ = false;
  bool server_over_ = false;
};

class Pairing : public testing::TestWithParam<ProtocolRow> {
 protected:
  Pair meet(Mode mode, ServerOptions options = {.hostname = "mail.example.org"}) const {
    Pair pair(GetParam(), mode, std::move(options));
    pair.run();
    return pair;
  }
};

TEST_P(Pairing, UpgradesAndLogsIn) {
  for (Mode mode : {Mode::required, Mode::if_available}) {
    SCOPED_TRACE(name(mode));
    Pair pair = meet(mode);
    EXPECT_EQ(pair.handshakes, 1);
    EXPECT_THAT(pair.tried, testing::ElementsAre("joe"));
    EXPECT_TRUE(pair.owned);
    EXPECT_THAT(pair.events, Contains(ClientEvent::logged_in));
    EXPECT_FALSE(pair.client().downgrade());
    EXPECT_EQ(pair.in_clear.find("joe"), std::string::npos);
    EXPECT_EQ(pair.in_clear.find("am9l"), std::string::npos);
    EXPECT_EQ(pair.in_clear.find("AGpv"), std::string::npos);
  }
}

TEST_P(Pairing, LogsInByImplicitTls) {
  for (Mode mode : {Mode::required, Mode::if_available, Mode::never}) {
    SCOPED_TRACE(name(mode));
    Pair pair = meet(mode, {.hostname = "mail.example.org", .implicit_tls = true});
    EXPECT_EQ(pair.handshakes, 0);
    EXPECT_TRUE(pair.owned);
    EXPECT_THAT(pair.tried, testing::ElementsAre("joe"));
    EXPECT_EQ(pair.in_clear, "");
  }
}

TEST_P(Pairing, NothingIsLoggedInWhereTlsIsNotOffered) {
  for (Mode mode : {Mode::required, Mode::if_available, Mode::never}) {
    SCOPED_TRACE(name(mode));
    Pair pair = meet(mode, {.hostname = "mail.example.org", .starttls = false});
    EXPECT_THAT(pair.tried, IsEmpty());
    EXPECT_FALSE(pair.owned);
    EXPECT_THAT(pair.events, Not(Contains(ClientEvent::logged_in)));
    if (mode == Mode::required) {
      EXPECT_THAT(pair.events, Contains(ClientEvent::failed));
      EXPECT_EQ(pair.client().error().code, Code::starttls_not_offered);
      EXPECT_EQ(pair.in_clear.find("joe"), std::string::npos);
    } else {
      EXPECT_EQ(pair.client().downgrade().has_value(), mode == Mode::if_available);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Pairing, testing::ValuesIn(protocols().begin(), protocols().end()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace pawl::starttls
