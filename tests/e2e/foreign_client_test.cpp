// The lab's ground truth: mail programs of Debian 12 that are known to leak, or known not to, by
// their source or by what others measured. A lab that finds all of them safe, or none, is broken.
#include "lab/foreign_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/namespace.h"

namespace pawl::lab {
namespace {

using starttls::Protocol;

class ForeignClients : public ::testing::Test {
 protected:
  void SetUp() override {
    auto entered = enter_namespace();
    ASSERT_TRUE(entered) << entered.error().sentence();
    auto grounds = Grounds::make();
    ASSERT_TRUE(grounds) << grounds.error().sentence();
    grounds_ = std::move(*grounds);
    auto named = name_lab_hosts(*grounds_);
    ASSERT_TRUE(named) << named.error().sentence();
  }

  ForeignRun run(const ForeignClient& client, std::string_view attack) {
    auto ran = run_foreign_client(*grounds_, client, *find_upgrade_attack(attack));
    EXPECT_TRUE(ran) << ran.error().sentence();
    if (!ran) return {};
    EXPECT_GT(ran->judgement.connections, 0) << "it never connected: " << ran->ran.printed;
    EXPECT_TRUE(ran->judgement.consistent());
    return std::move(*ran);
  }

  // `tls` is "--ssl" (if available) or "--ssl-reqd". Fetches a message, or sends one.
  static ForeignClient curl(Protocol protocol, const std::string& tls,
                            const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        "curl", "-sS", "--max-time", "10", tls, "-u", "{user}:{password}", "--cacert", "{ca}"};
    if (protocol == Protocol::imap) {
      words.emplace_back("imap://{host}:{port}/INBOX;UID=1");
    } else if (protocol == Protocol::pop3) {
      words.emplace_back("pop3://{host}:{port}/1");
    } else {
      for (const char* word : {"smtp://{host}:{port}/client.test", "--mail-from", "a@lab.test",
                               "--mail-rcpt", "b@lab.test", "--upload-file", "{message}"}) {
        words.emplace_back(word);
      }
    }
    words.insert(words.end(), more.begin(), more.end());
    return {.protocol = protocol, .command = std::move(words)};
  }
  static ForeignClient swaks() {
    return {
        .protocol = Protocol::submission,
        .command = {
            "swaks",     "--server",   "{host}",      "--port",     "{port}",          "-tls",
            "--auth",    "PLAIN",      "--auth-user", "{user}",     "--auth-password", "{password}",
            "--from",    "a@lab.test", "--to",        "b@lab.test", "--data",          "@{message}",
            "--timeout", "5",          "--helo",      "client.test"}};
  }
  static ForeignClient mbsync() {
    const std::string file =
        "IMAPAccount lab\nHost {host}\nPort {port}\nUser {user}\n"
        "Pass {password}\nSSLType STARTTLS\nCertificateFile {ca}\n"
        "Timeout 5\n\nIMAPStore far\nAccount lab\n\nMaildirStore near\n"
        "Path ./mail/\nInbox ./mail/inbox\n\nChannel lab\nFar :far:\n"
        "Near :near:\nPatterns *\nCreate Near\n";
    return {
        .protocol = Protocol::imap,
        .command = {"sh", "-c",
                    "mkdir -p mail && printf '%s' \"$0\" > mbsyncrc && exec mbsync -c mbsyncrc lab",
                    file}};
  }

