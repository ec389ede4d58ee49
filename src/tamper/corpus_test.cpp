// Every real server's session is clean or without TLS; every attack is called by its name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tamper/test_transcripts.h"

namespace pawl::tamper {
namespace {

std::string sample_name(const testing::TestParamInfo<Sample>& info) {
  return info.param.name;
}

class Clean : public testing::TestWithParam<Sample> {};

TEST_P(Clean, RaisesNothing) {
  const Sample& sample = GetParam();
  Examination examination = examine(sample.transcript, sample.knowledge);
  EXPECT_EQ(name(examination.assessment), sample.assessment) << told(examination);
  for (const Finding& finding : examination.findings) {
    EXPECT_EQ(finding.signature, Signature::proxy_banner) << told(examination);
  }
}
INSTANTIATE_TEST_SUITE_P(Corpus, Clean, testing::ValuesIn(samples("clean")), sample_name);

class Attack : public testing::TestWithParam<Sample> {};

TEST_P(Attack, IsCalledByItsName) {
  const Sample& sample = GetParam();
  Examination examination = examine(sample.transcript, sample.knowledge);
  EXPECT_EQ(name(examination.assessment), sample.assessment) << told(examination);
  ASSERT_FALSE(sample.finds.empty()) << "an attack says what is to be found";
  for (const Sample::Expected& expected : sample.finds) {
    bool found = std::ranges::any_of(examination.findings, [&](const Finding& finding) {
      return row(finding.signature).id == expected.signature &&
             name(finding.confidence) == expected.confidence &&
             finding.evidence == expected.evidence && !finding.sentence.empty();
    });
    EXPECT_TRUE(found) << expected.signature << " " << expected.confidence << " ["
                       << expected.evidence << "] is not among:\n"
                       << told(examination);
  }
}
INSTANTIATE_TEST_SUITE_P(Corpus, Attack, testing::ValuesIn(samples("attacks")), sample_name);

TEST(Corpus, HoldsAnAttackForEachSignatureOfASession) {
  std::set<std::string_view> seen;
  for (const Sample& sample : samples("attacks")) {
    for (const Finding& finding : examine(sample.transcript, sample.knowledge).findings) {
      seen.insert(row(finding.signature).id);
    }
  }
  for (const SignatureRow& row : signatures()) {
    // Two looks are compared in compare_test.cpp.
    if (row.signature == Signature::certificate_drift) continue;
    if (row.signature == Signature::capabilities_differ) continue;
    EXPECT_TRUE(seen.contains(row.id)) << row.id;
  }
}

}  // namespace
}  // namespace pawl::tamper
