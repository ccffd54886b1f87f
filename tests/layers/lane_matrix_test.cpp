// Sums over the rows of an activation, against sums in double.
#include "layers/lane_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

// Each test runs on each path that this machine has.
class RowSums : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, RowSums, testing::ValuesIn(kIsas), isa_of_test);

// Few and many channels: several periods to a row, one, and blocks of one period; counts that no cut divides.
const LaneShape kShapes[] = {{8, 1, 1, 1},   {8, 3, 5, 1},   {16, 64, 33, 3},  {24, 31, 9, 5},  {8, 16, 16, 64}, {64, 32, 32, 64},
                             {8, 7, 5, 127}, {8, 9, 9, 128}, {16, 6, 7, 129}, {40, 4, 4, 300}, {16, 4, 4, 512}, {16, 3, 5, 513}};
constexpr Rows kBoth[] = {Rows::channels, Rows::features};

Tensor random_tensor(const LaneShape& shape) {
  Tensor tensor(shape);
  const CounterRng rng(13, Stream::test);
  for (std::int64_t i = 0; i < tensor.floats(); ++i)
    tensor.data()[i] = static_cast<float>(0.2 + rng.normal(static_cast<std::uint64_t>(i)));
  return tensor;
}

std::size_t row_count(const LaneShape& shape, Rows rows) {
  return static_cast<std::size_t>(rows == Rows::channels ? shape.channels : shape.channels * shape.pixels());
}

std::vector<float> starting_values(const LaneShape& shape, Rows rows) {
  std::vector<float> sums(row_count(shape, rows));
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = 0.25f * static_cast<float>(i % 7) - 0.5f;
  return sums;
}

std::vector<float> sums_of(const Tensor& x, Rows rows) {
  std::vector<float> sums = starting_values(x.shape(), rows);
  add_row_sums(x.view(), rows, sums.data());
  return sums;
}

TEST_P(RowSums, AreAddedWithinTheBound) {
  for (const LaneShape& shape : kShapes)
    for (const Rows rows : kBoth) {
      const Tensor x = random_tensor(shape);
      const std::vector<float> before = starting_values(shape, rows);
      const std::vector<float> sums = sums_of(x, rows);
      std::vector<double> expected(before.begin(), before.end());
      std::vector<double> magnitudes(before.size());
      for (std::int64_t i = 0; i < x.floats(); ++i) {
        const std::int64_t channel = i / kLanes % shape.channels;
        const std::int64_t pixel = i / (kLanes * shape.channels) % shape.pixels();
        const std::size_t row = static_cast<std::size_t>(rows == Rows::channels ? channel : channel * shape.pixels() + pixel);
        expected[row] += x.data()[i];
        magnitudes[row] += std::fabs(x.data()[i]);
      }
      for (std::size_t row = 0; row < sums.size(); ++row) {
        const double bound = 0x1p-24 * (32.0 * magnitudes[row] + std::fabs(expected[row]));
        ASSERT_TRUE(std::fabs(sums[row] - expected[row]) <= bound)
            << shape << ", row " << row << ": " << sums[row] << ", expected " << expected[row];
      }
    }
}

TEST_P(RowSums, SameBitsForAnyThreadCountAndAsTheReference) {
  const EagerScope eager;
  for (const LaneShape& shape : kShapes)
    for (const Rows rows : kBoth) {
      const Tensor x = random_tensor(shape);
      set_thread_count(1);
      const std::vector<float> alone = sums_of(x, rows);
      for (const int count : {2, 3, 16, 32, 64}) {
        set_thread_count(count);
        EXPECT_EQ(sums_of(x, rows), alone) << shape << ", " << count << " threads";
      }
      set_isa(Isa::ref);
      EXPECT_EQ(sums_of(x, rows), alone) << shape << ", reference";
      set_isa(GetParam());
    }
}

TEST_P(RowSums, AValueThatIsNotFiniteShowsInItsRowAlone) {
  Tensor x = random_tensor({16, 8, 8, 5});
  x.data()[3 * kLanes + 2] = NAN;  // pixel 0, channel 3
  const std::vector<float> sums = sums_of(x, Rows::channels);
  for (std::size_t c = 0; c < sums.size(); ++c) EXPECT_EQ(std::isnan(sums[c]), c == 3) << c;
}

}  // namespace
}  // namespace pbgen
