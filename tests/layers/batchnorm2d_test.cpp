// Batch normalisation against a naive double-precision one.
#include "layers/batchnorm2d.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "layers/activations.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

// Each test runs on each path that this machine has.
class BatchNorm2dTest : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, BatchNorm2dTest, testing::ValuesIn(kIsas), isa_of_test);

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

void fill_random(float* values, std::int64_t count, std::uint32_t which, double mean, double sd) {
  const CounterRng rng(7, Stream::test, which);
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(mean + sd * rng.normal(static_cast<std::uint64_t>(i)));
}

std::vector<double> to_double(const float* values, std::int64_t count) { return {values, values + count}; }

// One layer with everything that a pass needs; outputs begin as NaN.
struct Bench {
  explicit Bench(const LaneShape& shape, double mean = 0.3, double sd = 1.7, float slope = 1.0f)
      : layer("bn", shape.channels, slope), x(shape), y(shape), dy(shape), dx(shape), record(layer.record_floats(shape)),
        workspace(layer.workspace_floats(shape)) {
    fill_random(x.data(), x.floats(), 1, mean, sd);
    fill_random(dy.data(), dy.floats(), 2, 0.1, 1.0);
    fill_random(layer.params()[0]->value.data(), shape.channels, 3, 1.0, 0.3);
    fill_random(layer.params()[1]->value.data(), shape.channels, 4, 0.0, 0.5);
    std::fill_n(y.data(), y.floats(), kNaN);
    std::fill_n(dx.data(), dx.floats(), kNaN);
    std::fill(record.begin(), record.end(), kNaN);
  }
  void forward(Mode mode) { layer.forward(x.view(), y.view(), record.span(), workspace, mode); }
  void backward(Want want) { layer.backward(x.view(), y.view(), dy.view(), dx.view(), record.span(), want, workspace); }

  BatchNorm2d layer;
  Tensor x, y, dy, dx;
  AlignedBuffer<float> record;
  Workspace workspace;
};

// Channel of element i of the lane layout.
std::size_t channel_of(std::size_t i, const LaneShape& shape) { return i / kLanes % static_cast<std::size_t>(shape.channels); }

struct Moments {
  std::vector<double> mean, variance;  // biased
};

Moments naive_moments(const std::vector<double>& x, const LaneShape& shape) {
  const std::size_t channels = static_cast<std::size_t>(shape.channels);
  Moments moments{std::vector<double>(channels), std::vector<double>(channels)};
  const double values = static_cast<double>(shape.batch * shape.pixels());
  for (std::size_t i = 0; i < x.size(); ++i) moments.mean[channel_of(i, shape)] += x[i] / values;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double distance = x[i] - moments.mean[channel_of(i, shape)];
    moments.variance[channel_of(i, shape)] += distance * distance / values;
  }
  return moments;
}

std::vector<double> naive_forward(const std::vector<double>& x, const std::vector<double>& gamma, const std::vector<double>& beta,
                                  const LaneShape& shape) {
  const Moments moments = naive_moments(x, shape);
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = channel_of(i, shape);
    y[i] = gamma[c] * (x[i] - moments.mean[c]) / std::sqrt(moments.variance[c] + 1e-5) + beta[c];
  }
  return y;
}

// Odd channel counts, several pieces (more than 64 rows), pieces of few rows, more than one block of 128 channels.
const LaneShape kShapes[] = {{8, 1, 1, 1}, {8, 3, 5, 3}, {16, 9, 9, 4}, {24, 8, 4, 7}, {16, 32, 24, 7}, {16, 4, 4, 512}, {8, 2, 3, 129}};

TEST_P(BatchNorm2dTest, TrainModeNormalisesLikeTheNaiveDefinition) {
  for (const LaneShape& shape : kShapes) {
    Bench bench(shape);
    bench.forward(Mode::train);
    const auto gamma = to_double(bench.layer.params()[0]->value.data(), shape.channels);
    const auto beta = to_double(bench.layer.params()[1]->value.data(), shape.channels);
    const auto expected = naive_forward(to_double(bench.x.data(), bench.x.floats()), gamma, beta, shape);
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(bench.y.data()[i], expected[i], 3e-6 * (1.0 + std::fabs(expected[i]))) << shape << " at " << i;
  }
}

