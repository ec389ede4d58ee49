// Our own client, every protocol under every attack in every mode.
#include "lab/dialog_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pawl::lab {
namespace {

TEST(DialogMatrix, NothingLeaksWhereTlsIsRequiredAndEveryDowngradeIsReported) {
  auto rows = run_dialog_matrix({});
  ASSERT_TRUE(rows) << rows.error().sentence();
  const DialogCounts counts = count(*rows);
  EXPECT_EQ(counts.leaks_in_required, 0U);
  EXPECT_EQ(counts.used_in_required, 0U);
  EXPECT_EQ(counts.lowered_reported, counts.lowered);
  EXPECT_EQ(counts.false_alarms, 0U);
  EXPECT_EQ(counts.unexpected, 0U);
  EXPECT_TRUE(counts.good()) << dialog_table(*rows);
  std::cout << dialog_summary(*rows);
}

// Who slips something in is named, not only kept out.
TEST(DialogMatrix, InjectionsAndTheSpliceEndTheSessionWithTheirOwnError) {
  for (auto [attack, code] : {std::pair("inject-response", Code::starttls_injection),
                              std::pair("inject-and-withhold", Code::starttls_injection),
                              std::pair("splice", Code::unexpected_greeting)}) {
    auto rows = run_dialog_matrix(
        {.attack = find_upgrade_attack(attack), .mode = starttls::Mode::required});
    ASSERT_TRUE(rows) << rows.error().sentence();
    for (const DialogRow& row : *rows) {
      ASSERT_TRUE(row.error) << row.title();
      EXPECT_EQ(row.error->code, code) << row.title() << ": " << row.error->sentence();
    }
  }
}

}  // namespace
}  // namespace pawl::lab
