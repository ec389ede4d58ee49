// Our client against every service of the real Postfix, Exim and Dovecot: it upgrades, verifies,
// logs in and leaves something; it refuses a wrong certificate before it says who it is; and the
// detector finds nothing to say about any of them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/loop.h"
#include "probe/look.h"
#include "probe/session.h"
#include "starttls/client.h"
#include "tamper/tamper.h"
#include "tests/interop/every_peer.h"

namespace pawl::interop {
namespace {

using probe::Session;
using starttls::Mode;
using starttls::Protocol;
using starttls::TranscriptEntry;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kLetter = "Subject: hello\r\n\r\nhello\r\n";

class Upgrade : public testing::Test {
 protected:
  void start(EveryPeer::Options options) {
    auto peers = EveryPeer::start(std::move(options));
    ASSERT_TRUE(peers) << peers.error().sentence();
    peers_ = std::move(*peers);
    auto context = tls::make_client_context({.ca_file = peers_->ca_file()});
    ASSERT_TRUE(context);
    tls_ = *context;
  }
  probe::SessionOptions options(const Service& service, Mode mode = Mode::required) const {
    probe::SessionOptions options;
    options.to = service.at;
    options.host = service.host;
    options.protocol = service.protocol;
    options.client.mode = mode;
    options.client.implicit_tls = service.implicit_tls;
    options.client.client_name = "client.test";
    options.profile.sni = service.host;
    if (mode == Mode::required) options.profile.pkix = tls::PkixDemand{{service.host}, {}};
    options.tls = tls_;
    options.dial.source = kElsewhere;
    return options;
  }
  std::unique_ptr<EveryPeer> peers_;
  std::shared_ptr<tls::ClientContext> tls_;
};

// What is said once the session is ready (or logged in): each command, and how its answer begins.
struct Exchange {
  std::string command;
  std::string answer;
};

std::vector<Exchange> deposit(const Service& service) {
  switch (service.protocol) {
    case Protocol::imap:
      return {{fmt::format("APPEND INBOX {{{}+}}\r\n{}\r\n", kLetter.size(), kLetter), "OK"}};
    case Protocol::pop3:
      return {{"STAT\r\n", "+OK"}, {"NOOP\r\n", "+OK"}};
    case Protocol::sieve:
      return {{"PUTSCRIPT \"mine\" {7+}\r\nkeep;\r\n\r\n", "OK"},
              {"GETSCRIPT \"mine\"\r\n", "{7}"}};
    default:
      return {{"MAIL FROM:<alice@client.test>\r\n", "250"},
              {"RCPT TO:<alice@dovecot.test>\r\n", "250"},
              {"DATA\r\n", "354"},
              {fmt::format("{}.\r\n", kLetter), "250"}};
  }
}

net::Task<> use(probe::SessionOptions options, bool logins, std::vector<Exchange> exchanges,
                std::vector<std::string>* replies, tamper::Examination* examined) {
  CO_TRY(auto session, co_await Session::open(std::move(options)));
  if (session->error()) co_return fail(*session->error());
  if (!session->dialog().secure()) co_return fail(Code::internal, "ready, and not secure");
  if (logins) CO_TRY_VOID(co_await session->log_in(Dovecot::kUser, Secret(Dovecot::kPassword)));
  for (Exchange exchange : exchanges) {
    CO_TRY(std::string reply, co_await session->send(exchange.command));
    replies->push_back(std::move(reply));
  }
  CO_TRY_VOID(co_await session->close());
  *examined = tamper::examine(session->transcript());
  co_return Result<>();
}

TEST_F(Upgrade, EveryServiceIsUpgradedVerifiedLoggedInToAndUsed) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  ASSERT_EQ(peers_->services().size(), 14U);
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    const std::size_t before = peers_->delivered(service);
    const auto exchanges = deposit(service);
    std::vector<std::string> replies;
    tamper::Examination examined;
    net::Loop loop;
    auto done =
        loop.run_until_done(use(options(service), service.logins, exchanges, &replies, &examined));
    ASSERT_TRUE(done) << done.error().sentence() << peers_->log(service);
    ASSERT_EQ(replies.size(), exchanges.size());
    for (std::size_t i = 0; i < replies.size(); ++i)
      EXPECT_THAT(replies[i], HasSubstr(exchanges[i].answer)) << exchanges[i].command;
    EXPECT_EQ(examined.assessment, tamper::Assessment::clean)
        << (examined.findings.empty()
                ? ""
                : examined.findings.front().sentence + ": " + examined.findings.front().evidence);
    EXPECT_THAT(examined.findings, IsEmpty());
    if (service.protocol != Protocol::pop3 && service.protocol != Protocol::sieve)
      EXPECT_TRUE(eventually([&] { return peers_->delivered(service) == before + 1; }))
          << peers_->log(service);
  }
}

// Nothing of ours may be inside TLS with a peer that did not prove itself, nor a login before it.
void expect_silence(const starttls::Transcript& transcript) {
  for (const TranscriptEntry& entry : transcript.entries) {
    if (entry.kind != TranscriptEntry::Kind::client) continue;
    EXPECT_FALSE(entry.tls) << entry.bytes;
    for (const char* secret : {Dovecot::kUser, Dovecot::kPassword, "AUTH ", "MAIL", "LOGIN"})
      EXPECT_THAT(entry.bytes, Not(HasSubstr(secret)));
  }
}

net::Task<> try_to_log_in(probe::SessionOptions options, std::optional<Error>* error,
                          starttls::Transcript* transcript) {
  CO_TRY(auto session, co_await Session::open(std::move(options)));
  *error = session->error();
  // A driver that does not look at the error gets no further either.
  auto logged_in = co_await session->log_in(Dovecot::kUser, Secret(Dovecot::kPassword));
  if (logged_in) co_return fail(Code::internal, "logged in");
  *transcript = session->transcript();
  co_return co_await session->close();
}

