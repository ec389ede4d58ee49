#include "smtp/address.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace pawl::smtp {
namespace {

std::string canonical(std::string_view text, Charset charset = Charset::utf8) {
  auto mailbox = parse_mailbox(text, charset);
  return mailbox ? mailbox->text() : "";
}

TEST(Address, TwoSpellingsOfOneMailboxBecomeOne) {
  EXPECT_EQ(canonical("joe@Example.ORG"), "joe@example.org");
  EXPECT_EQ(canonical("Joe.Smith@example.org"), "Joe.Smith@example.org");
  EXPECT_EQ(canonical("\"joe\"@example.org"), "joe@example.org");
  EXPECT_EQ(canonical("\"j\\oe\"@example.org"), "joe@example.org");
  EXPECT_EQ(canonical("\"joe smith\"@example.org"), "\"joe smith\"@example.org");
  EXPECT_EQ(canonical("\"a\\\"b\\\\c\"@example.org"), "\"a\\\"b\\\\c\"@example.org");
  EXPECT_EQ(canonical("\"\"@example.org"), "\"\"@example.org");
  EXPECT_EQ(canonical("a@[192.0.2.1]"), "a@[192.0.2.1]");
  EXPECT_EQ(canonical("a@[ipv6:2001:DB8::1]"), "a@[IPv6:2001:db8::1]");
  EXPECT_EQ(canonical("a@b\xc3\xbc"
                      "cher.example"),
            "a@xn--bcher-kva.example");
}

TEST(Address, RefusesWhatTheGrammarDoesNotHave) {
  for (const char* bad : {"",
                          "joe",
                          "@example.org",
                          "joe@",
                          ".joe@example.org",
                          "joe.@example.org",
                          "j..oe@example.org",
                          "j oe@example.org",
                          "joe@exa mple.org",
                          "joe@example.org.",
                          "joe@*.example.org",
                          "joe@-.",
                          "joe@192.0.2.1",
                          "joe@[192.0.2.1",
                          "joe@[2001:db8::1]",
                          "joe@[IPv6:192.0.2.1]",
                          "joe@[X:y]",
                          "a@b@c",
                          "\"joe@example.org",
                          "\"joe\"x@example.org",
                          "\"j\x01\"@example.org",
                          "\"j\\\x01\"@example.org",
                          "j\x7f@example.org",
                          "j(c)@example.org",
                          "\xff@example.org",
                          "\xc3(@example.org"}) {
    EXPECT_EQ(canonical(bad), "") << printable(bad);
  }
  EXPECT_EQ(canonical("jos\xc3\xa9@example.org", Charset::ascii), "");
  EXPECT_EQ(canonical("\"jos\xc3\xa9\"@example.org", Charset::ascii), "");
  EXPECT_EQ(canonical("a@b\xc3\xbc.example", Charset::ascii), "");
  EXPECT_EQ(canonical("jos\xc3\xa9@example.org"), "jos\xc3\xa9@example.org");
}

TEST(Address, LengthsAreLimited) {
  EXPECT_NE(canonical(std::string(64, 'a') + "@example.org"), "");
  EXPECT_EQ(canonical(std::string(65, 'a') + "@example.org"), "");
  std::string label(60, 'a');
  EXPECT_EQ(canonical("a@" + label + '.' + label + '.' + label + '.' + label + '.' + label), "");
  std::string_view path = "<a@b>";
  EXPECT_TRUE(parse_path(path, Charset::ascii));
  std::string quoted = "<@" + std::string(250, 'r') + ":a@b.example>";
  path = quoted;
  EXPECT_FALSE(parse_path(path, Charset::ascii));
}

TEST(Address, PathsDropSourceRoutesAndLeaveWhatFollows) {
  std::string_view text = "<@a.example,@b.example:joe@example.org> SIZE=1";
  auto path = parse_path(text, Charset::ascii);
  ASSERT_TRUE(path && *path);
  EXPECT_EQ((*path)->text(), "joe@example.org");
  EXPECT_EQ(text, " SIZE=1");

  text = "<>";
  path = parse_path(text, Charset::ascii);
  ASSERT_TRUE(path);
  EXPECT_FALSE(*path);

  text = "<\"a>b\"@example.org>";
  path = parse_path(text, Charset::ascii);
  ASSERT_TRUE(path && *path);
  EXPECT_EQ((*path)->text(), "\"a>b\"@example.org");

  text = "<PostMaster>";
  path = parse_path(text, Charset::ascii);
  ASSERT_TRUE(path && *path);
  EXPECT_TRUE((*path)->domain.is_root());

  for (const char* bad : {"joe@example.org", "<joe@example.org", "<joe>", "<@a.example>",
                          "< joe@example.org>", "<joe@example.org >"}) {
    text = bad;
    EXPECT_FALSE(parse_path(text, Charset::ascii)) << bad;
  }
}

}  // namespace
}  // namespace pawl::smtp
