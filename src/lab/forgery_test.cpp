#include "lab/forgery.h"

#include <gtest/gtest.h>

namespace pawl::lab {
namespace {

using Trick = PathTrick;
const Asked kGreeting;
const Asked kEhlo{"", "EHLO"};
const Asked kCapability{"a1", "CAPABILITY"};
const Asked kCapa{"", "CAPA"};

TEST(Forgery, StrippingRemovesTheOfferAndMakesALoginLookPossible) {
  EXPECT_EQ(altered(Dialect::smtp, Trick::remove_capability, kEhlo,
                    "250-mx.test\r\n250-SIZE 1\r\n250 STARTTLS\r\n"),
            "250-mx.test\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1\r\n");
  EXPECT_EQ(altered(Dialect::imap, Trick::remove_capability, kGreeting,
                    "* OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS LOGINDISABLED] ready.\r\n"),
            "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN SASL-IR] ready.\r\n");
  EXPECT_EQ(altered(Dialect::imap, Trick::remove_capability, kCapability,
                    "* CAPABILITY IMAP4rev1 STARTTLS\r\n"),
            "* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN\r\n");
  EXPECT_EQ(altered(Dialect::pop3, Trick::remove_capability, kCapa,
                    "+OK\r\nSTLS\r\nUIDL\r\nSASL\r\n.\r\n"),
            "+OK\r\nUIDL\r\nSASL\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n");
  EXPECT_EQ(altered(Dialect::sieve, Trick::remove_capability, kGreeting, "\"SASL\" \"\"\r\n"),
            "\"SASL\" \"PLAIN LOGIN\"\r\n");
  EXPECT_EQ(altered(Dialect::sieve, Trick::remove_capability, kGreeting, "\"STARTTLS\"\r\n"), "");
}

TEST(Forgery, OverwritingKeepsTheLength) {
  EXPECT_EQ(altered(Dialect::smtp, Trick::mask_capability, kEhlo,
                    "250-mx.test\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"),
            "250-mx.test\r\n250-AUTH PLAIN\r\n250 XXXXXXXX\r\n");
  EXPECT_EQ(altered(Dialect::smtp, Trick::mask_capability_letter, kEhlo,
                    "250-mx.test\r\n250-AUTH PLAIN\r\n250 StartTLS\r\n"),
            "250-mx.test\r\n250-AUTH PLAIN\r\n250 XXXXXXXA\r\n");
  EXPECT_EQ(altered(Dialect::pop3, Trick::mask_capability, kCapa,
                    "+OK\r\nSTLS\r\nUSER\r\nSASL PLAIN\r\n.\r\n"),
            "+OK\r\nXXXX\r\nUSER\r\nSASL PLAIN\r\n.\r\n");
  EXPECT_EQ(masked_command(Dialect::imap, "a2 STARTTLS\r\n"), "a2 XXXXXXXX\r\n");
}

TEST(Forgery, LeavesEverythingElseAlone) {
  EXPECT_EQ(altered(Dialect::smtp, Trick::remove_capability, {"", "RCPT"}, "250 2.1.5 Ok\r\n"),
            "250 2.1.5 Ok\r\n");
  EXPECT_EQ(altered(Dialect::imap, Trick::remove_capability, kCapability, "a1 OK done\r\n"),
            "a1 OK done\r\n");
  EXPECT_EQ(altered(Dialect::imap, Trick::listen_only, kCapability, "* CAPABILITY STARTTLS\r\n"),
            "* CAPABILITY STARTTLS\r\n");
}

TEST(Forgery, CutsRepliesWhereTheyEnd) {
  EXPECT_EQ(reply_size(Dialect::smtp, kEhlo, "250-a\r\n250 b\r\n250"), 14U);
  EXPECT_EQ(reply_size(Dialect::smtp, kEhlo, "250-a\r\n250-b\r\n"), 0U);
  EXPECT_EQ(reply_size(Dialect::pop3, kCapa, "+OK\r\nSTLS\r\n.\r\n+OK"), 14U);
  EXPECT_EQ(reply_size(Dialect::pop3, kCapa, "+OK\r\nSTLS\r\n"), 0U);
  EXPECT_EQ(reply_size(Dialect::pop3, kCapa, "-ERR no\r\n"), 9U);
  EXPECT_EQ(reply_size(Dialect::imap, kCapability, "* OK\r\na1"), 6U);
}

TEST(Forgery, GuessesTheNextTagAsPredictableClientsCountThem) {
  EXPECT_EQ(next_tag("A001"), "A002");
  EXPECT_EQ(next_tag("a0009"), "a0010");
  EXPECT_EQ(next_tag("9"), "10");
  EXPECT_EQ(next_tag("."), ".");
}

TEST(Forgery, EveryRefusalIsNoSuccess) {
  for (Dialect dialect : {Dialect::smtp, Dialect::imap, Dialect::pop3, Dialect::sieve}) {
    for (Trick how :
         {Trick::remove_capability, Trick::answer_454, Trick::answer_500, Trick::old_protocol}) {
      EXPECT_FALSE(is_success(dialect, "a1", refusal(dialect, "a1", how)));
    }
    EXPECT_TRUE(is_success(dialect, "a1", success(dialect, "a1")));
  }
}

// Whatever the attacker slips in can be told from what the server says.
TEST(Forgery, WhatIsInjectedCarriesTheAttackersName) {
  for (Dialect dialect : {Dialect::smtp, Dialect::imap, Dialect::pop3, Dialect::sieve}) {
    EXPECT_NE(injected_command(dialect).find(kMallory), std::string::npos);
    EXPECT_NE(injected_response(dialect, "a1").find(kMallory), std::string::npos);
  }
  EXPECT_NE(untagged_data().find(kMallory), std::string::npos);
}

TEST(UpgradeAttacks, HaveNamesOfTheirOwn) {
  for (const UpgradeAttackRow& row : upgrade_attacks()) {
    EXPECT_EQ(find_upgrade_attack(row.name), &row) << row.name;
    const bool any = applies(row, starttls::Protocol::imap, false);
    EXPECT_TRUE(any) << row.name << " can be played on IMAP at least";
  }
  EXPECT_EQ(find_upgrade_attack("nonsense"), nullptr);
}

}  // namespace
}  // namespace pawl::lab
