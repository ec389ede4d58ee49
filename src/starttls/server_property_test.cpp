// Whatever a client says before TLS, in whatever pieces: no login is looked at, no secret comes
// back, and the session inside TLS is the one that would have been without it.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "starttls/test_server.h"

namespace pawl::starttls {
namespace {

using test::ServerPlay;
using test::Words;

class ServerProperty : public testing::TestWithParam<Words> {
 protected:
  const Words& words() const { return GetParam(); }

  // What a hostile client may say, but the upgrade itself.
  std::vector<std::string> vocabulary() const {
    std::vector<std::string> phrases{std::string(words().hello),
                                     std::string(words().idle),
                                     std::string(words().upgrade_with_argument),
                                     std::string(words().wrong_login),
                                     "x NOOP\r\n",
                                     "nonsense\r\n",
                                     "\r\n",
                                     "*\r\n",
                                     "AGpvZQBvcGVuLVNlc2FtZQ==\r\n",
                                     "l LOGIN {3}\r\n",
                                     "l LOGIN joe {11}\r\n",
                                     "USER joe\r\n",
                                     "PASS open-Sesame\r\n",
                                     "AUTHENTICATE \"PLAIN\" {24+}\r\n",
                                     "l AUTHENTICATE PLAIN\r\n",
                                     "AUTH PLAIN\r\n",
                                     "MAIL FROM:<a@example.org>\r\n",
                                     "RCPT TO:<b@example.org>\r\n",
                                     "RSET\r\n"};
    for (std::string_view login : words().logins) phrases.emplace_back(login);
    return phrases;
  }
  std::string script() const {
    std::string text;
    for (const std::string& phrase :
         *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(vocabulary()))) {
      text += phrase;
    }
    return text;
  }
  static std::string say_in_pieces(ServerPlay& server, std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
      auto size = *rc::gen::inRange<std::size_t>(1, bytes.size() + 1);
      out += server.say(bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
    return out;
  }
};

TEST_P(ServerProperty, NoLoginBeforeTlsAndNoSecretInAnyAnswer) {
  bool held = rc::check([this] {
    ServerPlay server(words().protocol, {.hostname = "mail.example.org", .max_errors = 1000});
    std::string out = say_in_pieces(server, script());
    RC_ASSERT(server.tried.empty());
    RC_ASSERT(!server.owned());
    RC_ASSERT(server.dialog().user().empty());
    RC_ASSERT(out.find(test::kPassword) == std::string::npos);
    RC_ASSERT(out.find("AGpvZQ") == std::string::npos);
  });
  EXPECT_TRUE(held);
}

TEST_P(ServerProperty, NothingFromBeforeTlsChangesAnythingAfterIt) {
  bool held = rc::check([this] {
    std::string after = script();
    ServerPlay fresh(words().protocol);
    fresh.say(words().upgrade);
    std::string expected = fresh.handshake() + fresh.say(after);

    ServerPlay server(words().protocol);
    say_in_pieces(server, script());
    server.say(words().upgrade);
    RC_PRE(server.tls_due);  // it was closed before, or waits inside a literal
    std::string said = server.handshake() + say_in_pieces(server, after);
    RC_ASSERT(said == expected);
    RC_ASSERT(server.last == fresh.last);
    RC_ASSERT(server.tried == fresh.tried);
    RC_ASSERT(server.dialog().user() == fresh.dialog().user());
    RC_ASSERT(!server.tried_in_clear);
  });
  EXPECT_TRUE(held);
}

INSTANTIATE_TEST_SUITE_P(All, ServerProperty, testing::ValuesIn(test::kWords),
                         [](const auto& info) {
                           return std::string(row(info.param.protocol).name);
                         });

}  // namespace
}  // namespace pawl::starttls
