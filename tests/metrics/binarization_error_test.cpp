// The enumeration against the definition: every pattern's distance, from D and k.
#include "metrics/binarization_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"

namespace pbgen {
namespace {

double mean_magnitude(const DeconvColumn& column) {
  double sum = 0.0;
  for (const double weight : column.weights) sum += std::fabs(weight);
  return sum / column.c_in;
}

// D b, and D k where b is k.
std::vector<double> times_inputs(const DeconvColumn& column, const std::vector<double>& vector) {
  std::vector<double> product(column.s_in, 0.0);
  for (int i = 0; i < column.s_in; ++i)
    for (int j = 0; j < column.c_in; ++j) product[i] += column.inputs[i * column.c_in + j] * vector[j];
  return product;
}

std::vector<double> signs_of(std::uint32_t negatives, int c_in) {
  std::vector<double> signs(c_in);
  for (int j = 0; j < c_in; ++j) signs[j] = (negatives >> j & 1) != 0 ? -1.0 : 1.0;
  return signs;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double distance(const std::vector<double>& a, const std::vector<double>& b, double scale) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - scale * b[i]) * (a[i] - scale * b[i]);
  return std::sqrt(sum);
}

BinarizationError binarization_error_ref(const DeconvColumn& column) {
  const std::vector<double> output = times_inputs(column, column.weights);
  BinarizationError error;
  error.output_norm = std::sqrt(dot(output, output));
  error.mean_scale.distance = error.best_scale.distance = std::numeric_limits<double>::infinity();
  const double mean = mean_magnitude(column);
  for (std::uint32_t negatives = 0; negatives < std::uint32_t{1} << column.c_in; ++negatives) {
    const std::vector<double> sums = times_inputs(column, signs_of(negatives, column.c_in));
    const double at_mean = distance(output, sums, mean);
    if (at_mean < error.mean_scale.distance) error.mean_scale = {negatives, mean, at_mean};
    const double scale = dot(sums, output) / dot(sums, sums);
    const double at_best = distance(output, sums, scale);
    if (scale >= 0.0 && at_best < error.best_scale.distance) error.best_scale = {negatives, scale, at_best};
    bool is_sign = true;
    for (int j = 0; j < column.c_in; ++j) is_sign = is_sign && (column.weights[j] < 0.0) == ((negatives >> j & 1) != 0);
    if (is_sign) error.sign = {negatives, mean, at_mean};
  }
  return error;
}

// Sums of some hundred doubles, and a root near 0 at the worst: 1e-9 of the output is far above both, and far below the gaps
// between patterns of drawn columns.
void expect_equal(const BinaryWeights& actual, const BinaryWeights& expected, double output_norm) {
  EXPECT_EQ(actual.negatives, expected.negatives);
  EXPECT_NEAR(actual.distance, expected.distance, 1e-9 * output_norm);
  EXPECT_NEAR(actual.scale, expected.scale, 1e-9 * (1.0 + expected.scale));
}

// From a single row of lanes (4 channels) over one block of all low bits (11) to 32 blocks (16).
TEST(BinarizationError, IsTheDefinitionOverAllPatterns) {
  for (const ColumnConstruction construction : kColumnConstructions) {
    for (int c_in = 4; c_in <= 16; ++c_in) {
      for (int draw = 0; draw < (c_in <= 12 ? 4 : 1); ++draw) {
        SCOPED_TRACE(testing::Message() << name(construction) << ", " << c_in << " channels, draw " << draw);
        const DeconvColumn column = draw_column(construction, 20, c_in, 1, draw);
        const BinarizationError error = binarization_error(column);
        const BinarizationError expected = binarization_error_ref(column);
        EXPECT_NEAR(error.output_norm, expected.output_norm, 1e-12 * expected.output_norm);
        expect_equal(error.sign, expected.sign, expected.output_norm);
        expect_equal(error.mean_scale, expected.mean_scale, expected.output_norm);
        expect_equal(error.best_scale, expected.best_scale, expected.output_norm);
      }
    }
  }
}

TEST(BinarizationError, HoldsForAnyNumberOfPixels) {
  for (const int s_in : {1, 2, 5, 33}) {
    SCOPED_TRACE(testing::Message() << s_in << " pixels");
    const DeconvColumn column = draw_column(ColumnConstruction::gaussian, s_in, 13, 2, 0);
    const BinarizationError error = binarization_error(column);
    const BinarizationError expected = binarization_error_ref(column);
    EXPECT_NEAR(error.mean_scale.distance, expected.mean_scale.distance, 1e-9 * expected.output_norm);
    // One pixel: every pattern's best scale makes the output, so no pattern is the best.
    EXPECT_NEAR(error.best_scale.distance, expected.best_scale.distance, 1e-9 * expected.output_norm);
  }
}

// Weights that are binary already cost nothing, and nothing else comes near: with 20 channels 512 blocks are walked.
TEST(BinarizationError, OfBinaryWeightsIsZero) {
  for (const int c_in : {4, 11, 12, 20}) {
    DeconvColumn column = draw_column(ColumnConstruction::gaussian, 20, c_in, 3, 0);
    std::uint32_t negatives = 0;
    for (int j = 0; j < c_in; ++j) {
      if (column.weights[j] < 0.0) negatives |= std::uint32_t{1} << j;
      column.weights[j] = column.weights[j] < 0.0 ? -0.375 : 0.375;
    }
    const BinarizationError error = binarization_error(column);
    for (const BinaryWeights& weights : {error.sign, error.mean_scale, error.best_scale}) {
      EXPECT_EQ(weights.negatives, negatives) << c_in << " channels";
      EXPECT_NEAR(weights.scale, 0.375, 1e-12) << c_in << " channels";
      EXPECT_LE(weights.distance, 1e-12 * error.output_norm) << c_in << " channels";
    }
  }
}

// Another numbering of the channels and other signs of D's columns are other ways of walking the same distances.
TEST(BinarizationError, DependsNeitherOnTheChannelsOrderNorOnTheirSigns) {
  const int c_in = 21;
  const DeconvColumn column = draw_column(ColumnConstruction::rectified, 20, c_in, 4, 0);
  const BinarizationError error = binarization_error(column);
  DeconvColumn other = column;
  for (int j = 0; j < c_in; ++j) {
    const int from = j * 8 % c_in;
    const double sign = j % 3 == 0 ? -1.0 : 1.0;
    other.weights[j] = sign * column.weights[from];
    for (int i = 0; i < column.s_in; ++i) other.inputs[i * c_in + j] = sign * column.inputs[i * c_in + from];
  }
  const BinarizationError again = binarization_error(other);
  EXPECT_NEAR(again.output_norm, error.output_norm, 1e-12 * error.output_norm);
  EXPECT_NEAR(again.sign.distance, error.sign.distance, 1e-10 * error.output_norm);
  EXPECT_NEAR(again.mean_scale.distance, error.mean_scale.distance, 1e-10 * error.output_norm);
  EXPECT_NEAR(again.best_scale.distance, error.best_scale.distance, 1e-10 * error.output_norm);
  EXPECT_NEAR(again.best_scale.scale, error.best_scale.scale, 1e-10);
}

// Times 4 is exact in binary, so nothing may change but the exponent.
TEST(BinarizationError, GrowsWithTheWeights) {
  DeconvColumn column = draw_column(ColumnConstruction::desired_output, 20, 14, 5, 0);
  const BinarizationError error = binarization_error(column);
  for (double& weight : column.weights) weight *= 4.0;
  const BinarizationError larger = binarization_error(column);
  EXPECT_EQ(larger.output_norm, 4.0 * error.output_norm);
  EXPECT_EQ(larger.mean_scale.negatives, error.mean_scale.negatives);
  EXPECT_EQ(larger.mean_scale.distance, 4.0 * error.mean_scale.distance);
  EXPECT_EQ(larger.best_scale.negatives, error.best_scale.negatives);
  EXPECT_EQ(larger.best_scale.distance, 4.0 * error.best_scale.distance);
  EXPECT_EQ(larger.sign.distance, 4.0 * error.sign.distance);
}

// Each search contains what the one before it could choose.
TEST(BinarizationError, IsOrderedByFreedom) {
  for (const ColumnConstruction construction : kColumnConstructions) {
    for (int draw = 0; draw < 20; ++draw) {
      const BinarizationError error = binarization_error(draw_column(construction, 20, 18, 6, draw));
      EXPECT_LE(error.mean_scale.distance, error.sign.distance * (1.0 + 1e-12));
      EXPECT_LE(error.best_scale.distance, error.mean_scale.distance * (1.0 + 1e-12));
      EXPECT_LE(error.best_scale.distance, error.output_norm);
      EXPECT_GE(error.best_scale.scale, 0.0);
      EXPECT_GT(error.best_scale.distance, 0.0);
    }
  }
}

TEST(BinarizationError, IsTheSameForAnyThreads) {
  const EagerScope eager;
  const int before = thread_count();
  std::vector<DeconvColumn> columns;
  for (int draw = 0; draw < 7; ++draw) columns.push_back(draw_column(ColumnConstruction::gaussian, 20, 13 + draw % 3, 7, draw));
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    const std::vector<BinarizationError> errors = binarization_errors(columns);
    ASSERT_EQ(errors.size(), columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const BinarizationError expected = binarization_error(columns[i]);
      EXPECT_EQ(errors[i].output_norm, expected.output_norm);
      EXPECT_EQ(errors[i].sign.distance, expected.sign.distance);
      EXPECT_EQ(errors[i].mean_scale.negatives, expected.mean_scale.negatives);
      EXPECT_EQ(errors[i].mean_scale.distance, expected.mean_scale.distance);
      EXPECT_EQ(errors[i].best_scale.negatives, expected.best_scale.negatives);
      EXPECT_EQ(errors[i].best_scale.distance, expected.best_scale.distance);
    }
  }
  set_thread_count(before);
  EXPECT_TRUE(binarization_errors({}).empty());
}

