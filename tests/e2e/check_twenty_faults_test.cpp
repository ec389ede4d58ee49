// The real `pawl check` on domains with known faults finds them all and invents none, and finds
// nothing wrong with a healthy one.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "json/value.h"
#include "lab/child.h"
#include "tests/e2e/faulty_domain.h"

namespace pawl::e2e {
namespace {

using ::testing::IsEmpty;

std::string text_of(const json::Value& object, std::string_view member) {
  const json::Value* value = object.find(member);
  return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string();
}

const json::Array& list_of(const json::Value& object, std::string_view member) {
  static const json::Array kNone;
  const json::Value* value = object.find(member);
  return value != nullptr && value->if_array() != nullptr ? *value->if_array() : kNone;
}

struct Findings {
  std::set<KnownFault> bad;  // warnings and faults
  std::set<KnownFault> notes;
  std::string text;
  std::int64_t exit_status = -1;
};

class Check : public testing::Test {
 protected:
  void SetUp() override {
    auto made = FaultyDomains::start();
    ASSERT_TRUE(made) << made.error().sentence();
    domains_ = std::move(*made);
    auto config = domains_->config_file();
    ASSERT_TRUE(config) << config.error().sentence();
    config_ = *config;
  }
  // The program's own JSON; its exit status stands in it.
  Findings check(const std::vector<std::string>& targets) {
    std::string command =
        fmt::format("{} check -c {} --json --days {}", PAWL_PROGRAM, config_, FaultyDomains::kDays);
    for (const std::string& target : targets) command += " " + target;
    Findings found;
    auto output = lab::run_program({"bash", "-c", command + "; true"}, "/");
    if (!output) {
      ADD_FAILURE() << output.error().sentence();
      return found;
    }
    auto report = json::parse(*output);
    if (!report) {
      ADD_FAILURE() << report.error().sentence() << *output;
      return found;
    }
    if (const json::Value* status = report->find("exit_status"))
      found.exit_status = *status->if_integer();
    for (const json::Value& target : list_of(*report, "targets")) {
      for (const json::Value& finding : list_of(target, "findings")) {
        const std::string subject = text_of(finding, "subject");
        const KnownFault fault{text_of(target, "target"), text_of(finding, "id"),
                               subject.substr(0, subject.find(' '))};
        const std::string severity = text_of(finding, "severity");
        if (severity == "note") found.notes.insert(fault);
        if (severity == "warning" || severity == "fault") {
          found.bad.insert(fault);
          found.text +=
              fmt::format("{} {}: {}\n", fault.finding, subject, text_of(finding, "detail"));
        }
      }
    }
    return found;
  }
  std::unique_ptr<FaultyDomains> domains_;
  std::string config_;
};

std::vector<std::string> missing(const std::set<KnownFault>& from,
                                 const std::set<KnownFault>& expected) {
  std::vector<std::string> lines;
  for (const KnownFault& each : expected) {
    if (!from.contains(each))
      lines.push_back(fmt::format("{} about {} in {}", each.finding, each.about, each.target));
  }
  return lines;
}

TEST_F(Check, FindsEveryKnownFaultAndInventsNone) {
  const Findings found = check(domains_->faulty_targets());
  const std::set<KnownFault> known(domains_->faults().begin(), domains_->faults().end());
  const std::set<KnownFault> notes(domains_->notes().begin(), domains_->notes().end());
  EXPECT_THAT(missing(found.bad, known), IsEmpty()) << "not found; but\n" << found.text;
  EXPECT_THAT(missing(known, found.bad), IsEmpty()) << "invented; all found:\n" << found.text;
  EXPECT_THAT(missing(found.notes, notes), IsEmpty());
  EXPECT_EQ(found.exit_status, 3);  // tampering was seen
  std::set<std::string> in_one_domain;
  for (const KnownFault& fault : found.bad) {
    if (fault.target == "faulty.unsigned.test") in_one_domain.insert(fault.finding);
  }
  EXPECT_GE(in_one_domain.size(), 20U);
  std::printf("%zu known faults found, %zu kinds in one domain, 0 invented\n", found.bad.size(),
              in_one_domain.size());
}

TEST_F(Check, HasNothingToSayAgainstAHealthyDomain) {
  const Findings found = check({FaultyDomains::healthy_target()});
  EXPECT_THAT(missing({}, found.bad), IsEmpty()) << found.text;
  EXPECT_THAT(missing({}, found.notes), IsEmpty());
  EXPECT_EQ(found.exit_status, 0);
}

}  // namespace
}  // namespace pawl::e2e
