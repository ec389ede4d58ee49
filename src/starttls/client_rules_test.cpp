// The rules of client.h, for every protocol, by the names of the attacks they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "starttls/test_client.h"
#include "starttls/test_dialogs.h"

namespace pawl::starttls {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::array kModes = {Mode::never, Mode::if_available, Mode::required};
constexpr std::array kUpgradingModes = {Mode::if_available, Mode::required};

ClientOptions in_mode(Mode mode) {
  ClientOptions options;
  options.mode = mode;
  return options;
}

class Client : public testing::TestWithParam<ServerWords> {
 protected:
  const ServerWords& words() const { return GetParam(); }
  std::string command() const {
    return std::string(row(words().protocol).upgrade_command) + "\r\n";
  }
  bool speaks_first() const {
    return row(words().protocol).first_after_upgrade == FirstAfterUpgrade::client;
  }
  TestClient connect(Mode mode = Mode::required) const {
    return TestClient(words().protocol, in_mode(mode));
  }
  // Up to the upgrade command.
  TestClient asking(Mode mode = Mode::required) const {
    TestClient client = connect(mode);
    std::string last = client.says(words().greeting);
    if (!words().capabilities.empty()) last = client.says(words().capabilities);
    EXPECT_THAT(last, testing::EndsWith(command()));
    return client;
  }
  // Up to the handshake.
  TestClient upgrading(Mode mode = Mode::required) const {
    TestClient client = asking(mode);
    client.says(words().granted);
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::upgrade));
    client.events.clear();
    return client;
  }
  TestClient in_tls(Mode mode = Mode::required) const {
    TestClient client = upgrading(mode);
    client.tls();
    return client;
  }
  TestClient ready(Mode mode = Mode::required) const {
    TestClient client = in_tls(mode);
    client.says(words().in_tls);
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
    client.events.clear();
    return client;
  }
  // To the end of the capabilities, where the offer is not among them.
  TestClient stripped(Mode mode) const {
    TestClient client = connect(mode);
    if (!words().capabilities.empty()) client.says(words().greeting);
    client.says(words().stripped);
    return client;
  }
};

INSTANTIATE_TEST_SUITE_P(Of, Client, testing::ValuesIn(all_words()),
                         [](const auto& param) { return name_of(param.param); });

TEST_P(Client, UpgradesLogsInAndLeaves) {
  for (Mode mode : kUpgradingModes) {
    TestClient client = ready(mode);
    EXPECT_TRUE(client.dialog().secure());
    EXPECT_TRUE(client.dialog().upgrade_offered());
    EXPECT_FALSE(client.dialog().downgrade());
    EXPECT_NE(client.log_in(), "");
    for (const std::string& answer : words().login) client.says(answer);
    client.send(words().command);
    client.says(words().answer);
    EXPECT_THAT(client.dialog().reply(), testing::EndsWith("\r\n"));
    EXPECT_EQ(client.dialog().reply().substr(0, 3), words().answer.substr(0, 3));
    client.log_out();
    client.says(words().goodbye);
    EXPECT_THAT(client.events,
                ElementsAre(ClientEvent::logged_in, ClientEvent::reply, ClientEvent::closed));
  }
}

TEST_P(Client, NeverDoesNotUpgrade) {
  TestClient client = connect(Mode::never);
  client.says(words().greeting);
  if (!words().capabilities.empty()) client.says(words().capabilities);
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  EXPECT_THAT(client.in_clear, Not(HasSubstr(command())));
  EXPECT_FALSE(client.dialog().downgrade());
  EXPECT_TRUE(client.dialog().upgrade_offered());
}

TEST_P(Client, ImplicitTlsHasNoUpgrade) {
  ClientOptions options;
  options.implicit_tls = true;
  TestClient client(words().protocol, options);
  EXPECT_TRUE(client.dialog().secure());
  if (!words().capabilities.empty()) client.says(words().greeting);
  client.says(words().in_tls);
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  EXPECT_NE(client.log_in(), "");
}

TEST_P(Client, StrippedOfferEndsARequiredUpgrade) {
  TestClient client = stripped(Mode::required);
  EXPECT_EQ(client.failure(), Code::starttls_not_offered);
  EXPECT_FALSE(client.dialog().upgrade_offered());
  EXPECT_EQ(client.log_in(), "");
}

