// The lookup-table products against their definitions.
#include "core/conv/binary_conv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/conv/binary_blocked.h"
#include "core/conv/binary_conv_leaf.h"
#include "core/conv/binary_pack.h"
#include "tests/support/guarded_floats.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

enum class To { small, big };

struct Problem {
  std::int64_t batch;
  std::int64_t c_small;
  std::int64_t c_big;
  ConvGeometry geometry;

  ConvWeightShape weights() const { return {c_small, c_big, geometry.kernel}; }
  LaneShape small() const { return {batch, geometry.small_height, geometry.small_width, c_small}; }
  LaneShape big() const { return {batch, geometry.big_height, geometry.big_width, c_big}; }
  LaneShape in(To to) const { return to == To::small ? big() : small(); }
  LaneShape out(To to) const { return to == To::small ? small() : big(); }
};

std::ostream& operator<<(std::ostream& out, const Problem& p) {
  const ConvGeometry& g = p.geometry;
  return out << "batch " << p.batch << ", small " << p.c_small << " x " << g.small_height << "x" << g.small_width << ", big " << p.c_big
             << " x " << g.big_height << "x" << g.big_width << ", kernel " << g.kernel << ", stride " << g.stride << ", pad " << g.pad_top
             << ", " << g.pad_left;
}

std::vector<float> uniform(std::int64_t count, std::uint64_t seed, double low, double high) {
  const CounterRng rng(seed, Stream::test);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) values[static_cast<std::size_t>(i)] = static_cast<float>(rng.uniform(i, low, high));
  return values;
}

Tensor uniform_tensor(const LaneShape& shape, std::uint64_t seed, double low, double high) {
  Tensor x(shape);
  const std::vector<float> values = uniform(x.floats(), seed, low, high);
  std::copy(values.begin(), values.end(), x.data());
  return x;
}

Tensor nan_tensor(const LaneShape& shape) {
  Tensor y(shape);
  std::fill_n(y.data(), y.floats(), kNaN);
  return y;
}

// Every kind of zero among the weights.
std::vector<float> weights_with_zeros(const ConvWeightShape& shape) {
  std::vector<float> w = uniform(shape.weights(), 1, -1.0, 1.0);
  for (std::size_t i = 0; i < w.size(); i += 7) w[i] = i % 2 == 0 ? 0.0f : -0.0f;
  return w;
}

void product(To to, const ConvGeometry& g, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView in, TensorView out) {
  if (to == To::small) {
    binary_conv_to_small(g, weights, scales, in, out);
  } else {
    binary_conv_to_big(g, weights, scales, in, out);
  }
}

void reference(To to, const Problem& p, const float* w, const ConvScales& scales, ConstTensorView in, TensorView out) {
  if (to == To::small) {
    binary_conv_to_small_ref(p.geometry, p.weights(), w, scales, in, out);
  } else {
    binary_conv_to_big_ref(p.geometry, p.weights(), w, scales, in, out);
  }
}

struct Scales {
  std::vector<float> in;
  std::vector<float> out;
  std::vector<float> bias;
  ConvScales view(bool with_in, bool with_out, bool with_bias) const {
    return {with_in ? in.data() : nullptr, with_out ? out.data() : nullptr, with_bias ? bias.data() : nullptr};
  }
};

// Both sides err: ours as the header bounds it, the definition by four roundings.
void expect_near(const Problem& p, To to, const Tensor& y, const Tensor& expected, const Tensor& magnitude) {
  const double terms = static_cast<double>(p.in(to).channels * p.geometry.taps());
  for (std::int64_t i = 0; i < y.floats(); ++i) {
    const double error = std::abs(static_cast<double>(y.data()[i]) - expected.data()[i]);
    ASSERT_TRUE(error <= (terms + 12.0) * 0x1p-24 * magnitude.data()[i])
        << "at " << i << ": " << y.data()[i] << ", expected " << expected.data()[i] << ", magnitude " << magnitude.data()[i];
  }
}

