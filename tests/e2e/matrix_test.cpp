#include "lab/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "lab/namespace.h"
#include "lab/relay_postman.h"

namespace pawl::lab {
namespace {

TEST(Matrix, EveryRowComesOutAsTheReviewedTableSays) {
  auto entered = enter_namespace();
  ASSERT_TRUE(entered) << entered.error().sentence();
  MatrixOptions options;
  // Seeing one row while working: PAWL_LAB_DESTINATION=dane-ee PAWL_LAB_ATTACK=none.
  if (const char* name = std::getenv("PAWL_LAB_DESTINATION")) options.destination = name;
  if (const char* name = std::getenv("PAWL_LAB_ATTACK")) options.attack = name;
  auto matrix = Matrix::make(options);
  ASSERT_TRUE(matrix) << matrix.error().sentence();
  auto postman = start_relay((*matrix)->world());
  ASSERT_TRUE(postman) << postman.error().sentence();
  auto rows = (*matrix)->run(**postman);
  ASSERT_TRUE(rows) << rows.error().sentence();
  EXPECT_TRUE(all_promises_kept(*rows));
  EXPECT_TRUE(all_as_expected(*rows)) << matrix_table(*rows);
}

}  // namespace
}  // namespace pawl::lab