TEST_P(BatchNorm2dTest, StatisticsSurviveAMeanFarFromZero) {
  // The sum of squares in float would lose all of a variance of 1 beside a squared mean of 1e6.
  const LaneShape shape{16, 16, 16, 5};
  Bench bench(shape, 1000.0, 1.0);
  bench.forward(Mode::train);
  const Moments expected = naive_moments(to_double(bench.x.data(), bench.x.floats()), shape);
  const auto batch = bench.layer.batch_statistics(bench.record.span());
  const double values = static_cast<double>(shape.batch * shape.pixels());
  EXPECT_EQ(batch.values, values);
  for (std::size_t c = 0; c < 5; ++c) {
    EXPECT_NEAR(batch.mean[c], expected.mean[c], 1000.0 * 0x1p-23);
    EXPECT_NEAR(batch.variance[c], expected.variance[c] * values / (values - 1.0), 2e-6);
    EXPECT_NEAR(batch.rstd[c], 1.0 / std::sqrt(expected.variance[c] + 1e-5), 2e-6);
  }
}

TEST_P(BatchNorm2dTest, GradientsAgreeWithCentralDifferences) {
  const LaneShape shape{16, 3, 2, 5};
  Bench bench(shape);
  bench.forward(Mode::train);
  bench.backward({true, true});
  auto x = to_double(bench.x.data(), bench.x.floats());
  auto gamma = to_double(bench.layer.params()[0]->value.data(), shape.channels);
  auto beta = to_double(bench.layer.params()[1]->value.data(), shape.channels);
  const auto dy = to_double(bench.dy.data(), bench.dy.floats());
  const auto check_gradient = [&](std::vector<double>& argument, const float* gradient, const char* what) {
    const auto objective = [&] {
      const auto y = naive_forward(x, gamma, beta, shape);
      double sum = 0.0;
      for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
      return sum;
    };
    for (std::size_t i = 0; i < argument.size(); ++i) {
      const double kept = argument[i];
      const double step = 1e-5;
      argument[i] = kept + step;
      const double above = objective();
      argument[i] = kept - step;
      const double below = objective();
      argument[i] = kept;
      const double expected = (above - below) / (2.0 * step);
      ASSERT_LE(std::fabs(gradient[i] - expected), 1e-4 * std::max(1.0, std::fabs(expected))) << what << " at " << i;
    }
  };
  check_gradient(x, bench.dx.data(), "dx");
  check_gradient(gamma, bench.layer.params()[0]->gradient.data(), "dgamma");
  check_gradient(beta, bench.layer.params()[1]->gradient.data(), "dbeta");
}

TEST_P(BatchNorm2dTest, BackwardOverwritesDxAddsToParametersAndHeedsWant) {
  Bench bench({8, 2, 2, 3});
  bench.forward(Mode::train);
  const float* const dgamma = bench.layer.params()[0]->gradient.data();
  bench.backward({false, true});
  EXPECT_TRUE(std::all_of(bench.dx.data(), bench.dx.data() + bench.dx.floats(), [](float v) { return std::isnan(v); }));
  const std::vector<float> once(dgamma, dgamma + 3);
  bench.backward({true, true});
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(dgamma[c], 2.0f * once[c]);
  const std::vector<float> dx(bench.dx.data(), bench.dx.data() + bench.dx.floats());
  bench.backward({true, false});
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(dgamma[c], 2.0f * once[c]);
  EXPECT_TRUE(std::equal(dx.begin(), dx.end(), bench.dx.data()));
}

TEST_P(BatchNorm2dTest, ConstantChannelsStayFinite) {
  Bench bench({8, 4, 4, 2}, 5.0, 0.0);
  bench.forward(Mode::train);
  bench.backward({true, true});
  for (std::int64_t i = 0; i < bench.y.floats(); ++i) {
    ASSERT_EQ(bench.y.data()[i], bench.layer.params()[1]->value[i / kLanes % 2]);
    ASSERT_TRUE(std::isfinite(bench.dx.data()[i]));
  }
}

TEST_P(BatchNorm2dTest, MovingStatisticsMoveOnlyWhenTold) {
  const LaneShape shape{16, 3, 3, 2};
  Bench bench(shape);
  const float* const running_mean = bench.layer.buffers()[0]->value.data();
  const float* const running_var = bench.layer.buffers()[1]->value.data();
  bench.forward(Mode::train);
  EXPECT_EQ(running_mean[0], 0.0f);
  EXPECT_EQ(running_var[0], 1.0f);
  bench.layer.update_moving_statistics(bench.record.span());
  bench.layer.update_moving_statistics(bench.record.span());
  const Moments moments = naive_moments(to_double(bench.x.data(), bench.x.floats()), shape);
  for (std::size_t c = 0; c < 2; ++c) {
    EXPECT_NEAR(running_mean[c], 0.19 * moments.mean[c], 1e-6);
    EXPECT_NEAR(running_var[c], 0.81 + 0.19 * moments.variance[c] * 144.0 / 143.0, 1e-6);
  }
}