void check_product(const Problem& p, To to, const Scales& scales, bool with_in, bool with_out, bool with_bias) {
  SCOPED_TRACE(testing::Message() << p << (to == To::small ? " to small" : " to big") << ", in_scale " << with_in
                                  << ", out_scale " << with_out << ", bias " << with_bias);
  const std::vector<float> w = weights_with_zeros(p.weights());
  BinaryConvWeights weights(p.weights());
  weights.pack(w.data());
  const Tensor x = uniform_tensor(p.in(to), 2, -1.0, 1.0);
  Tensor y = nan_tensor(p.out(to));
  product(to, p.geometry, weights, scales.view(with_in, with_out, with_bias), x.view(), y.view());

  Tensor expected = nan_tensor(p.out(to));
  reference(to, p, w.data(), scales.view(with_in, with_out, with_bias), x.view(), expected.view());
  // The sum of magnitudes is the product of magnitudes with weights of +1.
  Tensor x_abs = uniform_tensor(p.in(to), 2, -1.0, 1.0);
  for (std::int64_t i = 0; i < x_abs.floats(); ++i) x_abs.data()[i] = std::abs(x_abs.data()[i]);
  Scales absolute = scales;
  for (std::vector<float>* values : {&absolute.in, &absolute.out, &absolute.bias})
    for (float& value : *values) value = std::abs(value);
  const std::vector<float> ones(w.size(), 1.0f);
  Tensor magnitude = nan_tensor(p.out(to));
  reference(to, p, ones.data(), absolute.view(with_in, with_out, with_bias), x_abs.view(), magnitude.view());
  expect_near(p, to, y, expected, magnitude);
}

// Extents, kernel and stride of a geometry whose padding is the caller's.
ConvGeometry geometry(std::int64_t big_height, std::int64_t big_width, std::int64_t small_height, std::int64_t small_width,
                      std::int64_t kernel, std::int64_t stride, std::int64_t pad_top, std::int64_t pad_left) {
  return {big_height, big_width, small_height, small_width, kernel, stride, pad_top, pad_left};
}

// One slice, pairs of them, and a pair with one left over.
const Problem kProblems[] = {
    {8, 1, 1, same_padding(1, 1, 1, 1)},
    {8, 1, 1, same_padding(4, 4)},
    {16, 2, 3, same_padding(5, 3)},
    {24, 3, 64, same_padding(6, 4)},
    {8, 5, 7, same_padding(7, 5, 3, 1)},
    {16, 8, 6, same_padding(4, 6, 4, 2)},
    {16, 9, 4, same_padding(6, 6, 2, 3)},  // big pixels that no tap meets
    {8, 16, 24, same_padding(8, 8)},
    {24, 24, 16, same_padding(5, 7)},
    {24, 65, 100, same_padding(4, 4)},
    {16, 63, 66, same_padding(3, 5, 3, 2)},
    {16, 130, 48, same_padding(4, 3, 3, 2)},
    {16, 20, 9, same_padding(7, 6, 1, 2)},             // input pixels that meet nothing
    {24, 11, 17, geometry(9, 7, 6, 5, 3, 2, 2, 3)},    // wide padding
    {16, 12, 13, geometry(4, 4, 9, 8, 3, 1, 0, 0)},    // small pixels beyond the big side
    {16, 10, 12, geometry(12, 10, 3, 2, 5, 2, 1, 1)},  // big pixels beyond the small side
    {40, 32, 64, same_padding(6, 6, 5, 3)},
    {16, 16, 16, same_padding(16, 16)},  // sixteen threads take bands of it, and strips
};

// Blocks of every number of groups that there may be.
std::vector<Problem> problems_of_every_group_count() {
  std::vector<Problem> problems;
  for (std::int64_t groups = 1; groups <= 11; ++groups) problems.push_back({24, 6 * groups - 2, 6 * groups - 3, same_padding(4, 2, 3, 2)});
  return problems;
}

class BinaryConv : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, BinaryConv, testing::ValuesIn(kIsas), isa_of_test);

void expect_definition(const Problem& p) {
  for (const To to : {To::small, To::big}) {
    const Scales scales{uniform(p.in(to).channels, 3, -2.0, 2.0), uniform(p.out(to).channels, 4, -2.0, 2.0),
                        uniform(p.out(to).channels, 5, -2.0, 2.0)};
    check_product(p, to, scales, true, true, true);
    check_product(p, to, scales, false, false, false);
    check_product(p, to, scales, false, true, false);
    check_product(p, to, scales, true, false, true);
  }
}

