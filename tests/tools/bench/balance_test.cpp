// The shares of a training iteration that threads are busy: what was asked of the cuts, counted from the very code that cuts.
#include "tools/lib/bench/balance.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/cpu.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

using BalanceOf = OnEachPath;
INSTANTIATE_TEST_SUITE_P(Paths, BalanceOf, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(BalanceOf, AnIterationKeepsSixteenAndThirtyTwoThreadsBusy) {
  if (GetParam() == Isa::ref) GTEST_SKIP() << "the definitions of convolutions run on one thread";
  if (!built_with_openmp()) GTEST_SKIP() << "without OpenMP there is one thread";
  const Balance balance = count_balance(64, {1, 2, 4, 8, 16, 32});
  const auto asked = [](int threads) { return threads == 32 ? 0.95 : threads == 16 ? 0.97 : 0.98; };
  const auto asked_in_one_bit = [](int threads) { return threads == 32 ? 0.85 : threads == 16 ? 0.95 : 0.97; };
  for (std::size_t i = 0; i < balance.threads.size(); ++i) {
    const int threads = balance.threads[i];
    EXPECT_GE(balance.busy[kFloatDirect][i], asked(threads)) << threads << " threads\n" << balance_text(balance);
    EXPECT_GE(balance.busy[kOneBitDirect][i], asked_in_one_bit(threads)) << threads << " threads";
    EXPECT_GE(balance.busy[kFloatWinograd][i], asked(threads)) << threads << " threads";
    EXPECT_GE(balance.busy[kOneBitWinograd][i], asked_in_one_bit(threads)) << threads << " threads";
  }
  EXPECT_DOUBLE_EQ(balance.busy[kFloatDirect][0], 1.0);
}

TEST_P(BalanceOf, SharesAreShares) {
  const int before = thread_count();
  const Balance balance = count_balance(16, {1, 3, 64});
  EXPECT_EQ(thread_count(), before);
  for (const BalanceRow& row : balance.rows) {
    ASSERT_EQ(row.busy.size(), 3u);
    for (const double share : row.busy) {
      EXPECT_GT(share, 0.0) << row.product;
      EXPECT_LE(share, 1.0 + 1e-12) << row.product;
    }
    EXPECT_DOUBLE_EQ(row.busy.front(), 1.0) << row.product;
    EXPECT_GT(*std::max_element(row.ms.begin(), row.ms.end()), 0.0) << row.product;
  }
}

}  // namespace
}  // namespace pbgen
