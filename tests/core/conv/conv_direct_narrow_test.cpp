// The narrow kernels (a big side of one to four channels) against the definitions, through the public products.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/conv/conv_direct.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Case {
  std::int64_t batch;
  std::int64_t big_height, big_width;
  std::int64_t c_small, c_big;
  std::int64_t kernel = 5;
  std::int64_t stride = 2;
  std::int64_t more_padding = 0;  // shifts the windows further up and left than same_padding does

  ConvGeometry geometry() const {
    ConvGeometry g = same_padding(big_height, big_width, kernel, stride);
    g.pad_top += more_padding;
    g.pad_left += more_padding;
    return g;
  }
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.batch << " images, " << c.big_height << "x" << c.big_width << "x" << c.c_big << " against " << c.c_small << ", kernel "
       << c.kernel << ", stride " << c.stride << ", " << c.more_padding << " more padding";
}

void fill_random(float* values, std::int64_t count, std::uint32_t seed) {
  const CounterRng rng(seed, Stream::test);
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
}

std::vector<float> magnitudes(const float* values, std::int64_t count) {
  std::vector<float> result(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) result[static_cast<std::size_t>(i)] = std::fabs(values[i]);
  return result;
}

// One convolution's operands, and what the three products make of them.
struct Products {
  explicit Products(const Case& c)
      : g(c.geometry()), shape{c.c_small, c.c_big, c.kernel}, small({c.batch, g.small_height, g.small_width, c.c_small}),
        big({c.batch, g.big_height, g.big_width, c.c_big}), w(static_cast<std::size_t>(shape.weights())),
        bias(static_cast<std::size_t>(std::max(c.c_small, c.c_big))), packed(shape) {
    fill_random(small.data(), small.floats(), 1);
    fill_random(big.data(), big.floats(), 2);
    fill_random(w.data(), shape.weights(), 3);
    fill_random(bias.data(), static_cast<std::int64_t>(bias.size()), 4);
    packed.pack(w.data());
  }

  std::vector<float> to_small(bool with_bias) const {
    Tensor result(small.shape());
    std::fill_n(result.data(), result.floats(), kNaN);
    conv_to_small(g, packed, with_bias ? bias.data() : nullptr, big.view(), result.view());
    return {result.data(), result.data() + result.floats()};
  }
  std::vector<float> to_big(bool with_bias) const {
    Tensor result(big.shape());
    std::fill_n(result.data(), result.floats(), kNaN);
    conv_to_big(g, packed, with_bias ? bias.data() : nullptr, small.view(), result.view());
    return {result.data(), result.data() + result.floats()};
  }
  std::vector<float> weight_gradient(float beta) const {
    std::vector<float> dw = beta == 0.0f ? std::vector<float>(w.size(), kNaN) : w;
    Workspace workspace(conv_weight_gradient_floats(g, small.shape(), big.shape()));
    conv_weight_gradient(g, small.view(), big.view(), beta, dw.data(), workspace);
    return dw;
  }

  ConvGeometry g;
  ConvWeightShape shape;
  Tensor small;
  Tensor big;
  std::vector<float> w;
  std::vector<float> bias;
  DirectWeights packed;
};

// The operands' magnitudes, whose products are the bound's sums.
struct Magnitudes {
  explicit Magnitudes(const Products& p)
      : small(p.small.shape()), big(p.big.shape()), w(magnitudes(p.w.data(), p.shape.weights())),
        bias(magnitudes(p.bias.data(), static_cast<std::int64_t>(p.bias.size()))) {
    for (std::int64_t i = 0; i < small.floats(); ++i) small.data()[i] = std::fabs(p.small.data()[i]);
    for (std::int64_t i = 0; i < big.floats(); ++i) big.data()[i] = std::fabs(p.big.data()[i]);
  }
  Tensor small;
  Tensor big;
  std::vector<float> w;
  std::vector<float> bias;
};

// terms: the most that a sum may have.
void expect_near(const std::vector<float>& result, const float* expected, const float* magnitude, std::int64_t terms, const char* what) {
  const double unit = static_cast<double>(terms + 8) * std::ldexp(1.0, -24);
  for (std::size_t i = 0; i < result.size(); ++i) {
    // The definition rounds once, too.
    const double tolerance = (unit + std::ldexp(1.0, -23)) * static_cast<double>(magnitude[i]);
    ASSERT_TRUE(std::fabs(static_cast<double>(result[i]) - static_cast<double>(expected[i])) <= tolerance)
        << what << " " << i << ": " << result[i] << ", expected " << expected[i] << " within " << tolerance;
  }
}

