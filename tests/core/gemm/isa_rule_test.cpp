// What new runs compute with, by the peaks of two widths.
#include "core/gemm/isa_rule.h"

#include <gtest/gtest.h>

#include "core/gemm/gemm_kernels.h"

namespace pbgen {
namespace {

TEST(IsaRule, TheWideUnitsAreTakenWhereTheyAreClearlyFaster) {
  EXPECT_EQ(isa_by_rule({0.0, 0.0}), Isa::ref);
  EXPECT_EQ(isa_by_rule({1e11, 0.0}), Isa::avx2);
  EXPECT_EQ(isa_by_rule({1e11, 0.6e11}), Isa::avx2);  // a lowered clock
  EXPECT_EQ(isa_by_rule({1e11, 1e11}), Isa::avx2);    // one unit
  EXPECT_EQ(isa_by_rule({1e11, kWorthOfAvx512 * 1e11}), Isa::avx2);
  EXPECT_EQ(isa_by_rule({1e11, 1.001 * kWorthOfAvx512 * 1e11}), Isa::avx512);
  EXPECT_EQ(isa_by_rule({1e11, 2e11}), Isa::avx512);
}

TEST(IsaRule, PeaksAreMeasuredOfWhatTheMachineHas) {
  const FmaPeaks peaks = measure_one_thread();
  EXPECT_EQ(peaks.avx2 > 0.0, machine_supports(Isa::avx2));
  EXPECT_EQ(peaks.avx512 > 0.0, machine_supports(Isa::avx512));
  EXPECT_TRUE(machine_supports(isa_by_rule(peaks)));
}

TEST(FmaChain, EachPathHasAChainOfItsWidthWhereTheMachineHasIt) {
  EXPECT_EQ(fma_chain(Isa::ref), nullptr);
  const FmaChain* const avx2 = fma_chain(Isa::avx2);
  const FmaChain* const avx512 = fma_chain(Isa::avx512);
  ASSERT_EQ(avx2 != nullptr, machine_supports(Isa::avx2));
  ASSERT_EQ(avx512 != nullptr, machine_supports(Isa::avx512));
  if (avx2 == nullptr || avx512 == nullptr) return;
  EXPECT_EQ(avx512->flops_per_step, 2 * avx2->flops_per_step);
  // The same chain in each lane.
  for (const std::int64_t steps : {0, 1, 7, 1000}) EXPECT_EQ(avx512->run(steps), avx2->run(steps)) << steps;
}

}  // namespace
}  // namespace pbgen
