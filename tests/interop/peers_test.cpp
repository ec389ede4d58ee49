// The peers themselves: that every server comes up here and takes mail and logins, so that a
// failure elsewhere is not one of the test bed.
#include "tests/interop/peers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lab/namespace.h"
#include "tests/interop/dovecot.h"
#include "tls/authority.h"

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
    now_ = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    authority_.emplace(*tls::Authority::make("Peers CA", now_));
    ca_file_ = *scratch_->write("ca.pem", authority_->certificate_pem());
  }
  Identity identity(const std::string& name, tls::KeyKind key = tls::KeyKind::ec_p256) {
    auto options = tls::leaf_for({name}, now_);
    options.key = key;
    auto issued = *authority_->issue(options);
    const auto file = fmt::format("{}-{}", name, static_cast<int>(key));
    return {*scratch_->write(file + ".pem", issued.certificate_pem),
            *scratch_->write(file + ".key", issued.key_pem)};
  }
  // What a mail program does: curl, which must find TLS, the right name and a login.
  Result<std::string> curl(const std::string& url, const IpAddress& at,
                           std::vector<std::string> more = {}) const {
    const auto host = url.substr(url.find("://") + 3);
    const auto name = host.substr(0, host.find_first_of(":/"));
    std::vector<std::string> command = {
        "curl",         "--silent",
        "--show-error", "--max-time",
        "20",           "--ssl-reqd",
        "--cacert",     ca_file_,
        "--user",       fmt::format("{}:{}", Dovecot::kUser, Dovecot::kPassword),
        "--interface",  kElsewhere.text(),
        "--resolve"};
    std::string resolve;
    for (int port : {25, 110, 143, 465, 587, 993, 995})
      resolve += fmt::format("{}{}:{}:{}", resolve.empty() ? "" : ",", name, port, at.text());
    command.push_back(resolve.substr(0, resolve.find(',')));
    for (std::size_t comma = resolve.find(','); comma != std::string::npos;) {
      const auto next = resolve.find(',', comma + 1);
      command.push_back("--resolve");
      command.push_back(resolve.substr(comma + 1, next - comma - 1));
      comma = next;
    }
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(url);
    return lab::run_program(command, "/");
  }
  std::optional<lab::Scratch> scratch_;
  WallTime now_;
  std::optional<tls::Authority> authority_;
  std::string ca_file_;
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

TEST_F(Peers, DovecotTakesLoginsInsideTlsOnEveryPort) {
  const auto at = IpAddress::v4(127, 0, 0, 40);
  auto dovecot = Dovecot::start(*scratch_, {.name = "dovecot",
                                            .hostname = "mail.test",
                                            .address = at,
                                            .identity = identity("mail.test")});
  ASSERT_TRUE(dovecot) << dovecot.error().sentence();
  for (const char* url :
       {"imap://mail.test", "imaps://mail.test", "pop3://mail.test", "pop3s://mail.test"}) {
    auto done = curl(url, at);
    EXPECT_TRUE(done) << url << ": " << done.error().sentence() << (*dovecot)->log();
  }
  for (int port : {4190, 24, 587, 465})
    EXPECT_TRUE(accepts_connections({at, static_cast<std::uint16_t>(port)}));
}

TEST_F(Peers, DovecotLetsNobodyInWithoutTls) {
  const auto at = IpAddress::v4(127, 0, 0, 40);
  auto dovecot = Dovecot::start(*scratch_, {.name = "dovecot",
                                            .hostname = "mail.test",
                                            .address = at,
                                            .identity = identity("mail.test")});
  ASSERT_TRUE(dovecot) << dovecot.error().sentence();
  auto clear = lab::run_program({"curl", "--silent", "--show-error", "--user",
                                 fmt::format("{}:{}", Dovecot::kUser, Dovecot::kPassword),
                                 "--interface", kElsewhere.text(), "imap://127.0.0.40/"},
                                "/");
  EXPECT_FALSE(clear);
}