void check_against_definitions(const Case& c) {
  SCOPED_TRACE(::testing::PrintToString(c));
  const Products p(c);
  const Magnitudes m(p);
  for (const bool with_bias : {true, false}) {
    Tensor expected(p.small.shape());
    Tensor magnitude(p.small.shape());
    conv_to_small_ref(p.g, p.shape, p.w.data(), with_bias ? p.bias.data() : nullptr, p.big.view(), expected.view());
    conv_to_small_ref(p.g, p.shape, m.w.data(), with_bias ? m.bias.data() : nullptr, m.big.view(), magnitude.view());
    expect_near(p.to_small(with_bias), expected.data(), magnitude.data(), c.c_big * c.kernel * c.kernel + 1, "small");
  }
  for (const bool with_bias : {true, false}) {
    Tensor expected(p.big.shape());
    Tensor magnitude(p.big.shape());
    conv_to_big_ref(p.g, p.shape, p.w.data(), with_bias ? p.bias.data() : nullptr, p.small.view(), expected.view());
    conv_to_big_ref(p.g, p.shape, m.w.data(), with_bias ? m.bias.data() : nullptr, m.small.view(), magnitude.view());
    expect_near(p.to_big(with_bias), expected.data(), magnitude.data(), c.c_small * c.kernel * c.kernel + 1, "big");
  }
  for (const float beta : {0.0f, 1.0f}) {
    std::vector<float> expected = p.w;
    std::vector<float> magnitude = m.w;
    conv_weight_gradient_ref(p.g, p.small.view(), p.big.view(), beta, expected.data());
    conv_weight_gradient_ref(p.g, m.small.view(), m.big.view(), beta, magnitude.data());
    expect_near(p.weight_gradient(beta), expected.data(), magnitude.data(), c.batch * p.g.small_pixels() + 1, "weight gradient");
  }
}

// Each test runs on each path that this machine has.
class ConvDirectNarrow : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, ConvDirectNarrow, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(ConvDirectNarrow, EqualsTheDefinitionsWhateverTheChannels) {
  for (std::int64_t c_big = 1; c_big <= 4; ++c_big)
    for (const std::int64_t c_small : {1, 2, 5, 6, 7, 13, 16, 17, 25, 33, 49})
      check_against_definitions({8, 10, 14, c_small, c_big});
}

TEST_P(ConvDirectNarrow, EqualsTheDefinitionsWhateverTheExtents) {
  for (const std::int64_t height : {1, 2, 3, 7})
    for (const std::int64_t width : {1, 2, 3, 4, 5, 9, 17, 30})
      for (const std::int64_t batch : {16, 24})
        check_against_definitions({batch, height, width, 7, 3});
}

TEST_P(ConvDirectNarrow, EqualsTheDefinitionsWhateverTheWindow) {
  for (const std::int64_t kernel : {1, 2, 3, 4, 7})
    for (const std::int64_t stride : {1, 2, 3, 5})
      for (const std::int64_t c_big : {1, 3, 4}) {
        check_against_definitions({8, 9, 11, 6, c_big, kernel, stride});
        check_against_definitions({8, 8, 6, 3, c_big, kernel, stride, 2});
      }
}

TEST_P(ConvDirectNarrow, EqualsTheDefinitionsAtTheModelsShapes) {
  check_against_definitions({16, 64, 64, 64, 3});
  check_against_definitions({8, 64, 64, 64, 1});
}

TEST_P(ConvDirectNarrow, ResultsDoNotDependOnTheNumberOfThreads) {
  const EagerScope eager;
  for (const Case& c : {Case{24, 14, 18, 19, 3}, Case{8, 5, 6, 7, 1}, Case{16, 12, 12, 33, 4, 3, 1}}) {
    SCOPED_TRACE(::testing::PrintToString(c));
    const Products p(c);
    set_thread_count(1);
    const auto small = p.to_small(true);
    const auto big = p.to_big(true);
    const auto dw = p.weight_gradient(0.0f);
    for (const int threads : {2, 3, 16, 32, 64}) {
      set_thread_count(threads);
      EXPECT_EQ(p.to_small(true), small);
      EXPECT_EQ(p.to_big(true), big);
      EXPECT_EQ(p.weight_gradient(0.0f), dw);
    }
  }
}

}  // namespace
}  // namespace pbgen
