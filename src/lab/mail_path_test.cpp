#include "lab/mail_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "base/text.h"
#include "tls/authority.h"

namespace pawl::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const WallTime kNow =
    std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
constexpr std::string_view kMail = "MAIL FROM:<a@sender.test>\r\n";

std::shared_ptr<TlsIdentity> identity_for(const std::string& name) {
  auto made = tls::self_signed(tls::leaf_for({name}, kNow));
  EXPECT_TRUE(made);
  auto identity = TlsIdentity::make(made->certificate_pem, made->key_pem);
  EXPECT_TRUE(identity);
  return *identity;
}

// A sender that does as it is told.
class Sender {
 public:
  explicit Sender(const Endpoint& to) : socket_(*connect_to(to)) {}
  ~Sender() {
    if (tls_) SSL_free(tls_);
    if (context_) SSL_CTX_free(context_);
  }
  std::string reply() {
    std::string all;
    while (true) {
      std::string line;
      char c = 0;
      while (c != '\n') {
        if (!get(c)) return all + "<closed>";
        line += c;
      }
      all += line;
      if (line.size() < 4 || line[3] != '-') return all;
    }
  }
  std::string ask(std::string_view command) {
    put(std::string(command) + "\r\n");
    return reply();
  }
  void put(std::string_view text) {
    if (tls_) {
      SSL_write(tls_, text.data(), static_cast<int>(text.size()));
    } else {
      EXPECT_TRUE(socket_.write_all(text));
    }
  }
  bool start_tls() {
    context_ = SSL_CTX_new(TLS_client_method());
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, socket_.descriptor());
    return SSL_connect(tls_) == 1;
  }
  std::string subject() {
    char text[256] = "";
    X509* certificate = SSL_get1_peer_certificate(tls_);
    X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof text);
    X509_free(certificate);
    return text;
  }
  std::string send_mail() {
    ask("MAIL FROM:<a@sender.test>");
    ask("RCPT TO:<b@signed.test>");
    ask("DATA");
    return ask("Subject: secret\r\n\r\nhello\r\n..dot\r\n.");
  }
  Socket& socket() { return socket_; }

 private:
  bool get(char& c) {
    if (tls_) return SSL_read(tls_, &c, 1) == 1;
    return recv(socket_.descriptor(), &c, 1, 0) == 1;
  }
  Socket socket_;
  SSL_CTX* context_ = nullptr;
  SSL* tls_ = nullptr;
};

class Path : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = {"mx.signed.test", identity_for("mx.signed.test"), &mailbox_, {}};
    const Endpoint any{IpAddress::v4(127, 0, 0, 1), 0};
    auto plain = tcp_.listen(any, [this](Socket& client) {
      Connection connection(client);
      serve_mail(server_, connection, TlsStart::starttls);
    });
    auto implicit = tcp_.listen(any, [this](Socket& client) {
      Connection connection(client);
      serve_mail(server_, connection, TlsStart::implicit);
    });
    path_.emplace(MailPath::Options{*plain, *implicit, "mx.signed.test", &stolen_});
    front_ = *tcp_.listen(any, [this](Socket& client) { path_->serve(client); });
  }
  std::size_t leaked() { return path_->ear().bytes(); }

  Mailbox mailbox_;
  Mailbox stolen_;
  MailServer server_;
  std::optional<MailPath> path_;
  Endpoint front_;
  TcpServer tcp_;
};

TEST_F(Path, WithNobodyActingMailArrivesUnderTlsAndNothingIsReadable) {
  Sender sender(front_);
  EXPECT_THAT(sender.reply(), HasSubstr("220 mx.signed.test"));
  EXPECT_THAT(sender.ask("EHLO s"), HasSubstr("STARTTLS"));
  EXPECT_THAT(sender.ask("STARTTLS"), HasSubstr("220"));
  ASSERT_TRUE(sender.start_tls());
  EXPECT_THAT(sender.ask("EHLO s"), Not(HasSubstr("STARTTLS")));
  EXPECT_THAT(sender.send_mail(), HasSubstr("250"));
  ASSERT_THAT(mailbox_.to("B@signed.test"), SizeIs(1));
  EXPECT_TRUE(mailbox_.all()[0].over_tls);
  EXPECT_EQ(mailbox_.all()[0].content, "Subject: secret\r\n\r\nhello\r\n.dot\r\n");
  EXPECT_EQ(leaked(), 0U);
}

// The lab is not blind: what a sender says in clear is counted.
TEST_F(Path, EnvelopeAndContentInClearAreCountedToTheByte) {
  Sender sender(front_);
  sender.reply();
  sender.ask("EHLO s");
  EXPECT_EQ(leaked(), 0U);
  sender.send_mail();
  EXPECT_FALSE(mailbox_.all().at(0).over_tls);
  EXPECT_EQ(leaked(), kMail.size() + std::string_view("RCPT TO:<b@signed.test>\r\n").size() +
                          std::string_view("Subject: secret\r\n\r\nhello\r\n..dot\r\n").size());
}