TEST_P(BatchNorm2dTest, InferenceUsesMovingStatisticsAndLeavesTheRecord) {
  const LaneShape shape{8, 2, 3, 4};
  Bench bench(shape);
  NamedArray& running_mean = *bench.layer.buffers()[0];
  NamedArray& running_var = *bench.layer.buffers()[1];
  for (std::int64_t c = 0; c < 4; ++c) {
    running_mean.value[c] = 0.25f * static_cast<float>(c);
    running_var.value[c] = 0.5f + static_cast<float>(c);
  }
  bench.forward(Mode::inference);
  EXPECT_TRUE(std::all_of(bench.record.begin(), bench.record.end(), [](float v) { return std::isnan(v); }));
  for (std::int64_t i = 0; i < bench.y.floats(); ++i) {
    const std::int64_t c = i / kLanes % 4;
    const double expected = bench.layer.params()[0]->value[c] * (bench.x.data()[i] - 0.25 * static_cast<double>(c)) /
                                std::sqrt(0.5 + static_cast<double>(c) + 1e-5) +
                            bench.layer.params()[1]->value[c];
    ASSERT_NEAR(bench.y.data()[i], expected, 2e-6 * (1.0 + std::fabs(expected)));
  }
}

TEST_P(BatchNorm2dTest, CalibrationIsExactOverAllBatchesTogether) {
  // Three batches with far-apart means: the variance between them counts as well.
  const LaneShape shape{8, 5, 5, 3};
  const LaneShape all_shape{24, 5, 5, 3};
  Bench bench(shape);
  std::vector<double> all;
  bench.layer.begin_calibration();
  for (std::uint32_t batch = 0; batch < 3; ++batch) {
    fill_random(bench.x.data(), bench.x.floats(), 10 + batch, 2.0 * batch, 1.0);
    bench.forward(Mode::train);
    bench.layer.update_moving_statistics(bench.record.span());
    const auto values = to_double(bench.x.data(), bench.x.floats());
    all.insert(all.end(), values.begin(), values.end());
  }
  EXPECT_EQ(bench.layer.buffers()[0]->value[0], 0.0f);
  bench.layer.finish_calibration();
  const Moments expected = naive_moments(all, all_shape);
  for (std::int64_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(bench.layer.buffers()[0]->value[c], expected.mean[static_cast<std::size_t>(c)], 1e-6);
    EXPECT_NEAR(bench.layer.buffers()[1]->value[c], expected.variance[static_cast<std::size_t>(c)] * 600.0 / 599.0, 3e-6);
  }
  const float mean = bench.layer.buffers()[0]->value[0];
  bench.layer.update_moving_statistics(bench.record.span());
  EXPECT_NE(bench.layer.buffers()[0]->value[0], mean);
}

TEST(BatchNorm2dContract, CalibrationWithoutABatchIsRefused) {
  BatchNorm2d layer("bn", 2);
  EXPECT_THROW(layer.finish_calibration(), std::logic_error);
  layer.begin_calibration();
  EXPECT_THROW(layer.finish_calibration(), std::logic_error);
}

TEST_P(BatchNorm2dTest, ResultsAreTheSameBytesForAnyThreadCount) {
  const EagerScope eager;
  for (const LaneShape& shape : kShapes)
    for (const int count : {3, 16, 64}) {
      Bench one(shape);
      Bench many(shape);
      set_thread_count(1);
      one.forward(Mode::train);
      one.backward({true, true});
      set_thread_count(count);
      many.forward(Mode::train);
      many.backward({true, true});
      const auto bytes = static_cast<std::size_t>(one.x.floats()) * sizeof(float);
      EXPECT_EQ(std::memcmp(one.y.data(), many.y.data(), bytes), 0) << shape;
      EXPECT_EQ(std::memcmp(one.dx.data(), many.dx.data(), bytes), 0) << shape;
      EXPECT_EQ(std::memcmp(one.record.data(), many.record.data(), static_cast<std::size_t>(one.record.size()) * sizeof(float)), 0);
      for (std::size_t p = 0; p < 2; ++p)
        EXPECT_TRUE(std::equal(one.layer.params()[p]->gradient.begin(), one.layer.params()[p]->gradient.end(),
                               many.layer.params()[p]->gradient.begin()));
    }
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.floats()) * sizeof(float)) == 0;
}

bool same_floats(const AlignedBuffer<float>& a, const AlignedBuffer<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(float)) == 0;
}

constexpr float kSlopes[] = {1.0f, 0.0f, 0.2f};