TEST_P(BinaryConv, EqualsItsDefinition) {
  for (const Problem& p : kProblems) expect_definition(p);
}

TEST_P(BinaryConv, EqualsItsDefinitionForEveryNumberOfGroups) {
  for (const Problem& p : problems_of_every_group_count()) expect_definition(p);
}

Tensor packed_product(To to, const Problem& p, const std::vector<float>& w, const ConvScales& scales, ConstTensorView x) {
  BinaryConvWeights weights(p.weights());
  weights.pack(w.data());
  Tensor y = nan_tensor(p.out(to));
  product(to, p.geometry, weights, scales, x, y.view());
  return y;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.floats()) * sizeof(float)) == 0;
}

TEST_P(BinaryConv, IsTheSameForAnyNumberOfThreads) {
  const EagerScope eager;
  for (const Problem& p : kProblems)
    for (const To to : {To::small, To::big}) {
      const std::vector<float> w = weights_with_zeros(p.weights());
      const Tensor x = uniform_tensor(p.in(to), 2, -1.0, 1.0);
      set_thread_count(1);
      const Tensor expected = packed_product(to, p, w, {}, x.view());
      for (const int count : {2, 3, 5, 16, 32}) {
        set_thread_count(count);
        EXPECT_TRUE(same_bytes(packed_product(to, p, w, {}, x.view()), expected)) << p << ", " << count << " threads";
      }
    }
}

// Each image's sums have the same terms in the same order, whichever others stand beside it.
TEST_P(BinaryConv, AnImageIsTheSameInAnyBatch) {
  for (const Problem& whole : {Problem{40, 65, 20, same_padding(6, 4)}, Problem{40, 12, 70, same_padding(4, 4, 3, 1)}})
    for (const To to : {To::small, To::big}) {
      const std::vector<float> w = weights_with_zeros(whole.weights());
      const Tensor x = uniform_tensor(whole.in(to), 2, -1.0, 1.0);
      const Tensor expected = packed_product(to, whole, w, {}, x.view());
      for (std::int64_t slice = 0; slice < whole.batch / kLanes; ++slice) {
        Problem one = whole;
        one.batch = kLanes;
        const Tensor y = packed_product(to, one, w, {}, {x.data() + slice * one.in(to).floats(), one.in(to)});
        EXPECT_EQ(std::memcmp(y.data(), expected.data() + slice * y.floats(), static_cast<std::size_t>(y.floats()) * sizeof(float)), 0)
            << whole << ", slice " << slice;
      }
    }
}

// The sets of leaves add the same terms in the same order, so that a training does not depend on which of them a machine has.
TEST(BinaryConvPaths, GiveTheSameBytes) {
  const Isa before = isa();
  std::vector<Problem> problems(std::begin(kProblems), std::end(kProblems));
  for (const Problem& p : problems_of_every_group_count()) problems.push_back(p);
  problems.push_back({24, 512, 256, same_padding(8, 8)});
  problems.push_back({16, 128, 64, same_padding(32, 32)});
  for (const Problem& p : problems)
    for (const To to : {To::small, To::big}) {
      const std::vector<float> w = weights_with_zeros(p.weights());
      const Tensor x = uniform_tensor(p.in(to), 2, -1.0, 1.0);
      const Scales scales{uniform(p.in(to).channels, 3, -2.0, 2.0), uniform(p.out(to).channels, 4, -2.0, 2.0),
                          uniform(p.out(to).channels, 5, -2.0, 2.0)};
      std::vector<Tensor> results;
      for (const Isa path : fast_paths()) {
        set_isa(path);
        results.push_back(packed_product(to, p, w, scales.view(true, true, true), x.view()));
        EXPECT_TRUE(same_bytes(results.back(), results.front())) << p << " on " << name(path);
      }
    }
  set_isa(before);
}

// A path's leaves by their words (binary_conv_leaf.h), in plain loops: slices that share rows are tested on machines without AVX-512, too.
template <std::int64_t slices>
struct PlainLeaves {
  static constexpr std::int64_t kRow = 8 * slices;

