// im2col and col2im against loops that follow the definition, and against each other.
#include "core/conv/im2col.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"

namespace pbgen {
namespace {

struct Case {
  std::int64_t batch;
  std::int64_t channels;
  ConvGeometry geometry;
};

void PrintTo(const Case& c, std::ostream* out) {
  const ConvGeometry& g = c.geometry;
  *out << "batch " << c.batch << ", channels " << c.channels << ", big " << g.big_height << "x" << g.big_width << ", small "
       << g.small_height << "x" << g.small_width << ", kernel " << g.kernel << ", stride " << g.stride << ", padding " << g.pad_top << ", "
       << g.pad_left;
}

std::vector<Case> cases() {
  return {
      {8, 1, same_padding(2, 2)},
      {16, 3, same_padding(8, 8)},
      {8, 6, same_padding(16, 4)},
      {8, 5, same_padding(7, 9)},
      {8, 4, same_padding(5, 5, 3, 1)},
      {8, 2, same_padding(6, 7, 3, 3)},
      {8, 7, same_padding(1, 1)},
      {8, 5, same_padding(64, 64)},   // several bands
      {8, 2, same_padding(16, 600)},  // bands of few rows
      {8, 1, same_padding(4, 2200)},  // a band of a single row
      {16, 3,
       {.big_height = 9, .big_width = 6, .small_height = 4, .small_width = 5, .kernel = 4, .stride = 2, .pad_top = 0, .pad_left = 3}},
      // Neither the last rows nor the last columns of the big side are ever read.
      {8, 3,
       {.big_height = 20, .big_width = 12, .small_height = 3, .small_width = 2, .kernel = 3, .stride = 2, .pad_top = 2, .pad_left = 0}},
      // A stride that skips pixels between the windows.
      {8, 2,
       {.big_height = 11, .big_width = 11, .small_height = 3, .small_width = 3, .kernel = 2, .stride = 4, .pad_top = 0, .pad_left = 1}},
  };
}

std::vector<float> random_values(std::int64_t count, std::uint64_t seed) {
  const CounterRng rng(seed, Stream::test);
  std::vector<float> values(count);
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return values;
}

std::int64_t column_floats(const Case& c) {
  return im2col_rows(c.geometry, c.channels) * im2col_columns(c.geometry, c.batch);
}

LaneShape big_shape(const Case& c) { return {c.batch, c.geometry.big_height, c.geometry.big_width, c.channels}; }

// Calls visit(position in the matrix, position in the tensor, -1 where the tap falls outside) for every tap.
template <class Visit>
void for_each_tap(const Case& c, Visit visit) {
  const ConvGeometry& g = c.geometry;
  const LaneShape shape = big_shape(c);
  const std::int64_t columns = im2col_columns(g, c.batch);
  for (std::int64_t image = 0; image < c.batch; ++image)
    for (std::int64_t channel = 0; channel < c.channels; ++channel)
      for (std::int64_t ky = 0; ky < g.kernel; ++ky)
        for (std::int64_t kx = 0; kx < g.kernel; ++kx)
          for (std::int64_t y = 0; y < g.small_height; ++y)
            for (std::int64_t x = 0; x < g.small_width; ++x) {
              const std::int64_t big_y = g.stride * y + ky - g.pad_top;
              const std::int64_t big_x = g.stride * x + kx - g.pad_left;
              const bool inside = big_y >= 0 && big_y < g.big_height && big_x >= 0 && big_x < g.big_width;
              const std::int64_t row = (channel * g.kernel + ky) * g.kernel + kx;
              const std::int64_t column = ((image / 8 * g.small_height + y) * g.small_width + x) * 8 + image % 8;
              visit(row * columns + column, inside ? shape.index(image, big_y, big_x, channel) : -1);
            }
}

class Im2col : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Shapes, Im2col, testing::ValuesIn(cases()), [](const auto& tested) { return std::to_string(tested.index); });

constexpr float kGuard = 12345.0f;

TEST_P(Im2col, EqualsTheDefinition) {
  const Case& c = GetParam();
  const std::vector<float> big = random_values(big_shape(c).floats(), 1);
  std::vector<float> columns(column_floats(c) + 1, std::numeric_limits<float>::quiet_NaN());
  columns.back() = kGuard;
  im2col({big.data(), big_shape(c)}, c.geometry, columns.data());
  std::int64_t wrong = 0;
  for_each_tap(c, [&](std::int64_t at, std::int64_t from) { wrong += !(columns[at] == (from < 0 ? 0.0f : big[from])); });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(columns.back(), kGuard);
}

TEST_P(Im2col, AdjointSumsEveryTapThatFallsOnAPixel) {
  const Case& c = GetParam();
  const std::vector<float> columns = random_values(column_floats(c), 2);
  std::vector<double> expected(big_shape(c).floats(), 0.0);
  std::vector<double> magnitude(expected.size(), 0.0);
  for_each_tap(c, [&](std::int64_t from, std::int64_t at) {
    if (at < 0) return;
    expected[at] += columns[from];
    magnitude[at] += std::fabs(columns[from]);
  });
  std::vector<float> big(expected.size() + 1, std::numeric_limits<float>::quiet_NaN());
  big.back() = kGuard;
  col2im(columns.data(), c.geometry, {big.data(), big_shape(c)});
  std::int64_t wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double tolerance = static_cast<double>(c.geometry.taps()) * std::ldexp(1.0, -24) * magnitude[i];
    wrong += !(std::fabs(big[i] - expected[i]) <= tolerance);
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(big.back(), kGuard);
}

// Small integers make both products exact, so the identity holds to the bit.
TEST_P(Im2col, IsAdjointToCol2im) {
  const Case& c = GetParam();
  const CounterRng rng(3, Stream::test);
  std::vector<float> x(big_shape(c).floats());
  std::vector<float> dy(column_floats(c));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int>(rng.below(i, 17)) - 8);
  for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<float>(static_cast<int>(rng.below(x.size() + i, 17)) - 8);
  std::vector<float> y(dy.size());
  std::vector<float> dx(x.size());
  im2col({x.data(), big_shape(c)}, c.geometry, y.data());
  col2im(dy.data(), c.geometry, {dx.data(), big_shape(c)});
  double left = 0.0;
  double right = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) left += static_cast<double>(y[i]) * dy[i];
  for (std::size_t i = 0; i < x.size(); ++i) right += static_cast<double>(x[i]) * dx[i];
  EXPECT_EQ(left, right);
}

