// How long a run is said to take.
#include "tools/lib/train/run_estimate.h"

#include <gtest/gtest.h>

#include "gan/training_memory.h"

namespace pbgen {
namespace {

TrainerOptions options_of(int size, int batch, int width) {
  TrainerOptions options;
  options.network.size = size;
  options.network.g_widths = NetworkConfig::generator_widths(width);
  options.network.d_widths = NetworkConfig::discriminator_widths(width);
  options.batch = batch;
  return options;
}

TEST(RunEstimate, ASmallRunIsMeasuredItself) {
  const TrainerOptions options = options_of(32, 16, 4);
  const RunEstimate estimate = estimate_run(options);
  EXPECT_FALSE(estimate.scaled);
  EXPECT_EQ(estimate.measured.network, options.network);
  EXPECT_EQ(estimate.measured.batch, 16);
  EXPECT_GE(estimate.iterations, 1);
  EXPECT_GT(estimate.iteration_seconds, 0.0);
}

TEST(RunEstimate, ARunThatNoMemoryHoldsIsScaledFromOneThatTakesLittle) {
  const TrainerOptions options = options_of(1024, 4096, 512);
  const RunEstimate estimate = estimate_run(options);
  EXPECT_TRUE(estimate.scaled);
  EXPECT_LE(training_memory(estimate.measured).total(), 1'000'000'000);
  EXPECT_GE(estimate.iterations, 1);
  EXPECT_LE(estimate.measured.network.size, 1024);
  EXPECT_GT(estimate.iteration_seconds, 60.0);
}

TEST(RunEstimate, TwiceTheWorkIsTwiceTheTime) {
  // From a run of its own kind: within a factor of two even while other programs compute.
  const double once = estimate_run(options_of(512, 256, 16)).iteration_seconds;
  const double eight_times = estimate_run(options_of(1024, 512, 16)).iteration_seconds;
  EXPECT_GT(eight_times / once, 4.0);
  EXPECT_LT(eight_times / once, 16.0);
}

}  // namespace
}  // namespace pbgen