  static void build_tables(std::int64_t channels, std::int64_t groups, const float* x, std::int64_t slice_step, const float* scale,
                           float* tables) {
    for (std::int64_t group = 0; group < groups; ++group) {
      const std::int64_t begin = binary_leaf::group_begin(channels, groups, group);
      const std::int64_t count = binary_leaf::group_begin(channels, groups, group + 1) - begin;
      for (std::int64_t number = 0; number < std::int64_t{1} << count; ++number)
        for (std::int64_t i = 0; i < kRow; ++i) {
          // The sum over channels 0 to 2, and that over the rest.
          float halves[2] = {};
          for (std::int64_t c = 0; c < count; ++c) {
            const float value = x[i / 8 * slice_step + 8 * (begin + c) + i % 8] * (scale ? scale[begin + c] : 1.0f);
            halves[c / 3] += (number >> c & 1) != 0 ? value : -value;
          }
          tables[group * binary_leaf::table_floats(slices) + number * kRow + i] = halves[0] + halves[1];
        }
    }
  }

  static void look_up(std::int64_t groups, bool first, bool last, const binary_leaf::Lookup& k) {
    for (std::int64_t r = 0; r < k.rows; ++r)
      for (std::int64_t i = 0; i < kRow; ++i) {
        float y = 0.0f;
        for (std::int64_t group = 0; group < groups; ++group) {
          const std::int64_t number = k.numbers[r / 8 * groups * 8 + group * 8 + r % 8] >> binary_leaf::kRowNumberShift;
          y += k.tables[group * binary_leaf::table_floats(slices) + number * kRow + i];
        }
        if (!first) y += k.sums[kRow * r + i];
        if (last) k.out[i / 8 * k.out_step + 8 * r + i % 8] = std::fma(k.scale[r], y, k.bias[r]);
        else k.sums[kRow * r + i] = y;
      }
  }

  static constexpr binary_leaf::SliceLeaves kLeaves = {.slices = slices, .build_tables = build_tables, .look_up = look_up};
};

void sign_bytes(std::int64_t count, const float* w, std::uint8_t* signs) {
  for (std::int64_t i = 0; i < count; ++i) signs[i] = w[i] >= 0.0f ? 255 : 0;
}

Tensor plain_product(const binary_leaf::SliceLeaves& together, To to, const Problem& p, const std::vector<float>& w,
                     const ConvScales& scales, ConstTensorView x) {
  const binary_leaf::Leaves leaves{.together = together, .alone = PlainLeaves<1>::kLeaves, .sign_bytes = sign_bytes};
  std::vector<std::uint8_t> for_big(static_cast<std::size_t>(binary_pack::packed_bytes(p.c_small, p.c_big, p.geometry.taps())));
  std::vector<std::uint8_t> for_small(static_cast<std::size_t>(binary_pack::packed_bytes(p.c_big, p.c_small, p.geometry.taps())));
  binary_pack::pack(leaves, p.weights(), w.data(), for_big.data(), for_small.data());
  Tensor y = nan_tensor(p.out(to));
  if (to == To::small) binary_blocked::to_small(leaves, p.geometry, for_small.data(), scales, x, y.view());
  else binary_blocked::to_big(leaves, p.geometry, for_big.data(), scales, x, y.view());
  return y;
}

TEST(BinaryConvSlices, ThatShareRowsAreTheSameBytesForAnyNumberOfThreads) {
  const Isa before = isa();
  const int threads_before = thread_count();
  const EagerScope eager;
  for (const Problem& p : kProblems)
    for (const To to : {To::small, To::big}) {
      const std::vector<float> w = weights_with_zeros(p.weights());
      const Tensor x = uniform_tensor(p.in(to), 2, -1.0, 1.0);
      const Scales scales{uniform(p.in(to).channels, 3, -2.0, 2.0), uniform(p.out(to).channels, 4, -2.0, 2.0),
                          uniform(p.out(to).channels, 5, -2.0, 2.0)};
      set_thread_count(1);
      const Tensor expected = plain_product(PlainLeaves<1>::kLeaves, to, p, w, scales.view(true, true, true), x.view());
      for (const Isa path : fast_paths()) {
        set_isa(path);
        EXPECT_TRUE(same_bytes(packed_product(to, p, w, scales.view(true, true, true), x.view()), expected)) << p << " on " << name(path);
      }
      for (const int count : {1, 3, 16, 32}) {
        set_thread_count(count);
        EXPECT_TRUE(same_bytes(plain_product(PlainLeaves<2>::kLeaves, to, p, w, scales.view(true, true, true), x.view()), expected))
            << p << ", " << count << " threads";
      }
    }
  set_thread_count(threads_before);
  set_isa(before);
}