TEST_P(BatchNorm2dTest, AnActivationInsideIsToTheBitTheLayerBehind) {
  for (const LaneShape& shape : kShapes) {
    for (const float slope : {0.0f, 0.2f}) {
      std::unique_ptr<Layer> activation = std::make_unique<ReLU>();
      if (slope > 0.0f) activation = std::make_unique<LeakyReLU>(slope);
      Bench fused(shape, 0.3, 1.7, slope);
      Bench plain(shape);
      Workspace none(0);
      for (const Mode mode : {Mode::inference, Mode::train}) {
        fused.forward(mode);
        plain.forward(mode);
        activation->forward(plain.y.view(), plain.y.view(), {}, none, mode);
        EXPECT_TRUE(same_bytes(fused.y, plain.y)) << shape << ", slope " << slope;
      }
      fused.backward({true, true});
      activation->backward({}, plain.y.view(), plain.dy.view(), plain.dy.view(), {}, {true, true}, none);
      plain.backward({true, true});
      EXPECT_TRUE(same_bytes(fused.dx, plain.dx)) << shape << ", slope " << slope;
      for (std::size_t p = 0; p < 2; ++p)
        EXPECT_TRUE(same_floats(fused.layer.params()[p]->gradient, plain.layer.params()[p]->gradient)) << shape << ", slope " << slope;
    }
  }
}

TEST_P(BatchNorm2dTest, TheActivationIsThatOfItsSlope) {
  // Independent of the layers that it replaces, values below, at and above the kink among them.
  const LaneShape shape{8, 1, 1, 1};
  for (const float slope : kSlopes) {
    Bench bench(shape, 0.0, 1.0, slope);
    for (NamedArray* const buffer : bench.layer.buffers()) std::fill(buffer->value.begin(), buffer->value.end(), 0.0f);
    bench.layer.buffers()[1]->value[0] = 1.0f;
    bench.layer.params()[0]->value[0] = 1.0f;
    bench.layer.params()[1]->value[0] = 0.0f;
    const float x[] = {-2.0f, -1.0f, -0.5f, 0.0f, 0.5f, 1.0f, 2.0f, kNaN};
    std::copy(std::begin(x), std::end(x), bench.x.data());
    bench.forward(Mode::inference);
    for (std::size_t i = 0; i < 7; ++i) {
      const double v = x[i] / std::sqrt(1.0 + 1e-5);
      EXPECT_NEAR(bench.y.data()[i], v > 0.0 ? v : v * static_cast<double>(slope), 1e-6) << "slope " << slope;
    }
    EXPECT_TRUE(std::isnan(bench.y.data()[7]));
  }
}

TEST_P(BatchNorm2dTest, GivesTheReferencesBytesAndDxMayBeDy) {
  for (const LaneShape& shape : kShapes) {
    for (const float slope : kSlopes) {
      Bench bench(shape, 0.3, 1.7, slope);
      bench.forward(Mode::train);
      bench.layer.backward(bench.x.view(), bench.y.view(), bench.dy.view(), bench.dy.view(), bench.record.span(), {true, true},
                           bench.workspace);
      Bench ref(shape, 0.3, 1.7, slope);
      set_isa(Isa::ref);
      ref.forward(Mode::train);
      ref.backward({true, true});
      set_isa(GetParam());
      EXPECT_TRUE(same_bytes(ref.y, bench.y)) << shape << ", slope " << slope;
      EXPECT_TRUE(same_bytes(ref.dx, bench.dy)) << shape << ", slope " << slope;
      EXPECT_TRUE(same_floats(ref.record, bench.record)) << shape;
      for (std::size_t p = 0; p < 2; ++p)
        EXPECT_TRUE(same_floats(ref.layer.params()[p]->gradient, bench.layer.params()[p]->gradient)) << shape << ", slope " << slope;
    }
  }
}

TEST(BatchNorm2dContract, ImpossibleSlopesAreRefused) {
  EXPECT_THROW(BatchNorm2d("bn", 4, -0.1f), std::logic_error);
  EXPECT_THROW(BatchNorm2d("bn", 4, 1.1f), std::logic_error);
  EXPECT_THROW(BatchNorm2d("bn", 4, kNaN), std::logic_error);
}

TEST(BatchNorm2dContract, WrongChannelsAreRefused) {
  const BatchNorm2d layer("bn", 4);
  EXPECT_THROW(layer.output_shape({8, 2, 2, 3}), std::logic_error);
  EXPECT_THROW(BatchNorm2d("bn", 0), std::logic_error);
}

}  // namespace
}  // namespace pbgen