TEST_F(Upgrade, ACertificateForAnotherNameIsRefusedBeforeAnythingIsSaid) {
  ASSERT_NO_FATAL_FAILURE(start({.certificates_for = "other.test"}));
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    std::optional<Error> error;
    starttls::Transcript transcript;
    net::Loop loop;
    auto done = loop.run_until_done(try_to_log_in(options(service), &error, &transcript));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Code::certificate_host_mismatch) << error->sentence();
    EXPECT_THAT(error->sentence(), HasSubstr("other.test"));
    expect_silence(transcript);
  }
}

TEST_F(Upgrade, ACertificateOfAnotherAuthorityIsRefusedBeforeAnythingIsSaid) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  auto other = tls::Authority::make("Another authority", now);
  tls_ = *tls::make_client_context({.ca_pem = other->certificate_pem()});
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    std::optional<Error> error;
    starttls::Transcript transcript;
    net::Loop loop;
    auto done = loop.run_until_done(try_to_log_in(options(service), &error, &transcript));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Code::certificate_untrusted) << error->sentence();
    expect_silence(transcript);
  }
}

net::Task<> upgrade_again(probe::SessionOptions options, std::string command, std::string* reply,
                          std::string* afterwards) {
  CO_TRY(auto session, co_await Session::open(std::move(options)));
  CO_TRY(*reply, co_await session->send(std::move(command)));
  CO_TRY(*afterwards, co_await session->send("NOOP\r\n"));
  co_return co_await session->close();
}

TEST_F(Upgrade, NoServerOffersOrTakesASecondUpgradeInsideTls) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  for (const Service& service : peers_->services()) {
    // POP3 has no NOOP before the login, and LMTP's second STARTTLS ends Dovecot's session.
    if (service.protocol == Protocol::pop3) continue;
    SCOPED_TRACE(service.text());
    const auto& row = starttls::row(service.protocol);
    std::string reply;
    std::string afterwards;
    net::Loop loop;
    auto done = loop.run_until_done(upgrade_again(
        options(service), fmt::format("{}\r\n", row.upgrade_command), &reply, &afterwards));
    EXPECT_FALSE(reply.empty()) << done.error().sentence();
    for (const char* yes : {"220 ", " OK ", "+OK", "OK "})
      EXPECT_FALSE(reply.starts_with(yes)) << reply;
    EXPECT_THAT(reply, Not(HasSubstr(" OK Begin"))) << reply;
    EXPECT_FALSE(afterwards.empty());
    std::optional<probe::Look> seen;
  }
}

net::Task<> look_into(probe::SessionOptions options, std::optional<probe::Look>* into) {
  CO_TRY(probe::Look seen, co_await probe::look(std::move(options)));
  into->emplace(std::move(seen));
  co_return Result<>();
}

TEST_F(Upgrade, ALookSaysWhatIsOfferedAndOffersNothingTwice) {
  ASSERT_NO_FATAL_FAILURE(start({}));
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    std::optional<probe::Look> seen;
    net::Loop loop;
    ASSERT_TRUE(loop.run_until_done(look_into(options(service), &seen)));
    EXPECT_TRUE(seen->secure);
    EXPECT_FALSE(seen->error) << seen->error->sentence();
    EXPECT_FALSE(seen->proof_failed);
    EXPECT_EQ(seen->upgrade_offered, !service.implicit_tls);
    ASSERT_TRUE(seen->tls);
    EXPECT_EQ(seen->tls->version, tls::Version::tls1_3);
    EXPECT_FALSE(seen->capabilities_in_tls.empty());
    for (const std::string& capability : seen->capabilities_in_tls) {
      EXPECT_THAT(capability, Not(HasSubstr("STARTTLS")));
      EXPECT_NE(capability, "STLS");
    }
    if (service.logins && !service.implicit_tls) {
      for (const std::string& capability : seen->capabilities_in_clear)
        EXPECT_FALSE(capability.starts_with("AUTH")) << capability;
    }
    EXPECT_EQ(tamper::examine(seen->transcript).assessment, tamper::Assessment::clean);
  }
}

TEST_F(Upgrade, WithoutTlsRequiredEndsTheSessionAndIfAvailableReportsIt) {
  ASSERT_NO_FATAL_FAILURE(start({.tls = false}));
  ASSERT_EQ(peers_->services().size(), 7U);
  for (const Service& service : peers_->services()) {
    SCOPED_TRACE(service.text());
    std::optional<Error> error;
    starttls::Transcript transcript;
    {
      net::Loop loop;
      auto done = loop.run_until_done(try_to_log_in(options(service), &error, &transcript));
    }
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Code::starttls_not_offered) << error->sentence();
    expect_silence(transcript);

    std::optional<probe::Look> seen;
    net::Loop loop;
    ASSERT_TRUE(loop.run_until_done(look_into(options(service, Mode::if_available), &seen)));
    EXPECT_FALSE(seen->error) << seen->error->sentence();
    EXPECT_FALSE(seen->secure);
    ASSERT_TRUE(seen->downgrade);
    EXPECT_EQ(seen->downgrade->code, Code::starttls_not_offered);
    const auto examined = tamper::examine(seen->transcript);
    EXPECT_EQ(examined.assessment, tamper::Assessment::not_offered)
        << tamper::name(examined.assessment)
        << (examined.findings.empty() ? "" : examined.findings.front().sentence);
  }
}

}  // namespace
}  // namespace pawl::interop
