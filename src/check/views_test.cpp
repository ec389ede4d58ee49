#include "check/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "base/text.h"
#include "check/test_report.h"

namespace pawl::check {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string file_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// PAWL_BLESS=1 writes what came out as what is expected; the reviewer reads the difference.
void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = PAWL_SOURCE_DIR "/tests/golden/check/" + name;
  if (std::getenv("PAWL_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(file_text(path), text) << path;
}

// What a hostile server, name server or certificate could say.
constexpr std::string_view kHostile = "\x1b[2J<script>alert('x')</script>\"&\r\n\xff\x9b";

Report hostile_report() {
  Report report = rich_report();
  const std::string text(kHostile);
  TargetReport& target = report.targets[0];
  target.target.text = target.verdict = text;
  target.domain->sts.policy_text = text;
  target.domain->sts.txt = target.domain->tlsrpt.txt = target.domain->tlsrpt.rua = {text};
  for (Finding& finding : target.findings) finding.subject = finding.detail = text;
  for (HostReport& host : target.hosts) {
    host.host = host.tlsa_rollover = host.found_by = text;
    for (Stage& stage : host.stages) stage.text = text;
    for (AddressReport& address : host.addresses) {
      address.via = address.look.banner = text;
      address.look.capabilities_in_clear = address.look.capabilities_in_tls = {text};
      for (auto& entry : address.look.transcript.entries) entry.bytes = text;
      for (auto& sign : address.tampering.findings) sign.evidence = sign.sentence = text;
      for (auto& seen : address.certificates) {
        seen.chain[0].subject = seen.chain[0].issuer = seen.ocsp = text;
        seen.chain[0].dns_names = {text};
      }
    }
  }
  return report;
}

TEST(TextView, SaysOfNoHostThatASenderDeliversToItWhichWasNotAsked) {
  Report report = rich_report();
  EXPECT_THAT(text_view(report, {.width = 120}), HasSubstr(" delivers\n"));
  for (TargetReport& target : report.targets) {
    for (HostReport& host : target.hosts) {
      for (AddressReport& address : host.addresses) address.satisfied = false;
    }
  }
  EXPECT_THAT(text_view(report, {.width = 120}), Not(HasSubstr(" delivers\n")));
}

TEST(TextView, ThePageIsAsReviewed) {
  expect_golden("page.txt", text_view(rich_report(), {.width = 120}));
}

TEST(TextView, ANarrowAsciiPageIsAsReviewed) {
  expect_golden("page-80-ascii.txt", text_view(rich_report(), {.ascii = true, .width = 80}));
}

TEST(TextView, EverythingIsAsReviewed) {
  expect_golden("verbose.txt",
                text_view(report_of_three(), {.verbose = true, .transcript = true, .width = 160}));
}

TEST(TextView, NoLineIsWiderThanAsked) {
  for (int width : {48, 60, 80, 100, 132}) {
    const std::string text = text_view(report_of_three(), {.ascii = true, .width = width});
    for (std::string_view line : split(text, '\n')) {
      EXPECT_LE(line.size(), static_cast<std::size_t>(width)) << line;
    }
  }
}

TEST(TextView, AsciiIsAscii) {
  EXPECT_TRUE(is_ascii(text_view(
      report_of_three(), {.ascii = true, .verbose = true, .transcript = true, .width = 80})));
}

TEST(TextView, ColourAddsNothingButColour) {
  const std::string coloured = text_view(rich_report(), {.colour = true, .width = 120});
  std::string bare;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\x1b') {
      i = coloured.find('m', i);
    } else {
      bare += coloured[i];
    }
  }
  EXPECT_NE(coloured, bare);
  EXPECT_EQ(bare, text_view(rich_report(), {.width = 120}));
}

TEST(TextView, RemoteTextCannotDriveATerminal) {
  const std::string text =
      text_view(hostile_report(), {.verbose = true, .transcript = true, .width = 100});
  for (const char* part : {"\x1b", "\r", "\xff", "\x9b"}) EXPECT_THAT(text, Not(HasSubstr(part)));
}

TEST(JsonView, IsAsReviewed) {
  expect_golden("report.json", json::write(json_view(rich_report())));
}

TEST(JsonView, RemoteTextIsReadBack) {
  EXPECT_TRUE(json::parse(json::write(json_view(hostile_report()))));
}

// Paths of members: "targets.hosts.port". An error is a leaf.
void add_paths(const json::Value& value, const std::string& at, std::set<std::string>& paths) {
  if (const auto* array = value.if_array()) {
    for (const json::Value& one : *array) add_paths(one, at, paths);
  }
  const auto* object = value.if_object();
  if (object == nullptr || (object->size() == 2 && (*object)[0].name == "code")) return;
  for (const json::Member& member : *object) {
    const std::string path = at + (at.empty() ? "" : ".") + member.name;
    paths.insert(path);
    add_paths(member.value, path, paths);
  }
}

// What stands between backquotes in a line.
std::vector<std::string> quoted(std::string_view line) {
  std::vector<std::string> found;
  const auto parts = split(line, '`');
  for (std::size_t i = 1; i < parts.size(); i += 2) found.emplace_back(parts[i]);
  return found;
}

// The tables of the page: under a heading "## Title: `path`" the first column names its members.
std::set<std::string> documented() {
  std::set<std::string> paths;
  std::vector<std::string> under;
  const std::string page = file_text(PAWL_SOURCE_DIR "/docs/json/check.md");
  for (std::string_view line : split(page, '\n')) {
    if (line.starts_with("## ")) under = quoted(line);
    if (!line.starts_with("| `")) continue;
    for (const std::string& member : quoted(line.substr(0, line.find('|', 1)))) {
      for (const std::string& path : under) paths.insert(path + (path.empty() ? "" : ".") + member);
    }
  }
  return paths;
}

TEST(JsonView, ThePageNamesEveryMemberAndNoOther) {
  std::set<std::string> written;
  add_paths(json_view(report_of_three()), "", written);
  EXPECT_EQ(documented(), written);
}

// Tags are closed in the order in which they were opened; what is not a tag holds no '<'.
void expect_well_formed(std::string_view html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    ASSERT_NE(end, std::string_view::npos);
    std::string_view tag = html.substr(at + 1, end - at - 1);
    if (tag.starts_with('!') || tag.ends_with('/')) continue;
    const std::string name(tag.substr(0, tag.find_first_of(" \n")));
    if (!name.starts_with('/')) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    ASSERT_EQ("/" + open.back(), name) << html.substr(at > 80 ? at - 80 : 0, 120);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(HtmlView, IsAsReviewed) {
  expect_golden("report.html", html_view(report_of_three()));
}

TEST(HtmlView, IsWellFormedWhateverIsInIt) {
  expect_well_formed(html_view(report_of_three()));
  expect_well_formed(html_view(hostile_report()));
}

TEST(HtmlView, RemoteTextIsTextAlone) {
  const std::string html = html_view(hostile_report());
  for (const char* part : {"<script", "alert('x')", "\x1b", "\r", "\xff"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
}

TEST(HtmlView, AsksForNothingElsewhere) {
  const std::string html = html_view(report_of_three());
  for (const char* part : {"src=", "<link", "@import", "url(", "<script"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
}

}  // namespace
}  // namespace pawl::check