TEST_P(Client, StrippedOfferIsReportedWhereTlsIsTakenIfAvailable) {
  TestClient client = stripped(Mode::if_available);
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  ASSERT_TRUE(client.dialog().downgrade());
  EXPECT_EQ(client.dialog().downgrade()->code, Code::starttls_not_offered);
}

TEST_P(Client, RefusedWithEachCode) {
  for (const std::string& refusal : words().refusals) {
    TestClient required = asking(Mode::required);
    EXPECT_EQ(required.says(refusal), "") << refusal;
    EXPECT_EQ(required.failure(), Code::starttls_refused) << refusal;
    TestClient available = asking(Mode::if_available);
    available.says(refusal);
    EXPECT_THAT(available.events, ElementsAre(ClientEvent::ready)) << refusal;
    ASSERT_TRUE(available.dialog().downgrade()) << refusal;
    EXPECT_EQ(available.dialog().downgrade()->code, Code::starttls_refused) << refusal;
  }
}

TEST_P(Client, OnlyTheOneSuccessReplyIsSuccessAndNonsenseIsNoRefusal) {
  for (Mode mode : kUpgradingModes) {
    for (const std::string& reply : words().nonsense) {
      TestClient client = asking(mode);
      EXPECT_EQ(client.says(reply), "") << reply;
      EXPECT_EQ(client.failure(), Code::dialog_protocol) << reply;
      EXPECT_FALSE(client.dialog().secure());
    }
  }
}

TEST_P(Client, OldProtocolIsNoWayAroundARequiredUpgrade) {
  if (words().unknown_question.empty()) return;
  TestClient client = connect();
  client.says(words().greeting);
  EXPECT_EQ(client.says(words().unknown_question), "");
  EXPECT_EQ(client.failure(), Code::starttls_not_offered);
}

TEST_P(Client, OldProtocolIsReportedWhereTlsIsTakenIfAvailable) {
  if (words().unknown_question.empty()) return;
  TestClient client = connect(Mode::if_available);
  client.says(words().greeting);
  std::string next = client.says(words().unknown_question);
  if (next == "HELO localhost\r\n") client.says("250 mail.example.org\r\n");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  ASSERT_TRUE(client.dialog().downgrade());
  EXPECT_EQ(client.dialog().downgrade()->code, Code::starttls_not_offered);
}

TEST_P(Client, ResponseInjection) {
  for (Mode mode : kUpgradingModes) {
    for (const std::string& injected : {words().in_tls, std::string("x"), std::string("\r\n"),
                                        words().granted, std::string(5000, 'x')}) {
      TestClient client = asking(mode);
      EXPECT_EQ(client.says(words().granted + injected), "");
      EXPECT_EQ(client.failure(), Code::starttls_injection);
      EXPECT_FALSE(client.dialog().secure());
    }
  }
}

TEST_P(Client, EarlyBytesBehindTheStarttlsReply) {
  for (Mode mode : kUpgradingModes) {
    TestClient client = upgrading(mode);
    client.says("x");
    EXPECT_EQ(client.failure(), Code::unexpected_greeting);
    EXPECT_EQ(client.tls(), "");
    EXPECT_FALSE(client.dialog().secure());
  }
}

// CVE-2026-42246 and its like: the answer comes before the command.
TEST_P(Client, EarlyTaggedOk) {
  for (Mode mode : kUpgradingModes) {
    // What the tag will be, if there is one.
    std::string tag = asking(mode).tag;
    std::string granted = words().granted;
    if (granted.starts_with("TAG")) granted.replace(0, 3, tag);
    std::string before = words().capabilities.empty() ? words().greeting : words().capabilities;
    TestClient client = connect(mode);
    if (!words().capabilities.empty()) client.says(words().greeting);
    client.says(before + granted);
    EXPECT_EQ(client.failure(), Code::dialog_protocol);
    // The first half of it came before the command went.
    TestClient halved = connect(mode);
    if (!words().capabilities.empty()) halved.says(words().greeting);
    halved.says(before + granted.substr(0, 4));
    if (!halved.failure()) halved.says(granted.substr(4));
    EXPECT_EQ(halved.failure(), Code::dialog_protocol);
  }
}