TEST_F(Peers, DovecotTakesMailByLmtpAndShowsBothKindsOfCertificate) {
  const auto at = IpAddress::v4(127, 0, 0, 40);
  auto dovecot =
      Dovecot::start(*scratch_, {.name = "dovecot",
                                 .hostname = "mail.test",
                                 .address = at,
                                 .identity = identity("mail.test"),
                                 .alternate = identity("mail.test", tls::KeyKind::rsa_2048)});
  ASSERT_TRUE(dovecot) << dovecot.error().sentence();
  auto sent = swaks({at, 24}, "bob@example.test", "alice@mail.test",
                    {"--protocol", "LMTP", "-tls", "--local-interface", kElsewhere.text()});
  EXPECT_TRUE(sent) << sent.error().sentence();
  EXPECT_EQ((*dovecot)->delivered().size(), 1U) << (*dovecot)->log();
  for (auto [algorithms, key] : {std::pair{"RSA+SHA256", "RSA"}, {"ECDSA+SHA256", "ECDSA"}}) {
    auto seen = lab::run_program(
        {"bash", "-c",
         fmt::format("timeout 10 openssl s_client -connect 127.0.0.40:993 -tls1_2 -sigalgs {} "
                     "-brief </dev/null 2>&1",
                     algorithms)},
        "/");
    ASSERT_TRUE(seen) << key << seen.error().sentence();
    EXPECT_NE(seen->find(key), std::string::npos) << *seen;
  }
}

TEST_F(Peers, PostfixAsksDovecotForItsUsersAndTakesSubmission) {
  auto dovecot = Dovecot::start(*scratch_, {.name = "dovecot",
                                            .hostname = "mail.test",
                                            .address = IpAddress::v4(127, 0, 0, 40),
                                            .identity = identity("mail.test")});
  ASSERT_TRUE(dovecot) << dovecot.error().sentence();
  const Endpoint at{IpAddress::v4(127, 0, 0, 10), 25};
  auto postfix = Postfix::start(*scratch_, {.name = "postfix",
                                            .hostname = "postfix.test",
                                            .listen = at,
                                            .identity = identity("postfix.test"),
                                            .submission_auth_socket = (*dovecot)->auth_socket()});
  ASSERT_TRUE(postfix) << postfix.error().sentence();
  const auto letter = *scratch_->write("letter", "Subject: hello\r\n\r\nhello\r\n");
  std::size_t sent = 0;
  for (const char* url : {"smtp://postfix.test:587", "smtps://postfix.test"}) {
    auto done = curl(url, at.address,
                     {"--mail-from", "alice@postfix.test", "--mail-rcpt", "bob@example.test",
                      "--upload-file", letter});
    EXPECT_TRUE(done) << url << ": " << done.error().sentence() << (*postfix)->log();
    ++sent;
    EXPECT_TRUE(eventually([&] { return (*postfix)->delivered().size() == sent; }))
        << (*postfix)->log();
  }
}

TEST_F(Peers, EximTakesSubmission) {
  const Endpoint at{IpAddress::v4(127, 0, 0, 20), 25};
  auto exim = Exim::start(*scratch_, {.name = "exim",
                                      .hostname = "exim.test",
                                      .listen = at,
                                      .identity = identity("exim.test"),
                                      .submission = true});
  ASSERT_TRUE(exim) << exim.error().sentence();
  const auto letter = *scratch_->write("letter", "Subject: hello\r\n\r\nhello\r\n");
  std::size_t sent = 0;
  for (const char* url : {"smtp://exim.test:587", "smtps://exim.test"}) {
    auto done = curl(url, at.address,
                     {"--mail-from", "alice@exim.test", "--mail-rcpt", "bob@example.test",
                      "--upload-file", letter});
    EXPECT_TRUE(done) << url << ": " << done.error().sentence() << (*exim)->log();
    ++sent;
    EXPECT_TRUE(eventually([&] { return (*exim)->delivered().size() == sent; })) << (*exim)->log();
  }
}

}  // namespace
}  // namespace pawl::interop
