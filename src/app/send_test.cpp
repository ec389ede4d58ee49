#include <gtest/gtest.h>

#include "app/outgoing_message.h"
#include "app/sendmail_options.h"

namespace pawl::app {
namespace {

SendmailOptions options(std::vector<std::string> words) {
  auto parsed = parse_sendmail_options(words);
  EXPECT_TRUE(parsed) << parsed.error().detail;
  return parsed.value_or(SendmailOptions{});
}

std::string complaint(std::vector<std::string> words) {
  auto parsed = parse_sendmail_options(words);
  return parsed ? "" : parsed.error().detail;
}

TEST(SendmailOptions, WhatMailProgramsGive) {
  SendmailOptions mutt = options({"-oem", "-oi", "-f", "joe@example.org", "--", "ann@example.com"});
  EXPECT_TRUE(mutt.dot_is_text);
  EXPECT_EQ(mutt.sender, "joe@example.org");
  EXPECT_EQ(mutt.recipients, std::vector<std::string>{"ann@example.com"});
  SendmailOptions php = options({"-t", "-i"});
  EXPECT_TRUE(php.recipients_from_header && php.dot_is_text);
  SendmailOptions cron = options({"-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"});
  EXPECT_EQ(cron.full_name, "CronDaemon");
  EXPECT_EQ(cron.recipients, std::vector<std::string>{"root"});
  SendmailOptions bundled = options({"-ti", "-fjoe@example.org"});
  EXPECT_TRUE(bundled.recipients_from_header && bundled.dot_is_text);
  EXPECT_EQ(bundled.sender, "joe@example.org");
  EXPECT_EQ(options({"-f", "<>", "x@y.z"}).sender, "");
  EXPECT_TRUE(options({"-odq", "x@y.z"}).queue);
  EXPECT_TRUE(options({"-bm", "-q30m", "-v", "x@y.z"}).verbose);
}

TEST(SendmailOptions, NoticesAreAskedForAsSendmailDoes) {
  SendmailOptions dsn = options({"-N", "success,failure", "-R", "hdrs", "-V", "id7", "x@y.z"});
  EXPECT_TRUE(dsn.notify && dsn.notify->success && dsn.notify->failure && !dsn.notify->delay);
  EXPECT_EQ(dsn.ret, smtp::Return::headers);
  EXPECT_EQ(dsn.envid, "id7");
  EXPECT_NE(complaint({"-N", "never,delay"}), "");
  EXPECT_NE(complaint({"-R", "some"}), "");
}

TEST(SendmailOptions, WhatPawlDoesElsewhereIsSaid) {
  EXPECT_NE(complaint({"-bp"}).find("pawl queue list"), std::string::npos);
  EXPECT_NE(complaint({"-bd"}).find("pawl relay"), std::string::npos);
  EXPECT_NE(complaint({"-bs"}).find("pawl relay"), std::string::npos);
  EXPECT_NE(complaint({"--confg", "x"}).find("--help"), std::string::npos);
  EXPECT_NE(complaint({"-f"}).find("needs a value"), std::string::npos);
  EXPECT_NE(complaint({"-Z"}), "");
}

const Origin kOrigin{.hostname = "relay.example.org",
                     .user = "joe",
                     .full_name = "Joe \"J\" Smith",
                     .sender = "joe@example.org",
                     .unique = "1.2",
                     .now = *parse_rfc3339("2026-11-22T12:00:00Z")};

OutgoingMessage outgoing(std::string_view input, bool dot_ends = false, bool take = false) {
  return *make_outgoing(input, dot_ends, take, kOrigin, 1'000'000);
}

TEST(OutgoingMessage, MissingFieldsAreAddedAndLinesEndInCrlf) {
  std::string text = outgoing("Subject: hi\n\nline one\nline two\n").content;
  EXPECT_EQ(text,
            "Received: by relay.example.org with local; Sun, 22 Nov 2026 12:00:00 +0000\r\n"
            "Subject: hi\r\n"
            "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
            "From: \"Joe \\\"J\\\" Smith\" <joe@example.org>\r\n"
            "Message-ID: <1.2@relay.example.org>\r\n"
            "\r\nline one\r\nline two\r\n");
}

TEST(OutgoingMessage, WhatIsThereStays) {
  std::string text =
      outgoing("from: a@b.c\r\ndate: yesterday\r\nmessage-id: <x@y>\r\n\r\nbody").content;
  EXPECT_EQ(text.find("From:"), std::string::npos);
  EXPECT_EQ(text.find("Date:"), std::string::npos);
  EXPECT_EQ(text.find("Message-ID:"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\nbody\r\n"));
}

TEST(OutgoingMessage, TextWithoutAHeaderBecomesABody) {
  std::string text = outgoing("just text, no header\nmore\n").content;
  EXPECT_TRUE(text.ends_with("\r\n\r\njust text, no header\r\nmore\r\n")) << text;
}

TEST(OutgoingMessage, ADotEndsItOnlyWithoutDashI) {
  std::string input = "Subject: x\n\none\n.\ntwo\n";
  EXPECT_EQ(outgoing(input, true).content.find("two"), std::string::npos);
  EXPECT_NE(outgoing(input, false).content.find("two"), std::string::npos);
}

TEST(OutgoingMessage, RecipientsComeFromTheHeaderAndBccGoes) {
  OutgoingMessage message = outgoing(
      "To: Joe Smith <joe@example.org>, ann@example.com (Ann, at work)\n"
      "Cc: \"Kim, A.\" <kim@example.net>\nBcc: secret@example.org\nSubject: x\n\nbody\n",
      false, true);
  std::vector<std::string> expected = {"joe@example.org", "ann@example.com", "kim@example.net",
                                       "secret@example.org"};
  EXPECT_EQ(message.header_recipients, expected);
  EXPECT_EQ(message.content.find("secret"), std::string::npos);
  EXPECT_TRUE(outgoing("To: x@y.z\n\n").header_recipients.empty());
}

TEST(OutgoingMessage, FactsThatTheEnvelopeNeeds) {
  EXPECT_FALSE(outgoing("Subject: x\n\nbody\n").eight_bit);
  EXPECT_TRUE(outgoing("Subject: x\n\nbödy\n").eight_bit);
  EXPECT_FALSE(outgoing("Subject: x\n\nbödy\n").header_utf8);
  EXPECT_TRUE(outgoing("Subject: ü\n\nbody\n").header_utf8);
  EXPECT_TRUE(outgoing("TLS-Required: No\n\nbody\n").tls_required_no);
  EXPECT_EQ(make_outgoing(std::string(100, 'x'), false, false, kOrigin, 50).error().code,
            Code::too_large);
}

TEST(AddressesOf, GroupsQuotesAndComments) {
  std::vector<std::string> expected = {"a@x.y", "\"b,c\"@x.y"};
  EXPECT_EQ(addresses_of(" team: a@x.y (one (two)), \"b,c\"@x.y; "), expected);
  EXPECT_TRUE(addresses_of("undisclosed-recipients:;").empty());
}

}  // namespace
}  // namespace pawl::app
