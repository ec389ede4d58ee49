#include "base/text.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace pawl {
namespace {

TEST(Text, ParseDecimalRefusesSignsSpacesAndOverflow) {
  EXPECT_EQ(parse_decimal("0", 0), 0U);
  EXPECT_EQ(parse_decimal("31557600", 31557600), 31557600U);
  EXPECT_EQ(parse_decimal("31557601", 31557600), std::nullopt);
  EXPECT_EQ(parse_decimal("99999999999999999999999", UINT64_MAX), std::nullopt);
  EXPECT_EQ(parse_decimal("7", 5), std::nullopt);
  EXPECT_EQ(parse_decimal("", 9), std::nullopt);
  EXPECT_EQ(parse_decimal("+1", 9), std::nullopt);
  EXPECT_EQ(parse_decimal(" 1", 9), std::nullopt);
}

TEST(Text, PrintableEscapesWhatCouldFoolATerminal) {
  EXPECT_EQ(printable("250 ok\x1b[2J\r\n"), "250 ok\\x1b[2J\\x0d\\x0a");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(Text, Utf8RefusesOverlongFormsSurrogatesAndTruncation) {
  for (const char* good :
       {"", "joe", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << printable(good);
  }
  for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xc3", "\xe2\x82", "\xc3(", "\xff"}) {
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
  }
}

TEST(Bytes, Base64AgreesWithRfc4648Section10) {
  const char* cases[][2] = {{"", ""},
                            {"f", "Zg=="},
                            {"fo", "Zm8="},
                            {"foo", "Zm9v"},
                            {"foob", "Zm9vYg=="},
                            {"fooba", "Zm9vYmE="},
                            {"foobar", "Zm9vYmFy"}};
  for (auto [plain, coded] : cases) {
    EXPECT_EQ(to_base64(plain), coded);
    EXPECT_EQ(from_base64(coded).value(), plain);
  }
  EXPECT_FALSE(from_base64("Zg="));
  EXPECT_FALSE(from_base64("Z=g="));
  EXPECT_FALSE(from_base64("=Zg="));
}

TEST(Bytes, ReaderNeverReadsBeyondTheEnd) {
  Reader reader(std::string_view("\x01\x02\x03", 3));
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_EQ(reader.u16(), std::nullopt);
  EXPECT_EQ(reader.u8(), 3);
  EXPECT_TRUE(reader.empty());
}

TEST(Text, CitationsReadAsPeopleWriteThem) {
  EXPECT_EQ(citation("rfc8461#4.1"), "RFC 8461 section 4.1");
  EXPECT_EQ(citation("rfc7505"), "RFC 7505");
  EXPECT_EQ(citation(""), "");
}

}  // namespace
}  // namespace pawl
