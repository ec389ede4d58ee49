// `pawl check`, the program itself, about the domains of faulty_domain.h: its views, its exit
// status, where it takes its targets from. What it finds: check_twenty_faults_test.cpp.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/value.h"
#include "lab/child.h"
#include "lab/scratch.h"
#include "tests/e2e/faulty_domain.h"

namespace pawl::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CheckProgram : public testing::Test {
 protected:
  void SetUp() override {
    auto made = FaultyDomains::start();
    ASSERT_TRUE(made) << made.error().sentence();
    domains_ = std::move(*made);
    auto config = domains_->config_file();
    ASSERT_TRUE(config) << config.error().sentence();
    config_ = *config;
  }
  // Everything it said, and "exit N" in the last line. `before`: what stands before it in a pipe.
  std::string check(const std::string& words, const std::string& before = {}) {
    auto said = lab::run_program({"/bin/sh", "-c",
                                  fmt::format("{} {} check -c {} {} 2>&1; echo exit $?", before,
                                              PAWL_PROGRAM, config_, words)},
                                 "/");
    EXPECT_TRUE(said) << said.error().sentence();
    return said ? *said : "";
  }
  std::string file(const std::string& name) { return domains_->world().scratch().file(name); }

  std::unique_ptr<FaultyDomains> domains_;
  std::string config_;
};

TEST_F(CheckProgram, AHealthyDomainIsOneQuietPage) {
  EXPECT_THAT(check("--no-enumerate healthy.signed.test"),
              AllOf(HasSubstr("nothing to remark"), HasSubstr("mx1.healthy.signed.test"),
                    HasSubstr("In order"), Not(HasSubstr("Faults")), Not(HasSubstr("\x1b")),
                    HasSubstr("exit 0")));
}

TEST_F(CheckProgram, AFaultIsToldWithItsRemedyAndItsStatus) {
  EXPECT_THAT(check("--no-enumerate astray.unsigned.test"),
              AllOf(HasSubstr("policy host"), HasSubstr("RFC 8461"), HasSubstr("exit 2")));
}

TEST_F(CheckProgram, TamperingHasAStatusOfItsOwn) {
  EXPECT_THAT(check("--no-enumerate --no-services faulty.unsigned.test"),
              AllOf(HasSubstr("tampers"), HasSubstr("XXXXXXXX"), HasSubstr("exit 3")));
}

TEST_F(CheckProgram, AHostIsCheckedByItsProtocolAndTheDialogShown) {
  EXPECT_THAT(check("--no-enumerate --transcript imaps://mail.healthy.signed.test"),
              AllOf(HasSubstr("TLS is established"), HasSubstr("C*: "), HasSubstr("CAPABILITY"),
                    Not(HasSubstr("C:  ")), HasSubstr("exit 0")));
}

TEST_F(CheckProgram, TargetsComeFromStandardInputAndAMailAddressIsItsDomain) {
  EXPECT_THAT(check("--no-enumerate -f - postmaster@healthy.signed.test",
                    "printf 'stray.unsigned.test # a remark\\n' |"),
              AllOf(HasSubstr("checking its domain"), HasSubstr("2 targets"),
                    HasSubstr("stray.unsigned.test"), HasSubstr("exit 2")));
}

TEST_F(CheckProgram, TheHtmlPageIsWrittenBesideTheText) {
  const std::string page = file("page.html");
  EXPECT_THAT(check("--no-enumerate --html " + page + " healthy.signed.test"),
              HasSubstr("nothing to remark"));
  auto html = lab::read_file(page);
  ASSERT_TRUE(html) << html.error().sentence();
  EXPECT_THAT(*html, AllOf(HasSubstr("<!DOCTYPE html>"), HasSubstr("healthy.signed.test"),
                           HasSubstr("</html>")));
}

TEST_F(CheckProgram, JsonIsJsonAndNamesItsSchema) {
  const std::string out = file("report.json");
  check("--json --days 30 healthy.signed.test astray.unsigned.test > " + out);
  auto text = lab::read_file(out);
  ASSERT_TRUE(text) << text.error().sentence();
  auto report = json::parse(text->substr(0, text->rfind('}') + 1));
  ASSERT_TRUE(report) << report.error().sentence();
  EXPECT_EQ(*report->find("schema")->if_string(), "pawl.check/1");
  EXPECT_EQ(report->find("targets")->if_array()->size(), 2U);
}

TEST_F(CheckProgram, AnotherPathIsLookedOverAndWhatIsTheSameIsNoFinding) {
  EXPECT_THAT(check("--no-enumerate --via source=127.0.0.9 --via resolver=127.0.0.53 "
                    "healthy.signed.test"),
              AllOf(HasSubstr("nothing to remark"), HasSubstr("exit 0")));
}

TEST_F(CheckProgram, WhatDoesNotExistIsSaidSo) {
  EXPECT_THAT(check("nobody.unsigned.test"), AllOf(HasSubstr("does not exist"), HasSubstr("exit")));
}

}  // namespace
}  // namespace pawl::e2e