TEST(BinarizationError, OfInputsThatAreAllZeroIsZero) {
  const DeconvColumn column{3, 5, std::vector<double>(15, 0.0), {1.0, -2.0, 3.0, -4.0, 5.0}};
  const BinarizationError error = binarization_error(column);
  EXPECT_EQ(error.output_norm, 0.0);
  EXPECT_EQ(error.sign.distance, 0.0);
  EXPECT_EQ(error.mean_scale.distance, 0.0);
  EXPECT_EQ(error.best_scale.distance, 0.0);
}

TEST(BinarizationError, RefusesWhatItCannotEnumerate) {
  const DeconvColumn good = draw_column(ColumnConstruction::gaussian, 3, 4, 1, 0);
  EXPECT_NO_THROW(binarization_error(good));
  for (const int c_in : {0, 3, 33}) {
    DeconvColumn bad{3, c_in, std::vector<double>(3 * c_in, 1.0), std::vector<double>(c_in, 1.0)};
    EXPECT_THROW(binarization_error(bad), std::logic_error) << c_in;
    EXPECT_THROW(binarization_errors({&bad, 1}), std::logic_error) << c_in;
  }
  std::vector<DeconvColumn> bad(6, good);
  bad[0].inputs.pop_back();
  bad[1].weights.push_back(1.0);
  bad[2].weights.assign(4, 0.0);
  bad[3].inputs[5] = std::numeric_limits<double>::quiet_NaN();
  bad[4].weights[1] = std::numeric_limits<double>::infinity();
  bad[5].s_in = 0;
  bad[5].inputs.clear();
  for (const DeconvColumn& column : bad) EXPECT_THROW(binarization_error(column), std::logic_error);
}

}  // namespace
}  // namespace pbgen
