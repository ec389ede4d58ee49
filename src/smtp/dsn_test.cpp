#include "smtp/dsn.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace pawl::smtp {
namespace {

const std::string kGolden = PAWL_SOURCE_DIR "/tests/golden/dsn/";

// PAWL_BLESS=1 writes what came out as what is expected; the reviewer reads the difference.
void expect_golden(const std::string& name, const std::string& text) {
  std::string path = kGolden + name + ".eml";
  if (std::getenv("PAWL_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream stream(path, std::ios::binary);
  std::string expected((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  EXPECT_EQ(expected, text) << path;
}

Dsn sample(DsnAction action) {
  Dsn dsn;
  dsn.reporting_mta = "relay.example.org";
  dsn.queue_id = "3F7K2Q9ZB1";
  dsn.id = "3F7K2Q9ZB1.7";
  dsn.to = "ann@example.org";
  dsn.arrived = *parse_rfc3339("2026-11-22T10:00:00Z");
  dsn.now = *parse_rfc3339("2026-11-22T14:00:01Z");
  dsn.original = "From: ann@example.org\r\nSubject: a sealed letter\r\n\r\nthe content\r\n";
  dsn.contact = "postmaster@relay.example.org";
  DsnRecipient recipient;
  recipient.address = "joe@example.com";
  recipient.action = action;
  recipient.status = "5.1.1";
  recipient.remote_mta = "mx1.example.com";
  recipient.reply = "550 5.1.1 no such user here";
  recipient.last_attempt = dsn.now;
  recipient.text = "mx1.example.com said that there is no such user.";
  dsn.recipients.push_back(recipient);
  return dsn;
}

TEST(Dsn, FailureReturnsTheMessage) {
  Dsn dsn = sample(DsnAction::failed);
  dsn.envid = "letter-7";
  dsn.recipients[0].orcpt = "rfc822;joe@lists.example.com";
  dsn.original_complete = returns_full_content(dsn, dsn.original.size(), kDsnReturnLimit);
  expect_golden("failed-full", build_dsn(dsn));
}

TEST(Dsn, DelayNamesTheEnd) {
  Dsn dsn = sample(DsnAction::delayed);
  dsn.recipients[0].status = "4.7.5";
  dsn.recipients[0].reply = "";
  dsn.recipients[0].will_retry_until = *parse_rfc3339("2026-11-27T10:00:00Z");
  dsn.recipients[0].text =
      "Host: mx1.example.com [192.0.2.1]:25\n\nPromised: example.com publishes TLSA records for "
      "this host (DANE), signed with DNSSEC, so that it must prove who it is.\n\nSeen: the "
      "certificate matches none of the TLSA records.";
  expect_golden("delayed", build_dsn(dsn));
}

TEST(Dsn, SuccessAndRelayAreToldApart) {
  Dsn dsn = sample(DsnAction::delivered);
  dsn.recipients[0].reply = "250 2.0.0 queued";
  dsn.recipients[0].status = "2.0.0";
  dsn.recipients.push_back(dsn.recipients[0]);
  dsn.recipients[1].address = "kim@example.net";
  dsn.recipients[1].action = DsnAction::relayed;
  expect_golden("delivered-and-relayed", build_dsn(dsn));
}

TEST(Dsn, InternationalizedMailIsReportedAsGlobal) {
  Dsn dsn = sample(DsnAction::failed);
  dsn.smtputf8 = true;
  dsn.to = "änn@example.org";
  dsn.recipients[0].address = "jö@example.com";
  dsn.original = "From: änn@example.org\r\n\r\nhallo\r\n";
  dsn.original_complete = true;
  std::string text = build_dsn(dsn);
  EXPECT_NE(text.find("Final-Recipient: utf-8; jö@example.com\r\n"), std::string::npos);
  expect_golden("failed-smtputf8", text);
}

TEST(Dsn, RepliesAndIdsCannotBreakOutOfTheirField) {
  Dsn dsn = sample(DsnAction::failed);
  dsn.envid = "x\r\nBcc: evil@example.net";
  dsn.recipients[0].orcpt = "rfc822;a\r\n\r\nAction: delivered";
  dsn.recipients[0].reply = "550-one\r\n550 two\r\n\r\n--pawl\x01\xff";
  std::string text = build_dsn(dsn);
  EXPECT_EQ(text.find("\nBcc:"), std::string::npos);
  EXPECT_EQ(text.find("\nAction: delivered"), std::string::npos);
  EXPECT_NE(text.find("Diagnostic-Code: smtp; 550-one 550 two --pawl\\x01\\xff"),
            std::string::npos);
}

TEST(Dsn, ABoundaryInTheOriginalIsAvoided) {
  Dsn dsn = sample(DsnAction::failed);
  dsn.original_complete = true;
  dsn.original += "--pawl=3F7K2Q9ZB1.7=0--\r\n";
  EXPECT_NE(build_dsn(dsn).find("boundary=\"pawl=3F7K2Q9ZB1.7=1\""), std::string::npos);
}

TEST(Dsn, LinesStayWithinTheLimit) {
  Dsn dsn = sample(DsnAction::failed);
  dsn.recipients[0].text = std::string(5000, 'x') + " " + std::string(5000, 'y');
  std::string text = build_dsn(dsn);
  std::size_t start = 0;
  for (std::size_t end = text.find("\r\n"); end != std::string::npos;
       end = text.find("\r\n", start)) {
    EXPECT_LE(end - start, 998U);
    start = end + 2;
  }
  EXPECT_EQ(start, text.size());
}

TEST(Dsn, OnlyAFailureReturnsTheWholeMessage) {
  EXPECT_TRUE(returns_full_content(sample(DsnAction::failed), 100, kDsnReturnLimit));
  EXPECT_FALSE(returns_full_content(sample(DsnAction::delayed), 100, kDsnReturnLimit));
  EXPECT_FALSE(returns_full_content(sample(DsnAction::delivered), 100, kDsnReturnLimit));
  EXPECT_FALSE(returns_full_content(sample(DsnAction::failed), 200'000, kDsnReturnLimit));
  Dsn headers = sample(DsnAction::failed);
  headers.ret = Return::headers;
  EXPECT_FALSE(returns_full_content(headers, 100, kDsnReturnLimit));
  Dsn sealed = sample(DsnAction::failed);
  sealed.require_tls = true;
  sealed.ret = Return::full;
  EXPECT_FALSE(returns_full_content(sealed, 100, kDsnReturnLimit));
}

TEST(Dsn, HeaderSectionOnlyUnlessTheWholeIsThere) {
  Dsn dsn = sample(DsnAction::failed);
  std::string text = build_dsn(dsn);
  EXPECT_NE(text.find("text/rfc822-headers"), std::string::npos);
  EXPECT_EQ(text.find("the content"), std::string::npos);
  EXPECT_EQ(header_section("A: b\r\n\r\nbody"), "A: b\r\n");
  EXPECT_EQ(header_section("\r\nbody"), "");
  EXPECT_EQ(header_section("A: b\r\n"), "A: b\r\n");
}

TEST(WantsDsn, FollowsNotify) {
  EXPECT_TRUE(wants_dsn({}, DsnAction::failed));
  EXPECT_TRUE(wants_dsn({}, DsnAction::delayed));
  EXPECT_FALSE(wants_dsn({}, DsnAction::delivered));
  EXPECT_FALSE(wants_dsn({}, DsnAction::relayed));
  EXPECT_FALSE(wants_dsn(Notify{.never = true}, DsnAction::failed));
  EXPECT_TRUE(wants_dsn(Notify{.success = true}, DsnAction::relayed));
  EXPECT_FALSE(wants_dsn(Notify{.success = true}, DsnAction::failed));
  EXPECT_TRUE(wants_dsn(Notify{.delay = true}, DsnAction::delayed));
  EXPECT_FALSE(wants_dsn(Notify{.failure = true}, DsnAction::delayed));
}

}  // namespace
}  // namespace pawl::smtp
