#include "lab/secret_search.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace pawl::lab {
namespace {

const KnownSecrets kSecrets{
    "labuser", "pw-7XiYhgS7-secret", {"marked@envelope.test"}, {"ratchet-jcaZji2A"}};

// Whole, and split at every byte: the same.
Leak heard(const std::string& text) {
  SecretSearch whole(kSecrets);
  whole.from_client(text);
  const Leak leak = whole.found();
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    SecretSearch pieces(kSecrets);
    pieces.from_client(text.substr(0, cut));
    pieces.from_client(text.substr(cut));
    EXPECT_EQ(pieces.found().text(), leak.text()) << cut;
  }
  return leak;
}

TEST(SecretSearch, HearsUserAndPasswordAsTheyAre) {
  EXPECT_EQ(heard("a1 LOGIN labuser \"pw-7XiYhgS7-secret\"\r\n").text(), "user name, password");
  EXPECT_EQ(heard("a1 LOGIN {7}\r\nlabuser {18+}\r\npw-7XiYhgS7-secret\r\n").text(),
            "user name, password");
  EXPECT_EQ(heard("USER labuser\r\n").text(), "user name");
}

TEST(SecretSearch, HearsThemInsideSaslPlainHoweverItBegins) {
  const std::string plain = to_base64(std::string("\0labuser\0pw-7XiYhgS7-secret", 27));
  const std::string other = to_base64(std::string("other\0labuser\0pw-7XiYhgS7-secret", 32));
  for (const std::string& command :
       {"AUTH PLAIN " + plain, "a1 AUTHENTICATE PLAIN " + other,
        "AUTHENTICATE \"PLAIN\" \"" + plain + "\"", "AUTH PLAIN\r\n" + other}) {
    EXPECT_EQ(heard(command + "\r\n").text(), "user name, password") << command;
  }
}

TEST(SecretSearch, HearsThemInTheTwoAnswersOfLogin) {
  EXPECT_EQ(heard("AUTH LOGIN\r\n" + to_base64("labuser") + "\r\n" +
                  to_base64("pw-7XiYhgS7-secret") + "\r\n")
                .text(),
            "user name, password");
}

TEST(SecretSearch, HearsWhatIsMadeOfAPassword) {
  const std::string digest = "0123456789abcdef0123456789abcdef";
  EXPECT_TRUE(heard("APOP labuser " + digest + "\r\n").proof);
  EXPECT_TRUE(heard(to_base64("labuser " + digest) + "\r\n").proof);
  EXPECT_TRUE(heard(to_base64("username=\"labuser\",response=" + digest) + "\r\n").proof);
  EXPECT_TRUE(heard(to_base64("c=biws,r=abc,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=") + "\r\n").proof);
  EXPECT_FALSE(heard("APOP somebody " + digest + "\r\n").any());
}

TEST(SecretSearch, HearsTheUserOfNtlm) {
  const std::string wide("l\0a\0b\0u\0s\0e\0r\0", 14);
  const Leak leak = heard(to_base64(std::string("NTLMSSP\0\3\0\0\0", 12) + wide) + "\r\n");
  EXPECT_TRUE(leak.user);
  EXPECT_TRUE(leak.proof);
}

TEST(SecretSearch, HearsContentAlsoInTheLinesOfAnEncodedPart) {
  std::string lines = to_base64(std::string(40, 'x') + "the word is ratchet-jcaZji2A, keep it");
  for (std::size_t at = 30; at < lines.size(); at += 32) lines.insert(at, "\r\n");
  EXPECT_EQ(heard("DATA\r\n\r\n" + lines + "\r\n.\r\n").text(), "content");
  EXPECT_EQ(heard("Subject: ratchet-jcaZji2A\r\n").text(), "content");
}

TEST(SecretSearch, ListensToTheServerToo) {
  SecretSearch search(kSecrets);
  search.from_server("* 1 FETCH (BODY[] {16}\r\nratchet-jcaZji2A)\r\n");
  EXPECT_EQ(search.found().text(), "content");
}

TEST(SecretSearch, HearsNothingInSmallTalkAndInTls) {
  EXPECT_FALSE(heard("EHLO client.test\r\nSTARTTLS\r\n").any());
  EXPECT_FALSE(heard(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)).any());
  EXPECT_EQ(Leak().text(), "nothing");
}

}  // namespace
}  // namespace pawl::lab