TEST_P(Im2col, DoesNotDependOnTheThreads) {
  const EagerScope eager;
  const Case& c = GetParam();
  const std::vector<float> x = random_values(big_shape(c).floats(), 4);
  const std::vector<float> dy = random_values(column_floats(c), 5);
  const int threads_before = thread_count();
  std::vector<float> y[3];
  std::vector<float> dx[3];
  for (int threads = 1; threads <= 3; ++threads) {
    set_thread_count(threads);
    y[threads - 1].resize(dy.size());
    dx[threads - 1].resize(x.size());
    im2col({x.data(), big_shape(c)}, c.geometry, y[threads - 1].data());
    col2im(dy.data(), c.geometry, {dx[threads - 1].data(), big_shape(c)});
  }
  set_thread_count(threads_before);
  for (int i = 1; i < 3; ++i) {
    EXPECT_EQ(std::memcmp(y[0].data(), y[i].data(), y[0].size() * sizeof(float)), 0);
    EXPECT_EQ(std::memcmp(dx[0].data(), dx[i].data(), dx[0].size() * sizeof(float)), 0);
  }
}

// Beyond 16 MB an aligned matrix is written past the caches, one off alignment is not.
TEST(Im2colTest, LargeMatricesAreRightOnAndOffAlignment) {
  const Case c{16, 3, same_padding(128, 128)};
  const std::vector<float> big = random_values(big_shape(c).floats(), 6);
  AlignedBuffer<float> storage(column_floats(c) + 1);
  for (const std::int64_t offset : {0, 1}) {
    float* const columns = storage.data() + offset;
    std::fill_n(columns, column_floats(c), std::numeric_limits<float>::quiet_NaN());
    im2col({big.data(), big_shape(c)}, c.geometry, columns);
    std::int64_t wrong = 0;
    for_each_tap(c, [&](std::int64_t at, std::int64_t from) { wrong += !(columns[at] == (from < 0 ? 0.0f : big[from])); });
    EXPECT_EQ(wrong, 0) << "offset " << offset;
  }
}

TEST(ConvGeometryTest, SamePaddingIsTensorFlows) {
  const ConvGeometry even = same_padding(64, 32);
  EXPECT_EQ(even.small_height, 32);
  EXPECT_EQ(even.small_width, 16);
  EXPECT_EQ(even.pad_top, 1);
  EXPECT_EQ(even.pad_left, 1);
  const ConvGeometry odd = same_padding(7, 8);
  EXPECT_EQ(odd.small_height, 4);
  EXPECT_EQ(odd.pad_top, 2);
  EXPECT_EQ(odd.pad_left, 1);
  EXPECT_EQ(same_padding(6, 6, 3, 1).pad_top, 1);
  EXPECT_EQ(same_padding(6, 6, 1, 3).pad_top, 0);
  EXPECT_THROW(same_padding(0, 4), std::logic_error);
  EXPECT_THROW(same_padding(4, 4, 5, 0), std::logic_error);
}

TEST(ConvGeometryTest, ATensorOfAnotherSizeIsRefused) {
  Tensor big({8, 6, 6, 2});
  const ConvGeometry geometry = same_padding(8, 6);
  std::vector<float> columns(im2col_rows(geometry, 2) * im2col_columns(geometry, 8));
  EXPECT_THROW(im2col(big.view(), geometry, columns.data()), std::logic_error);
  EXPECT_THROW(col2im(columns.data(), geometry, big.view()), std::logic_error);
}

}  // namespace
}  // namespace pbgen
