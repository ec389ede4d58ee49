// Real clients against our server dialogs (in the lab's servers): curl, openssl s_client and swaks
// upgrade, verify, log in and leave something, with STARTTLS and with TLS from the first byte; and
// with a certificate for another name they go away with their password.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/child.h"
#include "lab/protocol_server.h"
#include "lab/scratch.h"
#include "tls/authority.h"

namespace pawl::interop {
namespace {

using lab::Deposit;
using starttls::Protocol;
using ::testing::HasSubstr;

constexpr std::string_view kLetter =
    "From: a@example.test\r\nSubject: the letter\r\n\r\nhello joe\r\n";

struct RealClient {
  Protocol protocol;
  bool implicit_tls;
  std::string command;  // @AT@, @PORT@, @CA@, @LETTER@, @NAME@ are filled in
  Deposit::Kind leaves;
  bool leaves_something = true;
};

// curl asks for its own name by --resolve, so that the certificate is checked against it.
std::string curl(std::string_view scheme, std::string_view rest) {
  return fmt::format(
      "curl -sS --max-time 20 --ssl-reqd --cacert @CA@ --user joe:open-Sesame "
      "--resolve @NAME@:@PORT@:127.0.0.1 {}://@NAME@:@PORT@{}",
      scheme, rest);
}

std::vector<RealClient> clients() {
  constexpr std::string_view kMail =
      " --mail-from a@example.test --mail-rcpt b@example.test --upload-file @LETTER@";
  std::vector<RealClient> all = {
      {Protocol::imap, false, curl("imap", "/ --request NOOP"), Deposit::Kind::login},
      {Protocol::imap, true, curl("imaps", "/ --request NOOP"), Deposit::Kind::login},
      {Protocol::imap, false, curl("imap", "/INBOX --upload-file @LETTER@"),
       Deposit::Kind::message},
      {Protocol::pop3, false, curl("pop3", "/1"), Deposit::Kind::fetched},
      {Protocol::pop3, true, curl("pop3s", "/1"), Deposit::Kind::fetched},
      {Protocol::submission, false, curl("smtp", kMail), Deposit::Kind::message},
      {Protocol::submission, true, curl("smtps", kMail), Deposit::Kind::message},
  };
  for (auto [protocol, option] : {std::pair{Protocol::smtp, "ESMTP"}, {Protocol::lmtp, "LMTP"}}) {
    all.push_back(
        {protocol, false,
         fmt::format("swaks --server 127.0.0.1 --port @PORT@ --protocol {} --tls --tls-verify "
                     "--tls-ca-path @CA@ --from a@example.test --to b@example.test",
                     option),
         Deposit::Kind::message});
  }
  all.push_back({Protocol::submission, false,
                 "swaks --server 127.0.0.1 --port @PORT@ --tls --auth PLAIN --auth-user joe "
                 "--auth-password open-Sesame --from a@example.test --to b@example.test",
                 Deposit::Kind::message});
  for (Protocol protocol :
       {Protocol::smtp, Protocol::lmtp, Protocol::imap, Protocol::pop3, Protocol::sieve}) {
    all.push_back({protocol, false,
                   fmt::format("timeout 20 openssl s_client -connect 127.0.0.1:@PORT@ -CAfile @CA@ "
                               "-verify_hostname @NAME@ -verify_return_error -starttls {}",
                               starttls::row(protocol).name),
                   Deposit::Kind::login, false});
  }
  return all;
}

class RealClients : public testing::Test {
 protected:
  // The server's certificate is for `name`; the clients ask for mail.example.test.
  void serve(const std::string& name) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto authority = *tls::Authority::make("Clients' authority", now);
    auto issued = *authority.issue(tls::leaf_for({name}, now));
    identity_ = *lab::TlsIdentity::make(issued.certificate_pem, issued.key_pem);
    ca_file_ = *scratch_.write("ca.pem", authority.certificate_pem());
    letter_ = *scratch_.write("letter", kLetter);
  }
  // Output and exit of one client.
  Result<std::string> run(const RealClient& client, lab::Deposits& deposits) {
    lab::ProtocolServer server{.protocol = client.protocol,
                               .name = "mail.example.test",
                               .identity = identity_,
                               .user = "joe",
                               .password = "open-Sesame",
                               .content = std::string(kLetter),
                               .deposits = &deposits,
                               .accept_clear_login = false};
    lab::TcpServer tcp;
    const auto start = client.implicit_tls ? lab::TlsStart::implicit : lab::TlsStart::starttls;
    auto at = tcp.listen({IpAddress::v4(127, 0, 0, 1), 0}, [&](lab::Socket& socket) {
      lab::Connection connection(socket);
      serve_protocol(server, connection, start);
    });
    if (!at) return fail(at.error());
    std::string command = client.command;
    for (auto [mark, text] : {std::pair{"@PORT@", std::to_string(at->port)},
                              {"@CA@", ca_file_},
                              {"@LETTER@", letter_},
                              {"@NAME@", std::string("mail.example.test")}}) {
      for (std::size_t place = 0; (place = command.find(mark)) != std::string::npos;)
        command.replace(place, std::string_view(mark).size(), text);
    }
    return lab::run_program({"bash", "-c", command + " </dev/null 2>&1"}, "/");
  }
  lab::Scratch scratch_ = *lab::Scratch::make();
  std::shared_ptr<lab::TlsIdentity> identity_;
  std::string ca_file_;
  std::string letter_;
};

TEST_F(RealClients, UpgradeVerifyLogInAndLeaveSomething) {
  serve("mail.example.test");
  for (const RealClient& client : clients()) {
    SCOPED_TRACE(client.command);
    lab::Deposits deposits;
    auto output = run(client, deposits);
    ASSERT_TRUE(output) << output.error().sentence();
    if (client.command.find("s_client") != std::string::npos)
      EXPECT_THAT(*output, HasSubstr("Verify return code: 0 (ok)"));
    if (!client.leaves_something) continue;
    EXPECT_TRUE(deposits.wait_for(client.leaves, std::chrono::seconds(10))) << *output;
    for (const Deposit& each : deposits.all()) EXPECT_TRUE(each.over_tls);
  }
}

TEST_F(RealClients, GoAwayFromACertificateForAnotherName) {
  serve("other.example.test");
  for (const RealClient& client : clients()) {
    // swaks looks at the chain and at no name.
    if (client.command.starts_with("swaks")) continue;
    SCOPED_TRACE(client.command);
    lab::Deposits deposits;
    EXPECT_FALSE(run(client, deposits));
    EXPECT_TRUE(deposits.all().empty());
  }
}

}  // namespace
}  // namespace pawl::interop
