#include "smtp/content.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"

namespace pawl::smtp {
namespace {

struct Outcome {
  std::string content;
  std::string rest;  // behind the end of data
  bool ended = false;
  ContentFacts facts;
};

// `cut`: the size of the pieces.
Outcome read(std::string_view data, bool normalize = false, std::size_t cut = 0) {
  DotDecoder dots;
  ContentScanner scanner({.size = 1000, .line = 100, .normalize = normalize});
  Outcome outcome;
  if (cut == 0) cut = data.size();
  while (!data.empty() && !dots.ended()) {
    std::string_view piece = data.substr(0, cut);
    data.remove_prefix(dots.read(piece, scanner, outcome.content));
  }
  scanner.finish(outcome.content);
  outcome.rest = data;
  outcome.ended = dots.ended();
  outcome.facts = scanner.facts();
  return outcome;
}

// Every way that servers have been seen to end DATA wrongly, and some that nobody was seen to.
constexpr std::string_view kBad[] = {
    "\n.\n",       "\n.\r\n",   "\r.\r",         "\r.\r\n",   "\r\n.\n",
    "\r\n.\r",     "\n.\r",     "\r.\n",         "\r\r\n.\n", "\n\r.\r\n",
    "\r\n.\r\r",   "\r\n.\n\r", "\r\n.\r\r\n\r", "\n\n.\n\n", "\r\r.\r\r",
    "\r\n\n.\r\n", "\n.\n\r\n", "\r\n.\n.\r",    "\r.\n\r\n", "\r\n\r.\r\n",
};

TEST(Smuggling, NothingButCrLfDotCrLfEndsData) {
  for (std::string_view bad : kBad) {
    for (std::size_t cut : {0, 1, 2, 3}) {
      std::string data = "text" + std::string(bad) + "MAIL FROM:<evil@example.com>\r\n";
      EXPECT_FALSE(read(data, false, cut).ended) << printable(bad);
      EXPECT_FALSE(read(data, true, cut).ended) << printable(bad);
    }
  }
}

TEST(Smuggling, ABareCrOrLfIsSeenWhereverItStands) {
  for (std::string_view bad : kBad) {
    for (std::size_t cut : {0, 1, 2, 3}) {
      Outcome outcome = read("text" + std::string(bad) + "more\r\n.\r\nrest", false, cut);
      EXPECT_TRUE(outcome.ended);
      EXPECT_EQ(outcome.rest, "rest") << printable(bad);
      EXPECT_TRUE(outcome.facts.bare_line_ending) << printable(bad);
    }
  }
  EXPECT_TRUE(read("\n\r\n.\r\n").facts.bare_line_ending);
  EXPECT_TRUE(read("\r\r\n.\r\n").facts.bare_line_ending);
  EXPECT_FALSE(read("a\r\n\r\nb\r\n.\r\n").facts.bare_line_ending);
}

TEST(Smuggling, ADotBehindABareCrAndACrLfEndsData) {
  Outcome outcome = read("a\r\n.\r\r\n.\r\nrest", false, 1);
  EXPECT_TRUE(outcome.ended);
  EXPECT_EQ(outcome.content, "a\r\n\r\r\n");
  EXPECT_EQ(outcome.rest, "rest");
}

bool only_crlf(std::string_view content) {
  for (std::size_t i = 0; i < content.size(); ++i) {
    bool cr = content[i] == '\r';
    if (cr && (i + 1 == content.size() || content[i + 1] != '\n')) return false;
    if (content[i] == '\n' && (i == 0 || content[i - 1] != '\r')) return false;
  }
  return true;
}

TEST(Smuggling, NormalizeLeavesNothingButCrLf) {
  for (std::string_view bad : kBad) {
    Outcome outcome = read("text" + std::string(bad) + "more\r\n.\r\n", true);
    EXPECT_FALSE(outcome.facts.bare_line_ending);
    EXPECT_TRUE(only_crlf(outcome.content)) << printable(outcome.content);
    EXPECT_EQ(outcome.facts.size, outcome.content.size());
  }
}

// Text of what matters: dots, CRs, LFs, and something else.
rc::Gen<std::string> data_like() {
  return rc::gen::container<std::string>(rc::gen::element('.', '\r', '\n', 'a', ' ', ':', '\xff'));
}

RC_GTEST_PROP(Content, TheOutcomeDoesNotDependOnHowTheBytesWereCut, ()) {
  std::string data = *data_like() + "\r\n.\r\nrest";
  bool normalize = *rc::gen::arbitrary<bool>();
  Outcome whole = read(data, normalize);
  for (std::size_t cut : {1, 2, 3, 5}) {
    Outcome pieces = read(data, normalize, cut);
    RC_ASSERT(pieces.content == whole.content);
    RC_ASSERT(pieces.rest == whole.rest);
    RC_ASSERT(pieces.facts.bare_line_ending == whole.facts.bare_line_ending);
    RC_ASSERT(pieces.facts.size == whole.facts.size);
    RC_ASSERT(pieces.facts.eight_bit == whole.facts.eight_bit);
    RC_ASSERT(pieces.facts.hops == whole.facts.hops);
  }
}

RC_GTEST_PROP(Content, WhatIsTakenHoldsOnlyCrLf, ()) {
  std::string data = *data_like() + "\r\n.\r\n";
  Outcome strict = read(data);
  RC_ASSERT(strict.facts.bare_line_ending || only_crlf(strict.content));
  RC_ASSERT(only_crlf(read(data, true).content));
}

// rfc5321#4.5.2: what a correct client stuffs comes out as it was.
RC_GTEST_PROP(Content, StuffedLinesComeOutAsTheyWere, ()) {
  auto lines = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::element('.', 'a', ' ')));
  std::string content;
  std::string sent;
  for (const std::string& line : lines) {
    content += line + "\r\n";
    sent += (line.starts_with('.') ? "." : "") + line + "\r\n";
  }
  Outcome outcome = read(sent + ".\r\nrest");
  RC_ASSERT(outcome.content == content || outcome.facts.too_large);
  RC_ASSERT(outcome.rest == "rest");
}

