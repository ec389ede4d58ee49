#include "tamper/keyword.h"

#include <gtest/gtest.h>

namespace pawl::tamper {
namespace {

TEST(Mask, IsOneCharacterAgainAndAgain) {
  for (const char* word : {"XXX", "XXXXXXXX", "********", "xxxxxxxx", "========"}) {
    ASSERT_TRUE(mask_of(word)) << word;
    EXPECT_FALSE(mask_of(word)->letter_at_end);
    EXPECT_EQ(mask_of(word)->with, word[0]);
  }
  for (const char* word : {"XXXXXXXA", "XXXXXXXXB", "XXXZ"}) {
    ASSERT_TRUE(mask_of(word)) << word;
    EXPECT_TRUE(mask_of(word)->letter_at_end);
  }
  for (const char* word : {"", "X", "XX", "XXA", "XCLIENT", "XXXXAXXX", "XXXXXXXXAB", "XXXX7"}) {
    EXPECT_FALSE(mask_of(word)) << word;
  }
}

TEST(Keyword, LengthsAreThoseOfTheRegistry) {
  EXPECT_TRUE(is_keyword_length(Family::smtp, 8));
  EXPECT_TRUE(is_keyword_length(Family::smtp, 19));
  EXPECT_FALSE(is_keyword_length(Family::smtp, 40));
  EXPECT_FALSE(is_keyword_length(Family::smtp, 400));
  EXPECT_TRUE(is_keyword_length(Family::pop3, 4));
}

TEST(Keyword, NearTheUpgradeAreMisspellingsAndNoWordsOfTheirOwn) {
  for (const char* word : {"STARTTLZ", "STARTTL5", "TARTTLS", "STARTLS", "STARTTSL", "STRATTLS",
                           "starttlz", "STARTTLSS", "XXARTTLS"}) {
    EXPECT_TRUE(is_near_upgrade(Family::smtp, word)) << word;
  }
  for (const char* word : {"STARTTLS", "starttls", "SMTPUTF8", "CHUNKING", "8BITMIME", "START",
                           "XSTARTTLS", "X-ANONYMOUSTLS", "RESTARTTLS7"}) {
    EXPECT_FALSE(is_near_upgrade(Family::smtp, word)) << word;
  }
  EXPECT_TRUE(is_near_upgrade(Family::pop3, "STLX"));
  EXPECT_TRUE(is_near_upgrade(Family::pop3, "TLS"));
  for (const char* word : {"SASL", "STAT", "UIDL", "USER", "TOP", "AUTH", "LAST"}) {
    EXPECT_FALSE(is_near_upgrade(Family::pop3, word)) << word;
  }
}

TEST(EditDistance, CountsLettersAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("stls", "STLS"), 0U);
  EXPECT_EQ(edit_distance("STLS", "SLTS"), 1U);
  EXPECT_EQ(edit_distance("STARTTLS", "STARTTL"), 1U);
  EXPECT_EQ(edit_distance("", "STLS"), 4U);
}

TEST(KeywordOf, EndsAtASpaceOrAnEqualsSign) {
  EXPECT_EQ(keyword_of("SIZE 1000"), "SIZE");
  EXPECT_EQ(keyword_of("AUTH=PLAIN"), "AUTH");
  EXPECT_EQ(keyword_of(""), "");
}

}  // namespace
}  // namespace pawl::tamper