  std::unique_ptr<Grounds> grounds_;
};

class CurlOn : public ForeignClients, public ::testing::WithParamInterface<Protocol> {};

TEST_P(CurlOn, IfAvailableLeaksUnderStripWhereRequiredDoesNot) {
  const ForeignRun leaks = run(curl(GetParam(), "--ssl"), "strip");
  EXPECT_TRUE(leaks.judgement.leak.user) << leaks.verdict();
  EXPECT_TRUE(leaks.judgement.leak.password) << leaks.verdict();
  EXPECT_TRUE(leaks.judgement.leak.content) << leaks.verdict() << leaks.ran.printed;
  const ForeignRun safe = run(curl(GetParam(), "--ssl-reqd"), "strip");
  EXPECT_FALSE(safe.harmed()) << safe.verdict() << "; read: " << safe.judgement.excerpt;
  EXPECT_NE(safe.ran.status, 0);
}

TEST_P(CurlOn, UnattackedItComesToTlsAndLeaksNothing) {
  for (const char* tls : {"--ssl", "--ssl-reqd"}) {
    const ForeignRun clean = run(curl(GetParam(), tls), "none");
    EXPECT_FALSE(clean.harmed()) << clean.verdict();
    EXPECT_TRUE(clean.judgement.spoke_in_tls);
    EXPECT_TRUE(clean.judgement.got(Deposit::Kind::login));
    EXPECT_EQ(clean.ran.status, 0) << clean.ran.printed;
  }
}

TEST_P(CurlOn, WithoutLookingAtTheCertificateItTellsTheAttackerAll) {
  const ForeignRun blind = run(curl(GetParam(), "--ssl-reqd", {"-k"}), "swap-self-signed");
  EXPECT_TRUE(blind.judgement.leak.password) << blind.verdict() << blind.ran.printed;
  EXPECT_TRUE(blind.judgement.leak.content) << blind.verdict() << blind.ran.printed;
  for (const char* attack : {"swap-self-signed", "swap-wrong-name", "swap-expired"}) {
    EXPECT_FALSE(run(curl(GetParam(), "--ssl-reqd"), attack).harmed()) << attack;
  }
}

// curl refuses bytes behind the success reply since 7.79 (CVE-2021-22947).
TEST_P(CurlOn, RefusesInjectedResponses) {
  EXPECT_FALSE(run(curl(GetParam(), "--ssl-reqd"), "inject-and-withhold").harmed());
}

INSTANTIATE_TEST_SUITE_P(Each, CurlOn,
                         ::testing::Values(Protocol::imap, Protocol::pop3, Protocol::submission),
                         [](const auto& tried) {
                           return std::string(starttls::row(tried.param).name);
                         });

// Opossum: nobody looks whether the server speaks first.
TEST_F(ForeignClients, CurlDoesNotNoticeTheSplice) {
  EXPECT_EQ(run(curl(Protocol::imap, "--ssl-reqd"), "splice").judgement.used_forged, true);
  EXPECT_EQ(run(curl(Protocol::submission, "--ssl-reqd"), "splice").judgement.used_forged, true);
}

TEST_F(ForeignClients, SwaksTakesAnInjectedResponseForTheServers) {
  const ForeignRun clean = run(swaks(), "none");
  EXPECT_FALSE(clean.harmed()) << clean.verdict();
  EXPECT_TRUE(clean.judgement.got(Deposit::Kind::message)) << clean.ran.printed;
  const ForeignRun used = run(swaks(), "inject-and-withhold");
  EXPECT_EQ(used.judgement.used_forged, true) << used.ran.printed;
}

// mbsync reads lines that were injected as if they came inside TLS, then stumbles over them.
TEST_F(ForeignClients, MbsyncThatRequiresTlsKeepsItsSecrets) {
  const ForeignRun clean = run(mbsync(), "none");
  EXPECT_FALSE(clean.harmed()) << clean.verdict();
  EXPECT_TRUE(clean.judgement.got(Deposit::Kind::login)) << clean.ran.printed;
  for (const char* attack : {"strip", "refuse-permanent", "preauth", "swap-wrong-name"}) {
    EXPECT_FALSE(run(mbsync(), attack).judgement.leaked()) << attack;
  }
}

// A client of our own, careless on purpose: the lab sees injections on these protocols, too.
class CarelessOn : public ForeignClients, public ::testing::WithParamInterface<Protocol> {
 protected:
  static ForeignClient careless() {
    return {.protocol = GetParam(),
            .command = {"python3", PAWL_SOURCE_DIR "/tests/e2e/careless_client.py",
                        std::string(starttls::row(GetParam()).name)}};
  }
};

TEST_P(CarelessOn, TheAnswerThatWasInjectedIsTakenForTheServers) {
  const ForeignRun clean = run(careless(), "none");
  EXPECT_FALSE(clean.harmed()) << clean.verdict();
  EXPECT_TRUE(clean.judgement.spoke_in_tls) << clean.ran.printed;
  const ForeignRun used = run(careless(), "inject-and-withhold");
  EXPECT_EQ(used.judgement.used_forged, true) << used.ran.printed;
}

INSTANTIATE_TEST_SUITE_P(Each, CarelessOn,
                         ::testing::Values(Protocol::imap, Protocol::pop3, Protocol::sieve),
                         [](const auto& tried) {
                           return std::string(starttls::row(tried.param).name);
                         });

TEST_F(ForeignClients, AProgramThatIsNotThereIsAnErrorAndNoVerdict) {
  auto ran =
      run_foreign_client(*grounds_, {.command = {"no-such-program"}}, *find_upgrade_attack("none"));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Code::not_found);
}

// The attacker's ground rules: the program under test finds the lab and nothing else.
TEST_F(ForeignClients, NothingOutsideTheLabCanBeReached) {
  auto ran = run_foreign_client(
      *grounds_,
      {.command = {"sh", "-c",
                   "curl -sS -m 3 http://192.0.2.1/ || curl -sS -m 3 http://10.0.0.1/"}},
      *find_upgrade_attack("none"));
  ASSERT_TRUE(ran) << ran.error().sentence();
  EXPECT_THAT(ran->verdict(), ::testing::HasSubstr("never connected"));
  EXPECT_EQ(ran->ran.status, 7) << "could not connect: " << ran->ran.printed;
}

}  // namespace
}  // namespace pawl::lab
