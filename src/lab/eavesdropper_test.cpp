#include "lab/eavesdropper.h"

#include <gtest/gtest.h>

#include "lab/dialect.h"

namespace pawl::lab {
namespace {

struct Counted {
  std::size_t credentials = 0;
  std::size_t envelope = 0;
  std::size_t content = 0;
  std::size_t other = 0;
  bool operator==(const Counted&) const = default;
};

void PrintTo(const Counted& counted, std::ostream* out) {
  *out << counted.credentials << " credentials, " << counted.envelope << " envelope, "
       << counted.content << " content, " << counted.other << " other";
}

// The same however the bytes are cut.
Counted count(Dialect dialect, const std::string& dialog) {
  Counted first;
  for (std::size_t cut = 1; cut <= dialog.size(); ++cut) {
    Eavesdropper ear;
    Overheard heard(ear, dialect);
    for (std::size_t at = 0; at < dialog.size(); at += cut) heard.feed(dialog.substr(at, cut));
    const Counted now{ear.bytes(Heard::credentials), ear.bytes(Heard::envelope),
                      ear.bytes(Heard::content), ear.bytes(Heard::other)};
    if (cut == 1) first = now;
    EXPECT_EQ(now, first) << "in pieces of " << cut;
  }
  return first;
}

TEST(Eavesdropping, SmtpTellsEnvelopeContentAndCredentialsApart) {
  EXPECT_EQ(count(Dialect::smtp,
                  "EHLO s\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nhi\r\n.\r\n"
                  "BDAT 3 LAST\r\na\nbQUIT\r\n"),
            (Counted{.envelope = 22 + 20, .content = 4 + 3}));
  EXPECT_EQ(count(Dialect::smtp, "EHLO s\r\nAUTH LOGIN\r\ndQ==\r\ncA==\r\nQUIT\r\n"),
            (Counted{.credentials = 12 + 6 + 6}));
  EXPECT_EQ(count(Dialect::smtp, "LHLO s\r\nSTARTTLS\r\n"), Counted());
}

TEST(Eavesdropping, ImapCountsLoginsHoweverTheyAreWritten) {
  EXPECT_EQ(count(Dialect::imap, "1 CAPABILITY\r\n2 LOGIN u p\r\n3 LOGOUT\r\n"),
            (Counted{.credentials = 13}));
  EXPECT_EQ(count(Dialect::imap, "2 LOGIN {1}\r\nu {1+}\r\np\r\n3 NOOP\r\n"),
            (Counted{.credentials = 13 + 1 + 7 + 1 + 2}));
  EXPECT_EQ(count(Dialect::imap, "2 authenticate plain\r\nAHUAcA==\r\n3 LOGOUT\r\n"),
            (Counted{.credentials = 22 + 10}));
  EXPECT_EQ(count(Dialect::imap, "2 AUTHENTICATE PLAIN AHUAcA==\r\n3 LIST \"\" *\r\n"),
            (Counted{.credentials = 31, .other = 13}));
}

// A literal may say anything, also what looks like small talk or like TLS.
TEST(Eavesdropping, ImapCountsWhatIsAppendedToTheByte) {
  EXPECT_EQ(count(Dialect::imap, "1 APPEND INBOX {13+}\r\n\x16\x03 LOGOUT\r\n\r\n\r\n2 LOGOUT\r\n"),
            (Counted{.content = 22 + 13 + 2}));
}

TEST(Eavesdropping, ImapForgetsALiteralThatTheServerRefused) {
  Eavesdropper ear;
  Overheard heard(ear, Dialect::imap);
  heard.feed("1 LOGIN {400}\r\n");
  EXPECT_EQ(heard.chunk_remaining(), 400U);
  heard.literal_refused();
  heard.feed("2 LOGOUT\r\n");
  EXPECT_EQ(ear.bytes(), 15U);
}

TEST(Eavesdropping, Pop3CountsUserPasswordAndDigest) {
  EXPECT_EQ(count(Dialect::pop3, "CAPA\r\nAUTH\r\nUSER u\r\nPASS p q\r\nSTAT\r\nQUIT\r\n"),
            (Counted{.credentials = 8 + 10, .other = 6}));
  EXPECT_EQ(count(Dialect::pop3, "APOP u 0123\r\n"), (Counted{.credentials = 13}));
  EXPECT_EQ(count(Dialect::pop3, "AUTH PLAIN\r\nAHUAcA==\r\nLIST\r\n"),
            (Counted{.credentials = 12 + 10, .other = 6}));
}

TEST(Eavesdropping, SieveCountsLoginsAndScripts) {
  EXPECT_EQ(count(Dialect::sieve,
                  "CAPABILITY\r\nAUTHENTICATE \"PLAIN\" {8+}\r\nAHUAcA==\r\n"
                  "PUTSCRIPT \"s\" {5+}\r\nkeep;\r\nLOGOUT\r\n"),
            (Counted{.credentials = 27 + 8 + 2, .content = 20 + 5 + 2}));
  EXPECT_EQ(count(Dialect::sieve, "AUTHENTICATE \"PLAIN\"\r\n\"AHUAcA==\"\r\nNOOP\r\n"),
            (Counted{.credentials = 22 + 12}));
}

TEST(Eavesdropping, StopsWhereTlsBegins) {
  EXPECT_EQ(count(Dialect::imap, "1 STARTTLS\r\n\x16\x03\x01\x02 LOGIN u p\r\n"), Counted());
}

TEST(Dialect, KnowsTheUpgradeCommandOfEachProtocol) {
  EXPECT_TRUE(is_upgrade(Dialect::smtp, "starttls "));
  EXPECT_TRUE(is_upgrade(Dialect::imap, "A001 STARTTLS"));
  EXPECT_TRUE(is_upgrade(Dialect::pop3, "STLS"));
  EXPECT_TRUE(is_upgrade(Dialect::sieve, "StartTLS"));
  EXPECT_FALSE(is_upgrade(Dialect::imap, "STARTTLS"));
  EXPECT_FALSE(is_upgrade(Dialect::pop3, "STARTTLS"));
  EXPECT_FALSE(is_upgrade(Dialect::smtp, "XXXXXXXX"));
}

}  // namespace
}  // namespace pawl::lab
