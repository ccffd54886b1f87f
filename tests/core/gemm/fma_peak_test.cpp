// The peaks are there where the machine has the instructions.
#include "core/gemm/fma_peak.h"

#include <gtest/gtest.h>

namespace pbgen {
namespace {

TEST(FmaPeak, IsKnownWhereTheMachineHasTheInstructions) {
  EXPECT_EQ(fma_peak(Isa::ref), 0.0);
  for (const Isa isa : {Isa::avx2, Isa::avx512}) EXPECT_EQ(fma_peak(isa) > 0.0, machine_supports(isa)) << name(isa);
}

}  // namespace
}  // namespace pbgen