TEST(Content, HeaderFieldsCountOnlyInTheHeaderSection) {
  ContentFacts facts =
      read("Received: a\r\nTLS-Required:\r\n\tno \r\nReceived: b\r\n\r\nReceived: c\r\n.\r\n",
           false, 1)
          .facts;
  EXPECT_EQ(facts.hops, 2);
  EXPECT_TRUE(facts.tls_required_no);
  EXPECT_FALSE(read("\r\nTLS-Required: No\r\n.\r\n").facts.tls_required_no);
  facts = read("\r\nTLS-Required: No\r\nReceived: a\r\nand more\r\n.\r\n").facts;
  EXPECT_FALSE(facts.tls_required_no);
  EXPECT_EQ(facts.hops, 0);
  EXPECT_FALSE(read("X: y\r\n TLS-Required: No\r\n.\r\n").facts.tls_required_no);
  EXPECT_FALSE(read("TLS-Required: Now\r\n.\r\n").facts.tls_required_no);
  EXPECT_TRUE(read("TLS-Required: No\r\n.\r\n").facts.tls_required_no);
}

TEST(Content, LongLinesAndEightBitsAreSeen) {
  EXPECT_FALSE(read(std::string(100, 'a') + "\r\n.\r\n").facts.line_too_long);
  EXPECT_TRUE(read(std::string(101, 'a') + "\r\n.\r\n").facts.line_too_long);
  EXPECT_TRUE(read("a\xc3\xa9\r\n.\r\n").facts.eight_bit);
  EXPECT_FALSE(read("a\r\n.\r\n").facts.eight_bit);
}

TEST(Content, WhatIsTooLargeIsNotKept) {
  ContentScanner scanner({.size = 10, .line = 100, .normalize = false});
  std::string out;
  for (int i = 0; i < 1000; ++i) scanner.write("12345", out);
  EXPECT_TRUE(scanner.facts().too_large);
  EXPECT_LE(out.size(), 10U);
}

}  // namespace
}  // namespace pawl::smtp