// One output in double, and the sum of its terms' magnitudes.
struct Sum {
  double value = 0.0;
  double magnitude = 0.0;
};

Sum sum_at(const Problem& p, To to, const std::vector<float>& w, ConstTensorView x, std::int64_t image, std::int64_t oy, std::int64_t ox,
           std::int64_t channel) {
  const ConvGeometry& g = p.geometry;
  Sum sum;
  for (std::int64_t iy = 0; iy < x.shape.height; ++iy)
    for (std::int64_t ix = 0; ix < x.shape.width; ++ix) {
      const std::int64_t ky = to == To::small ? iy + g.pad_top - g.stride * oy : oy + g.pad_top - g.stride * iy;
      const std::int64_t kx = to == To::small ? ix + g.pad_left - g.stride * ox : ox + g.pad_left - g.stride * ix;
      if (ky < 0 || ky >= g.kernel || kx < 0 || kx >= g.kernel) continue;
      for (std::int64_t c = 0; c < x.shape.channels; ++c) {
        const std::int64_t row = to == To::small ? channel * p.c_big + c : c * p.c_big + channel;
        const double value = x.data[x.shape.index(image, iy, ix, c)];
        sum.value += w[static_cast<std::size_t>(row * g.taps() + ky * g.kernel + kx)] >= 0.0f ? value : -value;
        sum.magnitude += std::abs(value);
      }
    }
  return sum;
}

// The layers of the full networks, batch 64.
TEST(BinaryConvWide, EqualsSumsInDoubleAtTheModelsSizes) {
  const CounterRng rng(9, Stream::test);
  for (const Problem& p : {Problem{64, 512, 256, same_padding(8, 8)}, Problem{64, 256, 128, same_padding(16, 16)},
                           Problem{64, 128, 64, same_padding(32, 32)}}) {
    const std::vector<float> w = weights_with_zeros(p.weights());
    BinaryConvWeights weights(p.weights());
    weights.pack(w.data());
    for (const To to : {To::small, To::big}) {
      const Tensor x = uniform_tensor(p.in(to), 2, -1.0, 1.0);
      Tensor y = nan_tensor(p.out(to));
      product(to, p.geometry, weights, {}, x.view(), y.view());
      for (std::int64_t i = 0; i < y.floats(); ++i) ASSERT_TRUE(std::isfinite(y.data()[i])) << "at " << i;
      const LaneShape& out = y.shape();
      for (std::int64_t i = 0; i < 500; ++i) {
        const auto draw = [&](std::int64_t k, std::int64_t end) {
          return static_cast<std::int64_t>(rng.uniform(4 * i + k, 0.0, static_cast<double>(end)));
        };
        const std::int64_t image = draw(0, out.batch);
        const std::int64_t oy = draw(1, out.height);
        const std::int64_t ox = draw(2, out.width);
        const std::int64_t channel = draw(3, out.channels);
        const Sum expected = sum_at(p, to, w, x.view(), image, oy, ox, channel);
        const double error = std::abs(y.data()[out.index(image, oy, ox, channel)] - expected.value);
        // 11 rows are added for every tap and 64 channels.
        const std::int64_t rows = p.in(to).channels / 64 * 11 * p.geometry.taps();
        ASSERT_TRUE(error <= (static_cast<double>(rows) + 8.0) * 0x1p-24 * expected.magnitude)
            << p << ": image " << image << ", pixel " << oy << ", " << ox << ", channel " << channel;
      }
    }
  }
}