TEST_F(Path, ChunksInClearAreCountedToo) {
  Sender sender(front_);
  sender.reply();
  sender.ask("MAIL FROM:<a@sender.test>");
  sender.ask("RCPT TO:<b@signed.test>");
  std::size_t before = leaked();
  sender.put("BDAT 7 LAST\r\nsecret\n");
  EXPECT_THAT(sender.reply(), HasSubstr("250"));
  EXPECT_EQ(leaked() - before, 7U);
}

TEST_F(Path, TheCapabilityIsCutOutAndTheReplyStaysWellFormed) {
  path_->set(PathTrick::remove_capability);
  Sender sender(front_);
  sender.reply();
  std::string reply = sender.ask("EHLO s");
  EXPECT_THAT(reply, Not(HasSubstr("STARTTLS")));
  EXPECT_THAT(reply, HasSubstr("250 SIZE"));
  EXPECT_THAT(sender.ask("STARTTLS"), HasSubstr("502"));
}

TEST_F(Path, TheCapabilityIsOverwrittenByAsManyCharacters) {
  path_->set(PathTrick::mask_capability);
  Sender sender(front_);
  sender.reply();
  EXPECT_THAT(sender.ask("EHLO s"), HasSubstr("250-XXXXXXXX\r\n"));
}

TEST_F(Path, TheCommandIsRewrittenSoThatTheServerRefusesIt) {
  path_->set(PathTrick::rewrite_command);
  Sender sender(front_);
  sender.reply();
  EXPECT_THAT(sender.ask("EHLO s"), HasSubstr("STARTTLS"));
  EXPECT_THAT(sender.ask("STARTTLS"), HasSubstr("500"));
}

TEST_F(Path, StarttlsIsAnsweredByErrors) {
  for (auto [trick, code] :
       {std::pair(PathTrick::answer_454, "454"), std::pair(PathTrick::answer_500, "500")}) {
    path_->set(trick);
    Sender sender(front_);
    sender.reply();
    EXPECT_THAT(sender.ask("STARTTLS"), HasSubstr(code));
  }
}

TEST_F(Path, TheHandshakeIsCut) {
  path_->set(PathTrick::cut_handshake);
  Sender sender(front_);
  sender.reply();
  EXPECT_THAT(sender.ask("STARTTLS"), HasSubstr("220"));
  EXPECT_FALSE(sender.start_tls());
}

TEST_F(Path, TheSwappedCertificateLetsTheAttackerReadAndTakeTheMail) {
  path_->set(PathTrick::swap_certificate, identity_for("evil.attacker.test"));
  Sender sender(front_);
  sender.reply();
  sender.ask("EHLO s");
  sender.ask("STARTTLS");
  ASSERT_TRUE(sender.start_tls());
  sender.ask("EHLO s");
  sender.send_mail();
  EXPECT_THAT(stolen_.to("b@signed.test"), SizeIs(1));
  EXPECT_THAT(mailbox_.all(), IsEmpty());
  EXPECT_GT(leaked(), 40U);
  EXPECT_THAT(path_->ear().excerpt(), HasSubstr("MAIL FROM:<a@sender.test>"));
}

TEST_F(Path, AResponseIsInjectedBehindThe220) {
  path_->set(PathTrick::inject_response);
  Sender sender(front_);
  sender.reply();
  sender.ask("EHLO s");
  sender.put("STARTTLS\r\n");
  std::string got = *sender.socket().read_some();
  EXPECT_THAT(got, HasSubstr("220 2.0.0 go ahead\r\n250-mallory"));
}

TEST_F(Path, ACommandIsInjectedAndTheServerHangsUp) {
  path_->set(PathTrick::inject_command);
  Sender sender(front_);
  sender.reply();
  sender.ask("EHLO s");
  EXPECT_THAT(sender.ask("STARTTLS"), HasSubstr("<closed>"));
}

TEST_F(Path, TheHandshakeIsSplicedOntoTheImplicitPortWithTheRealCertificate) {
  path_->set(PathTrick::splice_to_implicit);
  Sender sender(front_);
  sender.reply();
  sender.ask("EHLO s");
  EXPECT_THAT(sender.ask("STARTTLS"), HasSubstr("220"));
  ASSERT_TRUE(sender.start_tls());
  // The greeting of the implicit-TLS port, which this sender would take for its next reply.
  EXPECT_THAT(sender.reply(), HasSubstr("220 mx.signed.test"));
}

}  // namespace
}  // namespace pawl::lab