TEST_P(Client, CapabilityCarryOver) {
  TestClient client = upgrading();
  EXPECT_TRUE(client.dialog().upgrade_offered());
  EXPECT_THAT(client.dialog().capabilities(), Not(IsEmpty()));
  client.tls();
  EXPECT_THAT(client.dialog().capabilities(), IsEmpty());
  client.says(words().without_login);
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  for (std::string_view capability : client.dialog().capabilities()) {
    EXPECT_THAT(std::string(capability), Not(HasSubstr("PLAIN")));
  }
  EXPECT_EQ(client.log_in(), "") << "a login was taken from what was said in clear";
  EXPECT_EQ(client.failure(), Code::auth_failed);
}

TEST_P(Client, StarttlsAfterAuthenticationOrTwice) {
  TestClient client = in_tls();
  if (words().offers_again.empty()) return;
  client.says(words().offers_again);
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready));
  EXPECT_THAT(client.log_in(), Not(HasSubstr(command())));
  EXPECT_EQ(client.says(words().login.front()), "");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::ready, ClientEvent::logged_in));
}

TEST_P(Client, OpossumSpliceAByteBetweenHandshakeAndFirstCommand) {
  if (!speaks_first()) return;
  TestClient client = upgrading();
  client.dialog().tls_established();
  EXPECT_THAT(client.dialog().output(), Not(IsEmpty()));
  client.dialog().feed("x");
  EXPECT_THAT(client.dialog().output(), IsEmpty());
  client.says("");
  EXPECT_EQ(client.failure(), Code::unexpected_greeting);
}

TEST_P(Client, OpossumSpliceAFirstReplyOfTheWrongShape) {
  for (Mode mode : kUpgradingModes) {
    TestClient client = in_tls(mode);
    client.says(words().spliced);
    EXPECT_EQ(client.failure(), Code::unexpected_greeting);
    TestClient in_pieces = in_tls(mode);
    for (char c : words().spliced) in_pieces.says(std::string_view(&c, 1));
    EXPECT_EQ(in_pieces.failure(), Code::unexpected_greeting);
  }
}

TEST_P(Client, OversizedReply) {
  std::string line(limits::kDialogReply + 10, 'x');
  for (int stage = 0; stage < 4; ++stage) {
    TestClient client = stage == 0   ? connect()
                        : stage == 1 ? asking()
                        : stage == 2 ? in_tls()
                                     : ready();
    if (stage == 3) client.send(words().command);
    client.says(line);
    ASSERT_TRUE(client.failure()) << stage;
    EXPECT_THAT(*client.failure(),
                testing::AnyOf(Code::too_large, Code::dialog_protocol, Code::unexpected_greeting));
  }
}

TEST_P(Client, NeverEndingReply) {
  const std::string more = words().protocol == Protocol::imap    ? "* LIST () \"/\" x\r\n"
                           : words().protocol == Protocol::pop3  ? "X\r\n"
                           : words().protocol == Protocol::sieve ? "\"X\" \"y\"\r\n"
                                                                 : "250-X\r\n";
  for (int stage = 0; stage < 3; ++stage) {
    TestClient client = stage == 0 ? connect() : stage == 1 ? in_tls() : ready();
    if (stage == 0 && !words().capabilities.empty()) client.says(words().greeting);
    if (stage == 2) {
      client.send(words().protocol == Protocol::pop3 ? "LIST\r\n" : words().command);
    }
    if (words().protocol == Protocol::pop3) client.says("+OK\r\n");
    if (words().protocol == Protocol::imap && stage < 2) client.says("* CAPABILITY X\r\n");
    std::size_t fed = 0;
    while (!client.failure() && fed < 2 * limits::kDialogReply) {
      client.says(more);
      fed += more.size();
    }
    ASSERT_TRUE(client.failure()) << stage;
    EXPECT_THAT(*client.failure(), testing::AnyOf(Code::too_large, Code::dialog_protocol));
  }
}

TEST_P(Client, ATimeOutIsNeverTheAbsenceOfTls) {
  for (int stage = 0; stage < 3; ++stage) {
    TestClient client = connect(Mode::if_available);
    if (stage > 0) client.says(words().greeting);
    if (stage > 1 && !words().capabilities.empty()) client.says(words().capabilities);
    client.dialog().abort(Error(Code::timeout, "nothing came"));
    client.says("");
    EXPECT_THAT(client.events, ElementsAre(ClientEvent::failed));
    EXPECT_EQ(client.failure(), Code::timeout);
    EXPECT_FALSE(client.dialog().downgrade());
    EXPECT_EQ(client.says(words().granted), "");
  }
}

