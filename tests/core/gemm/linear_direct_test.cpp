// The linear layer's products in the lane layout against their definitions, on every path.
#include "core/gemm/linear_direct.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Case {
  LaneShape in;
  LaneShape out;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.in << " to " << c.out; }

std::vector<float> random_values(std::int64_t count, std::uint32_t seed) {
  const CounterRng rng(seed, Stream::test);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) values[static_cast<std::size_t>(i)] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return values;
}

Tensor random_tensor(const LaneShape& shape, std::uint32_t seed) {
  Tensor tensor(shape);
  const std::vector<float> values = random_values(shape.floats(), seed);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

struct Products {
  explicit Products(const Case& c)
      : x(random_tensor(c.in, 1)), dy(random_tensor(c.out, 2)),
        w(random_values(c.in.floats_per_image() * c.out.floats_per_image(), 3)), bias(random_values(c.out.floats_per_image(), 4)) {}

  std::vector<float> forward(bool with_bias) const {
    Tensor y(dy.shape());
    std::fill_n(y.data(), y.floats(), kNaN);
    linear_forward(w.data(), with_bias ? bias.data() : nullptr, x.view(), y.view());
    return {y.data(), y.data() + y.floats()};
  }
  std::vector<float> input_gradient() const {
    Tensor dx(x.shape());
    std::fill_n(dx.data(), dx.floats(), kNaN);
    linear_input_gradient(w.data(), dy.view(), dx.view());
    return {dx.data(), dx.data() + dx.floats()};
  }
  // dw, then db, which starts as the bias.
  std::vector<float> parameter_gradients(float beta) const {
    std::vector<float> dw = beta == 0.0f ? std::vector<float>(w.size(), kNaN) : w;
    std::vector<float> db = bias;
    Workspace workspace(linear_gradient_floats(x.shape(), dy.shape()));
    linear_parameter_gradients(x.view(), dy.view(), beta, dw.data(), db.data(), workspace);
    dw.insert(dw.end(), db.begin(), db.end());
    return dw;
  }

  // The same operands without their signs: their products are the sums of the bounds.
  Products magnitudes() const {
    Products m = *this;
    for (std::int64_t i = 0; i < x.floats(); ++i) m.x.data()[i] = std::fabs(x.data()[i]);
    for (std::int64_t i = 0; i < dy.floats(); ++i) m.dy.data()[i] = std::fabs(dy.data()[i]);
    for (float& value : m.w) value = std::fabs(value);
    for (float& value : m.bias) value = std::fabs(value);
    return m;
  }

  std::vector<float> forward_ref(bool with_bias) const {
    Tensor y(dy.shape());
    linear_forward_ref(w.data(), with_bias ? bias.data() : nullptr, x.view(), y.view());
    return {y.data(), y.data() + y.floats()};
  }
  std::vector<float> input_gradient_ref() const {
    Tensor dx(x.shape());
    linear_input_gradient_ref(w.data(), dy.view(), dx.view());
    return {dx.data(), dx.data() + dx.floats()};
  }
  std::vector<float> parameter_gradients_ref(float beta) const {
    std::vector<float> dw = w;
    std::vector<float> db = bias;
    linear_parameter_gradients_ref(x.view(), dy.view(), beta, dw.data(), db.data());
    dw.insert(dw.end(), db.begin(), db.end());
    return dw;
  }

  Products(const Products& other) : x(other.x.shape()), dy(other.dy.shape()), w(other.w), bias(other.bias) {
    std::copy_n(other.x.data(), x.floats(), x.data());
    std::copy_n(other.dy.data(), dy.floats(), dy.data());
  }

  Tensor x;
  Tensor dy;
  std::vector<float> w;
  std::vector<float> bias;
};

// terms: the most that a sum may have.  The definition rounds once, too.
void expect_near(const std::vector<float>& result, const std::vector<float>& expected, const std::vector<float>& magnitude,
                 std::int64_t terms, const char* what) {
  const double unit = static_cast<double>(terms + 8) * std::ldexp(1.0, -24) + std::ldexp(1.0, -23);
  ASSERT_EQ(result.size(), expected.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double tolerance = unit * static_cast<double>(magnitude[i]);
    ASSERT_TRUE(std::fabs(static_cast<double>(result[i]) - static_cast<double>(expected[i])) <= tolerance)
        << what << " " << i << ": " << result[i] << ", expected " << expected[i] << " within " << tolerance;
  }
}

void check_against_definitions(const Case& c) {
  SCOPED_TRACE(::testing::PrintToString(c));
  const Products p(c);
  const Products m = p.magnitudes();
  for (const bool with_bias : {true, false})
    expect_near(p.forward(with_bias), p.forward_ref(with_bias), m.forward_ref(with_bias), c.in.floats_per_image() + 1, "y");
  expect_near(p.input_gradient(), p.input_gradient_ref(), m.input_gradient_ref(), c.out.floats_per_image(), "dx");
  for (const float beta : {0.0f, 1.0f})
    expect_near(p.parameter_gradients(beta), p.parameter_gradients_ref(beta), m.parameter_gradients_ref(beta), c.in.batch + 1, "dw, db");
}

class LinearDirect : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, LinearDirect, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(LinearDirect, EqualsTheDefinitionsWhateverTheFeatures) {
  for (const std::int64_t in : {1, 2, 7, 8, 9, 15, 16, 17, 24, 25, 100})
    for (const std::int64_t out : {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 40})
      check_against_definitions({{8, 1, 1, in}, {8, 1, 1, out}});
}

TEST_P(LinearDirect, EqualsTheDefinitionsWhateverThePixels) {
  for (const LaneShape& in : {LaneShape{16, 1, 1, 5}, {16, 2, 3, 4}, {16, 4, 4, 3}, {16, 4, 8, 2}, {16, 3, 1, 1}, {16, 1, 5, 9}})
    for (const LaneShape& out : {LaneShape{16, 1, 1, 1}, {16, 3, 1, 1}, {16, 2, 2, 7}, {16, 4, 4, 5}, {16, 1, 3, 13}})
      check_against_definitions({in, out});
}

TEST_P(LinearDirect, EqualsTheDefinitionsWhateverTheBatch) {
  for (const std::int64_t batch : {8, 16, 24, 32, 40, 56, 64, 72})
    for (const std::int64_t out : {1, 2, 4, 6, 100}) check_against_definitions({{batch, 1, 3, 6}, {batch, 1, 2, out}});
}

TEST_P(LinearDirect, EqualsTheDefinitionsAtTheModelsShapes) {
  check_against_definitions({{16, 1, 1, 100}, {16, 4, 4, 512}});
  check_against_definitions({{64, 4, 4, 512}, {64, 1, 1, 1}});
}

TEST_P(LinearDirect, ResultsDoNotDependOnTheNumberOfThreads) {
  const EagerScope eager;
  for (const Case& c : {Case{{24, 1, 1, 37}, {24, 2, 2, 19}}, Case{{64, 2, 3, 7}, {64, 1, 1, 1}}, Case{{8, 3, 3, 5}, {8, 1, 1, 8}}}) {
    SCOPED_TRACE(::testing::PrintToString(c));
    const Products p(c);
    set_thread_count(1);
    const auto y = p.forward(true);
    const auto dx = p.input_gradient();
    const auto gradients = p.parameter_gradients(1.0f);
    for (const int threads : {2, 3}) {
      set_thread_count(threads);
      EXPECT_EQ(p.forward(true), y);
      EXPECT_EQ(p.input_gradient(), dx);
      EXPECT_EQ(p.parameter_gradients(1.0f), gradients);
    }
  }
}

// Tiles differ, sums do not: whatever is left of rows, slices and columns.
TEST_P(LinearDirect, AllPathsButTheReferenceGiveTheSameBytes) {
  if (GetParam() == Isa::ref) GTEST_SKIP() << "the reference adds in double";
  for (const std::int64_t batch : {8, 16, 24, 32, 56})
    for (const std::int64_t in : {1, 9, 24, 25, 40, 100})
      for (const LaneShape& out : {LaneShape{batch, 1, 1, 1}, {batch, 1, 1, 2}, {batch, 1, 1, 3}, {batch, 1, 1, 7}, {batch, 1, 1, 8},
                                   {batch, 2, 2, 13}, {batch, 1, 3, 25}}) {
        const Products p({{batch, 1, 1, in}, out});
        const Products turned({out, {batch, 1, 1, in}});
        for (const Products* const products : {&p, &turned}) {
          const std::vector<std::vector<float>> results{products->forward(true), products->input_gradient(),
                                                        products->parameter_gradients(1.0f), products->parameter_gradients(0.0f)};
          set_isa(fast_paths().front());
          const std::vector<std::vector<float>> expected{products->forward(true), products->input_gradient(),
                                                         products->parameter_gradients(1.0f), products->parameter_gradients(0.0f)};
          set_isa(GetParam());
          EXPECT_EQ(results, expected) << in << " features and " << out;
        }
      }
}

TEST_P(LinearDirect, RefusesBatchesThatDifferAndOtherBetas) {
  const Products p({{8, 1, 1, 3}, {8, 1, 1, 2}});
  Tensor other(LaneShape{16, 1, 1, 2});
  EXPECT_THROW(linear_forward(p.w.data(), nullptr, p.x.view(), other.view()), std::logic_error);
  EXPECT_THROW(linear_input_gradient(p.w.data(), p.x.view(), other.view()), std::logic_error);
  std::vector<float> dw(6);
  std::vector<float> db(2);
  Workspace workspace(linear_gradient_floats(p.x.shape(), p.dy.shape()));
  EXPECT_THROW(linear_parameter_gradients(p.x.view(), other.view(), 0.0f, dw.data(), db.data(), workspace), std::logic_error);
  EXPECT_THROW(linear_parameter_gradients(p.x.view(), p.dy.view(), 0.5f, dw.data(), db.data(), workspace), std::logic_error);
}

}  // namespace
}  // namespace pbgen
