// What a dialog cannot say: calls out of turn, large transactions, content in pieces, and the
// invariant of promise 1 under every answer a host can give.
#include "smtp/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace pawl::smtp {
namespace {

ClientOptions options(bool tls_required = false, bool secure = false) {
  ClientOptions options;
  options.helo = "relay.example.net";
  options.tls_required = tls_required;
  options.secure = secure;
  return options;
}

std::vector<ClientEvent> drain(Client& client) {
  std::vector<ClientEvent> events;
  while (auto event = client.next_event()) events.push_back(*event);
  return events;
}

struct Mail {
  explicit Mail(std::size_t recipients, std::uint64_t size = 3) {
    envelope.sender = "joe@example.org";
    envelope.recipients.resize(recipients);
    for (Recipient& r : envelope.recipients) {
      r.address = "ann@example.com";
      transaction.recipients.push_back(&r);
    }
    transaction.envelope = &envelope;
    transaction.size = size;
  }
  Envelope envelope;
  Transaction transaction;
};

Client ready_client(const std::string& keywords) {
  Client client(options(false, true));
  client.feed("220 mx\r\n");
  client.take();
  client.feed("250-mx\r\n" + keywords + "250 OK\r\n");
  EXPECT_THAT(drain(client), testing::ElementsAre(ClientEvent::ready));
  return client;
}

TEST(Client, BytesInsideTlsBeforeTheFirstCommandEndTheSession) {
  Client client(options());
  client.feed("220 mx\r\n");
  client.take();
  client.feed("250-mx\r\n250 STARTTLS\r\n");
  client.take();
  client.feed("220 go\r\n");
  ASSERT_THAT(drain(client), testing::ElementsAre(ClientEvent::upgrade));
  EXPECT_TRUE(client.capabilities().starttls);
  client.tls_established();
  EXPECT_EQ(client.capabilities(), Capabilities());  // said in clear: never said
  client.feed("250-mx\r\n250 SIZE 1\r\n");
  EXPECT_THAT(drain(client), testing::ElementsAre(ClientEvent::failed));
  EXPECT_EQ(client.error().code, Code::unexpected_greeting);
  EXPECT_EQ(client.take(), "");
}

TEST(Client, AReplyThatNobodyAskedForEndsTheSession) {
  Client client = ready_client("");
  client.feed("250 more\r\n");
  EXPECT_THAT(drain(client), testing::ElementsAre(ClientEvent::failed));
  EXPECT_EQ(client.error().code, Code::smtp_protocol);
}

TEST(Client, AnIdleHostMaySayGoodbye) {
  Client client = ready_client("");
  client.feed("421 4.4.2 idle too long\r\n");
  EXPECT_THAT(drain(client), testing::ElementsAre(ClientEvent::failed));
  EXPECT_EQ(client.error().code, Code::smtp_temporary);
}

TEST(Client, ALineBreakInAnAddressNeverBecomesACommand) {
  Client client = ready_client("250-PIPELINING\r\n");
  Mail mail(1);
  mail.envelope.recipients[0].address = "a@example.com>\r\nRCPT TO:<b@example.com";
  client.begin(mail.transaction);
  EXPECT_THAT(drain(client), testing::ElementsAre(ClientEvent::outcome, ClientEvent::failed));
  EXPECT_EQ(client.take(), "");
}

TEST(Client, AFlightIsBoundedSoThatBothSidesCannotWaitForEachOther) {
  Client client = ready_client("250-PIPELINING\r\n");
  Mail mail(500);
  client.begin(mail.transaction);
  std::string flight = client.take();
  EXPECT_EQ(std::ranges::count(flight, '\n'), 100);
  std::size_t commands = 100;
  std::size_t answered = 0;
  while (answered < 501) {
    client.feed("250 ok\r\n");
    ++answered;
    commands += static_cast<std::size_t>(std::ranges::count(client.take(), '\n'));
    EXPECT_LE(commands - answered, 100U);
  }
  EXPECT_EQ(commands, 502U);  // MAIL, 500 RCPT, DATA
}

TEST(Client, LargeContentWaitsUntilARecipientWantsIt) {
  Client client = ready_client("250-PIPELINING\r\n250-CHUNKING\r\n");
  Mail mail(1, 1000000);
  client.begin(mail.transaction);
  EXPECT_THAT(client.take(), testing::Not(testing::HasSubstr("BDAT")));
  client.feed("250 ok\r\n250 ok\r\n");
  EXPECT_THAT(drain(client), testing::ElementsAre(ClientEvent::want_content));
  EXPECT_EQ(client.take(), "BDAT 1000000 LAST\r\n");
}

TEST(Client, ContentOfAnotherLengthThanAnnouncedEndsTheSession) {
  for (const char* content : {"x\r\nmore\r\n", "x"}) {
    Client client = ready_client("250-PIPELINING\r\n250-CHUNKING\r\n");
    Mail mail(1, 3);
    client.begin(mail.transaction);
    drain(client);
    client.content(content);
    client.end_content();
    EXPECT_THAT(drain(client), testing::ElementsAre(ClientEvent::outcome, ClientEvent::failed));
  }
}

TEST(Client, ARefusalAmidTheContentDecidesAndEndsTheSession) {
  Client client = ready_client("");
  Mail mail(1);
  client.begin(mail.transaction);
  client.feed("250 ok\r\n");
  client.feed("250 ok\r\n");
  client.feed("354 go\r\n");
  drain(client);
  client.content("x\r\n");
  client.feed("552 5.3.4 too big\r\n");
  EXPECT_THAT(drain(client), testing::ElementsAre(ClientEvent::outcome, ClientEvent::failed));
  EXPECT_EQ(client.result().recipients[0].error->code, Code::smtp_permanent);
  EXPECT_FALSE(client.result().in_doubt);
}

// Promise 1, against hosts that say anything at all, in any order, any number of times.
TEST(Client, NothingButTheUpgradeLeavesInClearWhereTlsIsRequired) {
  const std::vector<std::string> replies = {
      "220 mx\r\n",
      "250 ok\r\n",
      "250-mx\r\n250 STARTTLS\r\n",
      "250-mx\r\n250 PIPELINING\r\n",
      "354 go\r\n",
      "454 no\r\n",
      "502 no\r\n",
      "235 ok\r\n",
      "334 \r\n",
      "421 bye\r\n",
      "250-mx\r\n250 AUTH PLAIN\r\n",
      "250-mx\r\n250 CHUNKING\r\n",
      "250-mx\r\n250-AUTH PLAIN LOGIN\r\n250-PIPELINING\r\n250 CHUNKING\r\n"};
  std::mt19937 random(8461);
  auto credentials = std::make_shared<Credentials>();
  credentials->user = "joe";
  credentials->password = Secret("sesame");
  for (int round = 0; round < 20000; ++round) {
    ClientOptions o = options(true);
    if (round % 2 == 0) o.credentials = credentials;
    if (round % 3 == 0) o.tls_forbidden = true;
    Client client(std::move(o));
    Mail mail(2);
    std::string sent;
    for (int step = 0; step < 8; ++step) {
      client.feed(replies[random() % replies.size()]);
      while (auto event = client.next_event()) {
        // A driver that gets everything wrong: it never upgrades and always goes on.
      }
      client.begin(mail.transaction);
      client.content("x\r\n");
      client.end_content();
      client.quit();
      sent += client.take();
    }
    std::string rest = sent;
    for (std::string_view allowed : {"EHLO relay.example.net\r\n", "STARTTLS\r\n"}) {
      for (std::size_t at; (at = rest.find(allowed)) != rest.npos;) rest.erase(at, allowed.size());
    }
    ASSERT_EQ(rest, "") << sent;
  }
}

TEST(ContentEncoder, GivesTheSameInPiecesOfAnyLength) {
  std::string content = ".\r\n..\r\na.b\r\n.\r\n\r\nend\r\n.";
  for (bool dots : {true, false}) {
    std::string whole;
    ContentEncoder encoder(dots);
    ASSERT_TRUE(encoder.add(content, whole) && encoder.finish(whole));
    for (std::size_t length = 1; length < content.size(); ++length) {
      std::string pieces;
      ContentEncoder other(dots);
      for (std::size_t at = 0; at < content.size(); at += length) {
        ASSERT_TRUE(other.add(std::string_view(content).substr(at, length), pieces));
      }
      ASSERT_TRUE(other.finish(pieces));
      EXPECT_EQ(pieces, whole) << length;
    }
    EXPECT_EQ(whole, dots ? "..\r\n...\r\na.b\r\n..\r\n\r\nend\r\n..\r\n.\r\n" : content);
  }
}

// A bare line ending in front of a dot is how one message becomes two (SMTP smuggling).
TEST(ContentEncoder, RefusesABareCrOrLfWhereverAPieceEnds) {
  for (std::string content : {"a\n.\r\n", "a\r.\r\n", "a\r\r\n.\r\n", "\n", "a\r"}) {
    for (std::size_t cut = 0; cut <= content.size(); ++cut) {
      for (bool dots : {true, false}) {
        ContentEncoder encoder(dots);
        std::string out;
        bool taken = encoder.add(content.substr(0, cut), out) &&
                     encoder.add(content.substr(cut), out) && encoder.finish(out);
        EXPECT_FALSE(taken) << testing::PrintToString(content) << " cut at " << cut;
      }
    }
  }
}

}  // namespace
}  // namespace pawl::smtp
