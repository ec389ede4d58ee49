#include "smtp/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace pawl::smtp {
namespace {

std::vector<std::string> read_all(std::string_view bytes, std::size_t split = 0) {
  ReplyReader reader;
  std::vector<std::string> seen;
  auto drain = [&] {
    while (true) {
      auto reply = reader.next();
      if (!reply) {
        if (seen.empty() || seen.back() != reply.error().sentence()) {
          seen.push_back(reply.error().sentence());
        }
        return;
      }
      if (!*reply) return;
      seen.push_back((*reply)->text() + " [" + (*reply)->enhanced + "]");
    }
  };
  if (split > 0) {
    reader.feed(bytes.substr(0, split));
    drain();
  }
  reader.feed(bytes.substr(split));
  drain();
  return seen;
}

TEST(Reply, IsReadWithItsEnhancedStatus) {
  EXPECT_THAT(
      read_all("250 2.1.5 Ok\r\n550 5.1.1 no such user\r\n220\r\n"),
      testing::ElementsAre("250 2.1.5 Ok [2.1.5]", "550 5.1.1 no such user [5.1.1]", "220 []"));
}

TEST(Reply, OfSeveralLinesIsOneReply) {
  EXPECT_THAT(read_all("250-mx.example.org\r\n250-SIZE 1\r\n250 STARTTLS\r\n"),
              testing::ElementsAre("250 mx.example.org SIZE 1 STARTTLS []"));
}

TEST(Reply, IgnoresAStatusOfAnotherClass) {
  EXPECT_THAT(read_all("550 4.1.1 odd\r\n"), testing::ElementsAre("550 4.1.1 odd []"));
  EXPECT_THAT(read_all("250 2.1.5.6 odd\r\n"), testing::ElementsAre("250 2.1.5.6 odd []"));
}

TEST(Reply, WithABareLineEndingIsRefused) {
  EXPECT_THAT(read_all("250 a\n250 b\r\n")[0], testing::HasSubstr("bare CR or LF"));
  EXPECT_THAT(read_all("250 a\r250 b\r\n")[0], testing::HasSubstr("bare CR or LF"));
}

TEST(Reply, OfAnotherShapeIsRefused) {
  for (const char* bytes : {"hello\r\n", "25 x\r\n", "2500 x\r\n", "150 x\r\n", "650 x\r\n",
                            "250_x\r\n", "\r\n", "250-a\r\n251 b\r\n"}) {
    EXPECT_THAT(read_all(bytes)[0], testing::HasSubstr("broke the SMTP protocol")) << bytes;
  }
}

TEST(Reply, ThatNeverEndsIsCutOff) {
  std::string long_line = "250 " + std::string(limits::kSmtpReplyLine, 'x');
  EXPECT_THAT(read_all(long_line)[0], testing::HasSubstr("longer than 2048"));
  EXPECT_THAT(read_all(long_line + "\r\n")[0], testing::HasSubstr("longer than 2048"));
  std::string many;
  for (std::size_t i = 0; i <= limits::kSmtpReplyLines; ++i) many += "250-x\r\n";
  EXPECT_THAT(read_all(many)[0], testing::HasSubstr("more than 256 lines"));
}

TEST(Reply, ReadsTheSameHoweverTheBytesAreSplit) {
  for (std::string_view bytes : {"250-mx\r\n250 2.0.0 ok\r\n354 go\r\n", "250 a\r250\r\n",
                                 "220 x\n", "250-a\r\n550 b\r\n"}) {
    auto whole = read_all(bytes);
    for (std::size_t i = 1; i < bytes.size(); ++i) EXPECT_EQ(read_all(bytes, i), whole) << i;
  }
}

TEST(Reply, TextIsSafeToShow) {
  EXPECT_EQ(read_all("550 \x1b[2Jgone\r\n")[0], "550 \\x1b[2Jgone []");
}

// The buffer moves while a reply comes in byte by byte: what its lines say must not.
TEST(ReplyReader, LinesAreWhatWasSaidHoweverLongTheReplyTook) {
  ReplyReader reader;
  std::vector<std::string> said;
  std::string bytes = "220 before\r\n";
  for (int i = 0; i < 200; ++i) {
    said.push_back("line " + std::to_string(i) + std::string(static_cast<std::size_t>(i), 'x'));
    bytes += (i < 199 ? "250-" : "250 ") + said.back() + "\r\n";
  }
  std::vector<std::string> read;
  for (char byte : bytes) {
    reader.feed({&byte, 1});
    auto reply = reader.next();
    ASSERT_TRUE(reply);
    if (*reply && (*reply)->code == 250)
      read.assign((*reply)->lines.begin(), (*reply)->lines.end());
  }
  EXPECT_EQ(read, said);
  EXPECT_TRUE(reader.empty());
}

TEST(ReplyReader, GivesOneReplyAfterTheOtherFromTheSameBytes) {
  ReplyReader reader;
  reader.feed("250-a\r\n250 b\r\n354 c\r\n22");
  EXPECT_THAT((*reader.next())->lines, testing::ElementsAre("a", "b"));
  EXPECT_THAT((*reader.next())->lines, testing::ElementsAre("c"));
  EXPECT_EQ(*reader.next(), nullptr);
  reader.feed("0 2.0.0 d\r\n");
  const Reply& last = **reader.next();
  EXPECT_EQ(last.code, 220);
  EXPECT_EQ(last.enhanced, "2.0.0");
  EXPECT_THAT(last.lines, testing::ElementsAre("2.0.0 d"));
}

TEST(Reply, TextIsCutWhereItIsLong) {
  std::string text = read_all("250-" + std::string(1000, 'a') + "\r\n250 b\r\n")[0];
  EXPECT_EQ(text, "250 " + std::string(496, 'a') + "... []");
}

TEST(ReplyReader, KnowsWhetherAnythingIsBuffered) {
  ReplyReader reader;
  EXPECT_TRUE(reader.empty());
  reader.feed("250-part\r\n");
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(reader.empty());
  reader.clear();
  EXPECT_TRUE(reader.empty());
}

}  // namespace
}  // namespace pawl::smtp