TEST_P(Client, AnEndIsALostConnectionUnlessItWasTheGoodbye) {
  for (int stage = 0; stage < 3; ++stage) {
    TestClient client = stage == 0 ? connect() : stage == 1 ? asking() : in_tls();
    client.dialog().end_of_input();
    client.says("");
    EXPECT_EQ(client.failure(), Code::connection_lost);
  }
  TestClient client = ready();
  client.log_out();
  client.dialog().end_of_input();
  client.says("");
  EXPECT_THAT(client.events, ElementsAre(ClientEvent::closed));
}

TEST_P(Client, AskUnofferedTellsAStrippedOfferFromNone) {
  for (bool granted : {true, false}) {
    ClientOptions options = in_mode(Mode::required);
    options.ask_unoffered = true;
    TestClient client(words().protocol, options);
    if (!words().capabilities.empty()) client.says(words().greeting);
    EXPECT_THAT(client.says(words().stripped), testing::EndsWith(command()));
    client.says(granted ? words().granted : words().refusals.front());
    if (granted) {
      EXPECT_THAT(client.events, ElementsAre(ClientEvent::upgrade));
    } else {
      EXPECT_EQ(client.failure(), Code::starttls_not_offered);
    }
    EXPECT_FALSE(client.dialog().upgrade_offered());
  }
}

TEST_P(Client, TlsIsNotEstablishedOutOfTurn) {
  TestClient client = asking();
  client.tls();
  EXPECT_FALSE(client.dialog().secure());
}

TEST_P(Client, OutOfTurnNothingOfTheUserLeaves) {
  for (bool login : {true, false}) {
    for (int stage = 0; stage < 3; ++stage) {
      TestClient client = stage == 0 ? connect() : stage == 1 ? asking() : upgrading();
      EXPECT_EQ(login ? client.log_in() : client.send("secret\r\n"), "");
      EXPECT_EQ(client.failure(), Code::internal);
    }
  }
}

TEST_P(Client, ALineBreakInANameIsNoCommand) {
  for (const std::string& user :
       {std::string("joe\r\nx"), std::string("joe\n"), std::string("a\0b", 3)}) {
    TestClient client = ready();
    EXPECT_EQ(client.log_in(user), "");
    EXPECT_EQ(client.failure(), Code::auth_failed);
    TestClient other = ready();
    EXPECT_EQ(other.log_in("joe", user), "");
    EXPECT_EQ(other.failure(), Code::auth_failed);
  }
}

TEST_P(Client, AnUnaskedReplyEndsTheSession) {
  TestClient client = ready();
  client.says(words().protocol == Protocol::imap ? "x OK done\r\n" : words().answer);
  EXPECT_EQ(client.failure(), Code::dialog_protocol);
  TestClient twice = ready();
  twice.send(words().command);
  twice.says(words().answer + (words().protocol == Protocol::imap ? "x OK\r\n" : words().answer));
  EXPECT_EQ(twice.failure(), Code::dialog_protocol);
}

// Events that depend on where a segment ends would be an attacker's choice.
TEST_P(Client, GoesTheSameWayHoweverItIsSplit) {
  for (Mode mode : kModes) {
    for (std::size_t size : {1U, 2U, 3U, 7U}) {
      TestClient client = connect(mode);
      std::string output;
      auto says = [&](std::string text) {
        for (std::size_t at = 0; (at = text.find("TAG")) != std::string::npos;) {
          text.replace(at, 3, client.tag);
        }
        for (std::size_t at = 0; at < text.size(); at += size) {
          output += client.says(text.substr(at, size));
        }
      };
      says(words().greeting);
      if (!words().capabilities.empty()) says(words().capabilities);
      if (mode != Mode::never) {
        says(words().granted);
        output += client.tls();
        says(words().in_tls);
      }
      output += client.log_in();
      says(words().login.front());
      EXPECT_EQ(client.events.back(), ClientEvent::logged_in);
      EXPECT_EQ(client.events.size(), mode == Mode::never ? 2U : 3U);
    }
  }
}

}  // namespace
}  // namespace pawl::starttls
