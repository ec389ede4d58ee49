#include "starttls/string_argument.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl::starttls {
namespace {

// What is taken off the front until there is nothing or it is broken; "|" stands before the rest.
std::string taken(std::string_view text) {
  std::string all;
  while (auto argument = take_argument(text)) all += std::string(argument->reveal()) + ';';
  return all + '|' + std::string(text);
}

TEST(StringArgument, TakesAtomsQuotedStringsAndLiterals) {
  EXPECT_EQ(taken(" joe  sesame"), "joe;sesame;|");
  EXPECT_EQ(taken(R"( "a b" "q\"\\")"), "a b;q\"\\;|");
  EXPECT_EQ(taken(" {3}\r\nj e {2+}\r\n\r\n"), "j e;\r\n;|");
  EXPECT_EQ(taken(" \"\""), ";|");
}

TEST(StringArgument, TakesNothingBroken) {
  for (std::string_view broken :
       {"\"open", "\"open\\", "\"a\"b", "{3}\r\nab", "{3}ab", "{x}\r\nab"}) {
    EXPECT_FALSE(take_argument(broken)) << broken;
  }
}

TEST(LiteralMark, StandsAtTheEndOfALine) {
  ASSERT_TRUE(literal_mark("a LOGIN {12}"));
  EXPECT_EQ(literal_mark("a LOGIN {12}")->size, 12U);
  EXPECT_TRUE(literal_mark("a LOGIN {12}")->waits);
  EXPECT_FALSE(literal_mark("a LOGIN {0+}")->waits);
  for (std::string_view none : {"", "{}", "{+}", "{1", "1}", "{-1}", "{1} ", "{ 1}", "{1++}"}) {
    EXPECT_FALSE(literal_mark(none)) << none;
  }
}

TEST(LiteralMark, ASizeThatNoNumberHoldsIsLargerThanAnyLimit) {
  ASSERT_TRUE(literal_mark("{99999999999999999999999}"));
  EXPECT_GE(literal_mark("{99999999999999999999999}")->size, 50'000'000U);
}

}  // namespace
}  // namespace pawl::starttls
