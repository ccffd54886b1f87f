// Drawn columns: their distributions, and the weights that make a desired output.
#include "metrics/deconv_column.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "core/base/rng.h"

namespace pbgen {
namespace {

constexpr int kPixels = 20;

// D k.
std::vector<double> output_of(const DeconvColumn& column) {
  std::vector<double> output(column.s_in, 0.0);
  for (int i = 0; i < column.s_in; ++i)
    for (int j = 0; j < column.c_in; ++j) output[i] += column.inputs[i * column.c_in + j] * column.weights[j];
  return output;
}

// The output that a desired-output column was drawn for: the numbers that follow those of D.
std::vector<double> desired_output(int c_in, std::uint64_t seed, std::uint64_t draw) {
  const CounterRng rng(seed, Stream::deconv_column, 3u << 16 | static_cast<std::uint32_t>(c_in));
  std::vector<double> output(kPixels);
  for (int i = 0; i < kPixels; ++i) output[i] = rng.normal((draw << 16) + static_cast<std::uint64_t>(kPixels * c_in + i));
  return output;
}

double mean_square(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value * value;
  return sum / static_cast<double>(values.size());
}

TEST(DeconvColumn, IsAFunctionOfItsArguments) {
  const DeconvColumn column = draw_column(ColumnConstruction::gaussian, kPixels, 7, 3, 4);
  EXPECT_EQ(column.s_in, kPixels);
  EXPECT_EQ(column.c_in, 7);
  EXPECT_EQ(column.inputs.size(), 140u);
  EXPECT_EQ(column.weights.size(), 7u);
  const DeconvColumn again = draw_column(ColumnConstruction::gaussian, kPixels, 7, 3, 4);
  EXPECT_EQ(column.inputs, again.inputs);
  EXPECT_EQ(column.weights, again.weights);
  EXPECT_NE(column.inputs, draw_column(ColumnConstruction::gaussian, kPixels, 7, 3, 5).inputs);
  EXPECT_NE(column.inputs, draw_column(ColumnConstruction::gaussian, kPixels, 7, 4, 4).inputs);
  EXPECT_NE(column.inputs, draw_column(ColumnConstruction::desired_output, kPixels, 7, 3, 4).inputs);
  EXPECT_NE(column.inputs[0], draw_column(ColumnConstruction::gaussian, kPixels, 8, 3, 4).inputs[0]);
}

// Mean squares over 400 draws of at least 10 numbers each: within 6 of their standard deviations, sqrt(2 / n) of a normal
// number's square, sqrt(5/4 / n) of a rectified one's.
TEST(DeconvColumn, HasTheNamedDistributions) {
  constexpr int kDraws = 400;
  for (const int c_in : {10, 40}) {
    double gaussian_input = 0.0, gaussian_weight = 0.0, rectified_input = 0.0, rectified_weight = 0.0;
    for (int draw = 0; draw < kDraws; ++draw) {
      const DeconvColumn gaussian = draw_column(ColumnConstruction::gaussian, kPixels, c_in, 1, draw);
      gaussian_input += mean_square(gaussian.inputs) / kDraws;
      gaussian_weight += mean_square(gaussian.weights) / kDraws;
      const DeconvColumn rectified = draw_column(ColumnConstruction::rectified, kPixels, c_in, 1, draw);
      rectified_input += mean_square(rectified.inputs) / kDraws;
      rectified_weight += mean_square(rectified.weights) * c_in / kDraws;
      for (const double input : rectified.inputs) ASSERT_GE(input, 0.0);
    }
    EXPECT_NEAR(gaussian_input, 1.0, 6.0 * std::sqrt(2.0 / (kDraws * kPixels * c_in)));
    EXPECT_NEAR(rectified_input, 0.5, 6.0 * std::sqrt(1.25 / (kDraws * kPixels * c_in)));
    EXPECT_NEAR(gaussian_weight, 1.0, 6.0 * std::sqrt(2.0 / (kDraws * c_in)));
    EXPECT_NEAR(rectified_weight, 1.0, 6.0 * std::sqrt(2.0 / (kDraws * c_in)));
  }
}

TEST(DeconvColumn, OfFewChannelsComesNearestToTheDesiredOutput) {
  for (const int c_in : {1, 4, 12, 19}) {
    for (int draw = 0; draw < 5; ++draw) {
      const DeconvColumn column = draw_column(ColumnConstruction::desired_output, kPixels, c_in, 2, draw);
      const std::vector<double> output = output_of(column);
      const std::vector<double> desired = desired_output(c_in, 2, draw);
      for (int j = 0; j < c_in; ++j) {  // the rest is orthogonal to every column of D
        double product = 0.0;
        for (int i = 0; i < kPixels; ++i) product += column.inputs[i * c_in + j] * (desired[i] - output[i]);
        EXPECT_NEAR(product, 0.0, 1e-8) << c_in << " channels, draw " << draw;
      }
    }
  }
}

TEST(DeconvColumn, OfManyChannelsMakesTheDesiredOutputWithTheLeastWeights) {
  for (const int c_in : {20, 21, 28, 64}) {
    for (int draw = 0; draw < 5; ++draw) {
      const DeconvColumn column = draw_column(ColumnConstruction::desired_output, kPixels, c_in, 2, draw);
      const std::vector<double> output = output_of(column);
      const std::vector<double> desired = desired_output(c_in, 2, draw);
      for (int i = 0; i < kPixels; ++i) EXPECT_NEAR(output[i], desired[i], 1e-7) << c_in << " channels, draw " << draw;

      // Nothing of the weights is left beside the rows of D, made orthonormal one after the other.
      std::vector<std::vector<double>> rows;
      std::vector<double> rest = column.weights;
      const auto remove = [c_in](std::vector<double>& from, const std::vector<double>& unit) {
        double product = 0.0;
        for (int j = 0; j < c_in; ++j) product += from[j] * unit[j];
        for (int j = 0; j < c_in; ++j) from[j] -= product * unit[j];
      };
      for (int i = 0; i < kPixels; ++i) {
        std::vector<double> row(column.inputs.begin() + i * c_in, column.inputs.begin() + (i + 1) * c_in);
        for (const std::vector<double>& unit : rows) remove(row, unit);
        const double norm = std::sqrt(mean_square(row) * c_in);
        for (double& value : row) value /= norm;
        remove(rest, row);
        rows.push_back(row);
      }
      EXPECT_LE(mean_square(rest), 1e-16 * mean_square(column.weights)) << c_in << " channels, draw " << draw;
    }
  }
}

TEST(DeconvColumn, RefusesSizesOutOfRange) {
  for (const int size : {1, 64}) EXPECT_NO_THROW(draw_column(ColumnConstruction::gaussian, size, size, 1, 0));
  for (const int size : {0, -1, 65}) {
    EXPECT_THROW(draw_column(ColumnConstruction::gaussian, size, 4, 1, 0), std::logic_error);
    EXPECT_THROW(draw_column(ColumnConstruction::gaussian, 4, size, 1, 0), std::logic_error);
  }
  EXPECT_THROW(draw_column(ColumnConstruction::gaussian, 4, 4, 1, -1), std::logic_error);
  EXPECT_THROW(draw_column(ColumnConstruction::gaussian, 4, 4, 1, std::int64_t{1} << 32), std::logic_error);
}

}  // namespace
}  // namespace pbgen