class BinaryConvWeightsTest : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, BinaryConvWeightsTest, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(BinaryConvWeightsTest, PackAgainTakesTheNewSigns) {
  const Problem p{8, 16, 16, same_padding(4, 4)};
  std::vector<float> w = uniform(p.weights().weights(), 1, -1.0, 1.0);
  BinaryConvWeights weights(p.weights());
  weights.pack(w.data());
  const Tensor x = uniform_tensor(p.small(), 2, -1.0, 1.0);
  Tensor before = nan_tensor(p.big());
  product(To::big, p.geometry, weights, {}, x.view(), before.view());
  for (float& value : w) value = -value;
  weights.pack(w.data());
  Tensor after = nan_tensor(p.big());
  product(To::big, p.geometry, weights, {}, x.view(), after.view());
  // Rounding is symmetric, and so is every order of summation.
  for (std::int64_t i = 0; i < after.floats(); ++i) ASSERT_EQ(after.data()[i], -before.data()[i]) << "at " << i;
}

TEST_P(BinaryConvWeightsTest, PackingReadsNothingBehindTheWeights) {
  for (const ConvWeightShape& shape : {ConvWeightShape{7, 5, 5}, {97, 101, 3}, {193, 13, 1}, {13, 193, 3}, {65, 1, 5}, {1, 65, 5}}) {
    GuardedFloats w(shape.weights());
    std::fill_n(w.data(), shape.weights(), -1.0f);
    BinaryConvWeights(shape).pack(w.data());
  }
}

TEST_P(BinaryConvWeightsTest, RefusesWhatDoesNotFit) {
  const Problem p{8, 4, 6, same_padding(4, 4)};
  BinaryConvWeights weights(p.weights());
  const Tensor small(p.small());
  Tensor big(p.big());
  EXPECT_THROW(product(To::big, p.geometry, weights, {}, small.view(), big.view()), std::logic_error);  // never packed
  const std::vector<float> w(static_cast<std::size_t>(p.weights().weights()), 1.0f);
  weights.pack(w.data());
  EXPECT_NO_THROW(product(To::big, p.geometry, weights, {}, small.view(), big.view()));
  EXPECT_THROW(product(To::small, p.geometry, weights, {}, small.view(), big.view()), std::logic_error);
  EXPECT_THROW(product(To::big, same_padding(6, 4), weights, {}, small.view(), big.view()), std::logic_error);
  LaneShape wide = p.big();
  ++wide.channels;
  Tensor wide_big(wide);
  EXPECT_THROW(product(To::big, p.geometry, weights, {}, small.view(), wide_big.view()), std::logic_error);
  EXPECT_THROW(BinaryConvWeights({0, 4, 5}), std::logic_error);
}

TEST(BinaryConvWeights, AreOfThePathThatTheyWerePackedFor) {
  const std::vector<Isa> paths = fast_paths();
  if (paths.size() < 2) GTEST_SKIP() << "there are no two paths that pack";
  const Isa before = isa();
  const Problem p{8, 16, 24, same_padding(4, 4)};
  const std::vector<float> w = weights_with_zeros(p.weights());
  const Tensor small = uniform_tensor(p.small(), 2, -1.0, 1.0);
  Tensor big(p.big());
  BinaryConvWeights weights(p.weights());
  set_isa(paths[0]);
  weights.pack(w.data());
  set_isa(paths[1]);
  EXPECT_THROW(product(To::big, p.geometry, weights, {}, small.view(), big.view()), std::logic_error);
  weights.pack(w.data());
  EXPECT_NO_THROW(product(To::big, p.geometry, weights, {}, small.view(), big.view()));
  set_isa(before);
}

TEST(BinaryConvWeights, PaysWhereATableServesManyRows) {
  EXPECT_TRUE(BinaryConvWeights::pays({512, 256, 5}));
  EXPECT_TRUE(BinaryConvWeights::pays({128, 64, 5}));
  EXPECT_TRUE(BinaryConvWeights::pays({16, 16, 5}));
  EXPECT_FALSE(BinaryConvWeights::pays({64, 3, 5}));
  EXPECT_TRUE(BinaryConvWeights::pays({64, 64, 1}));
  EXPECT_FALSE(BinaryConvWeights::pays({8, 8, 5}));
  EXPECT_FALSE(BinaryConvWeights::pays({1, 1, 5}));
}

}  // namespace
}  // namespace pbgen
