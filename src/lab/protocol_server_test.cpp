// The lab's servers of every protocol, spoken to by curl under TLS and by hand in clear.
#include "lab/protocol_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/child.h"
#include "lab/scratch.h"
#include "tls/authority.h"

namespace pawl::lab {
namespace {

using starttls::Protocol;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kContent =
    "From: a@example.test\r\nSubject: the letter\r\n\r\nhello joe\r\n.dot\r\n";

std::shared_ptr<TlsIdentity> identity() {
  WallTime now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  auto pem = tls::self_signed(tls::leaf_for({"mail.example.test"}, now));
  return *TlsIdentity::make(pem->certificate_pem, pem->key_pem);
}

class ProtocolServers : public testing::Test {
 protected:
  void serve(Protocol protocol, bool accept_clear_login = true, bool tls = true) {
    server_ = {.protocol = protocol,
               .name = "mail.example.test",
               .identity = tls ? identity() : nullptr,
               .user = "joe",
               .password = "open-Sesame",
               .content = std::string(kContent),
               .deposits = &deposits_,
               .accept_clear_login = accept_clear_login};
    const Endpoint any{IpAddress::v4(127, 0, 0, 1), 0};
    plain_ = *tcp_.listen(any, [this](Socket& client) {
      Connection connection(client);
      serve_protocol(server_, connection, TlsStart::starttls);
    });
    implicit_ = *tcp_.listen(any, [this](Socket& client) {
      Connection connection(client);
      serve_protocol(server_, connection, TlsStart::implicit);
    });
  }
  std::string url(std::string_view scheme, const Endpoint& at, std::string_view path) const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(at.port) + std::string(path);
  }
  std::string curl(std::vector<std::string> arguments) {
    std::vector<std::string> command{"curl",       "-sSk",   "--max-time",     "20",
                                     "--ssl-reqd", "--user", "joe:open-Sesame"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    auto output = run_program(command, "/");
    EXPECT_TRUE(output) << output.error().sentence();
    return output.value_or("");
  }
  std::string letter() { return *scratch_.write("letter", kContent); }
  // Says all of it, one line at a time, and gives what came until the server hangs up.
  std::string talk(std::initializer_list<std::string_view> lines) {
    Socket socket = *connect_to(plain_);
    std::string all = socket.read_some().value_or("");
    for (std::string_view line : lines) {
      EXPECT_TRUE(socket.write_all(std::string(line) + "\r\n"));
      all += socket.read_some().value_or("");
    }
    return all;
  }

  Deposits deposits_;
  ProtocolServer server_;
  Endpoint plain_;
  Endpoint implicit_;
  Scratch scratch_ = *Scratch::make();
  TcpServer tcp_;
};

auto deposited(Deposit::Kind kind, std::string_view user, std::string_view content) {
  return testing::AllOf(Field(&Deposit::kind, kind), Field(&Deposit::user, std::string(user)),
                        Field(&Deposit::content, std::string(content)),
                        Field(&Deposit::over_tls, true));
}

TEST_F(ProtocolServers, CurlReadsAndAppendsByImap) {
  serve(Protocol::imap);
  EXPECT_THAT(curl({url("imap", plain_, "/INBOX;MAILINDEX=1")}), HasSubstr("hello joe"));
  EXPECT_THAT(curl({url("imap", plain_, "/INBOX"), "-X", "FETCH 1 (FLAGS RFC822.SIZE)"}),
              HasSubstr("RFC822.SIZE"));
  curl({"-T", letter(), url("imap", plain_, "/Sent")});
  EXPECT_THAT(deposits_.of(Deposit::Kind::fetched),
              ElementsAre(deposited(Deposit::Kind::fetched, "joe", kContent)));
  EXPECT_THAT(deposits_.of(Deposit::Kind::message),
              ElementsAre(deposited(Deposit::Kind::message, "joe", kContent)));
  EXPECT_THAT(deposits_.of(Deposit::Kind::login), SizeIs(3));
}

TEST_F(ProtocolServers, CurlReadsByImplicitTls) {
  serve(Protocol::imap);
  EXPECT_THAT(curl({url("imaps", implicit_, "/INBOX;UID=1")}), HasSubstr("hello joe"));
}

TEST_F(ProtocolServers, CurlReadsByPop3) {
  serve(Protocol::pop3);
  EXPECT_THAT(curl({url("pop3", plain_, "/1")}), HasSubstr("hello joe\r\n.dot\r\n"));
  EXPECT_THAT(curl({url("pop3s", implicit_, "/")}), HasSubstr("1 "));
  EXPECT_THAT(deposits_.of(Deposit::Kind::fetched),
              ElementsAre(deposited(Deposit::Kind::fetched, "joe", kContent)));
}

TEST_F(ProtocolServers, CurlSubmits) {
  serve(Protocol::submission);
  curl({"--mail-from", "a@example.test", "--mail-rcpt", "b@example.test", "-T", letter(),
        url("smtp", plain_, "/")});
  ASSERT_THAT(deposits_.of(Deposit::Kind::message),
              ElementsAre(deposited(Deposit::Kind::message, "joe", kContent)));
  EXPECT_EQ(deposits_.of(Deposit::Kind::message)[0].place, "b@example.test");
}

TEST_F(ProtocolServers, AWrongPasswordOpensNothing) {
  serve(Protocol::imap, true, false);
  EXPECT_THAT(talk({"a LOGIN joe wrong"}), HasSubstr("a NO [AUTHENTICATIONFAILED]"));
  EXPECT_THAT(deposits_.all(), IsEmpty());
}

TEST_F(ProtocolServers, ALoginInClearIsNotOfferedAndTakenAllTheSame) {
  serve(Protocol::imap);
  std::string said = talk({"a CAPABILITY", "b LOGIN {3}", "joe {11}", "open-Sesame",
                           "c SELECT INBOX", "d UID FETCH 1 (BODY.PEEK[HEADER.FIELDS (SUBJECT)])"});
  EXPECT_THAT(said, HasSubstr("LOGINDISABLED"));
  EXPECT_THAT(said, HasSubstr("b OK logged in"));
  EXPECT_THAT(said, HasSubstr("Subject: the letter"));
  ASSERT_THAT(deposits_.of(Deposit::Kind::login), SizeIs(1));
  EXPECT_FALSE(deposits_.all()[0].over_tls);
}

TEST_F(ProtocolServers, LoginsInClearByPop3AndSieveAndSmtp) {
  serve(Protocol::pop3);
  EXPECT_THAT(talk({"USER joe", "PASS open-Sesame", "STAT", "RETR 1"}), HasSubstr("hello joe"));
  serve(Protocol::sieve);
  EXPECT_THAT(talk({"AUTHENTICATE \"PLAIN\" \"AGpvZQBvcGVuLVNlc2FtZQ==\"",
                    "PUTSCRIPT \"s\" {5+}\r\nkeep;", "SETACTIVE \"s\"", "LISTSCRIPTS"}),
              HasSubstr("s ACTIVE"));
  ASSERT_THAT(deposits_.of(Deposit::Kind::script), SizeIs(1));
  EXPECT_EQ(deposits_.of(Deposit::Kind::script)[0].content, "keep;");
  serve(Protocol::submission);
  EXPECT_THAT(talk({"EHLO c", "AUTH PLAIN AGpvZQBvcGVuLVNlc2FtZQ==", "MAIL FROM:<a@example.test>",
                    "RCPT TO:<b@example.test>", "DATA", "hello\r\n."}),
              HasSubstr("250 2.0.0 taken"));
  ASSERT_THAT(deposits_.of(Deposit::Kind::message), SizeIs(1));
}

TEST_F(ProtocolServers, AnHonestServerTakesNoLoginInClear) {
  serve(Protocol::imap, false);
  EXPECT_THAT(talk({"a LOGIN joe open-Sesame"}), HasSubstr("a NO [PRIVACYREQUIRED]"));
  serve(Protocol::pop3, false);
  EXPECT_THAT(talk({"USER joe"}), HasSubstr("-ERR [AUTH]"));
  EXPECT_THAT(deposits_.all(), IsEmpty());
}

TEST_F(ProtocolServers, LmtpAnswersForEachRecipient) {
  serve(Protocol::lmtp);
  std::string said = talk({"LHLO c", "MAIL FROM:<a@example.test>", "RCPT TO:<b@example.test>",
                           "RCPT TO:<c@example.test>", "DATA", "hello\r\n.", "QUIT"});
  EXPECT_THAT(said, HasSubstr("250 2.0.0 taken\r\n250 2.0.0 taken\r\n"));
  ASSERT_THAT(deposits_.of(Deposit::Kind::message), SizeIs(1));
  EXPECT_EQ(deposits_.all()[0].place, "b@example.test,c@example.test");
  EXPECT_FALSE(deposits_.all()[0].over_tls);
}

}  // namespace
}  // namespace pawl::lab
