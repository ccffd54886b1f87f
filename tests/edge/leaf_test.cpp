// The leaves of each path of the one-image runtime against their definition.
#include "gan/edge/generator_leaf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/rng.h"
#include "core/freestanding/half.h"
#include "gan/edge/generator.h"
#include "gan/edge/pack.h"
#include "tests/support/edge_paths.h"

namespace pbgen {
namespace {

class EdgeLeaves : public testing::TestWithParam<edge::Path> {
 protected:
  static const edge::Leaves& fast_leaves() {
#if defined(__x86_64__)
    if (GetParam() == edge::Path::avx2) return edge::kAvx2Leaves;
    if (GetParam() == edge::Path::avx512) return edge::kAvx512Leaves;
#elif defined(__aarch64__)
    if (GetParam() == edge::Path::neon) return edge::kNeonLeaves;
#endif
    return edge::kPortableLeaves;
  }
};

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<float> some_floats(std::size_t count, std::uint32_t number) {
  const CounterRng rng(3, Stream::test, number);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return values;
}

AlignedBuffer<float> aligned(const std::vector<float>& values) {
  AlignedBuffer<float> copy(std::ssize(values));
  std::copy(values.begin(), values.end(), copy.begin());
  return copy;
}

// One layer's leaves, both paths, within (n + 8) * 2^-24 * sum |w||x|; x and w lie in (-1, 1), so n bounds the sum.
double leaf_bound(int terms) { return (terms + 8) * 0x1p-24 * terms; }

TEST_P(EdgeLeaves, ProductsEqualTheirDefinition) {
  for (const int c_in : {1, 2, 5, 6, 7, 12, 65, 66, 67, 133, 200}) {
    const AlignedBuffer<float> x0 = aligned(some_floats(c_in * edge::kLanes, 0));
    const AlignedBuffer<float> x1 = aligned(some_floats(c_in * edge::kLanes, 1));
    const std::vector<float> w = some_floats(c_in * edge::kKernel, 2);
    AlignedBuffer<float> products[2] = {AlignedBuffer<float>(80), AlignedBuffer<float>(80)};
    for (int path = 0; path < 2; ++path) {
      const edge::Leaves& leaves = path == 0 ? edge::kReferenceLeaves : fast_leaves();
      std::fill(products[path].begin(), products[path].end(), kNaN);
      leaves.multiply_floats(w.data(), c_in, x0.data(), x1.data(), products[path].data(), products[path].data() + 40);
    }
    for (int i = 0; i < 80; ++i)
      ASSERT_TRUE(std::fabs(static_cast<double>(products[0][i]) - static_cast<double>(products[1][i])) <= leaf_bound(c_in))
          << c_in << ", " << i;

    for (const int c_out : {1, 3, 8, 9}) {
      const std::vector<float> latent = some_floats(static_cast<std::size_t>(c_in) * c_out * edge::kTaps, 3);
      std::vector<std::uint8_t> numbers(edge::deconv_signs_size(c_in, c_out));
      edge::pack_deconv_signs(latent.data(), c_in, c_out, numbers.data());
      const int groups = edge::group_count(c_in);
      const std::ptrdiff_t kernel_rows = edge::kernel_rows(c_out);
      const std::ptrdiff_t row_blocks = edge::kKernel * kernel_rows / edge::kRowBlock;
      const std::int64_t floats = edge::kKernel * kernel_rows * edge::kLanes;
      AlignedBuffer<float> tables(edge::kBlockGroups * edge::kTableFloats);
      AlignedBuffer<float> sums[2] = {AlignedBuffer<float>(floats), AlignedBuffer<float>(floats)};
      for (int path = 0; path < 2; ++path) {
        const edge::Leaves& leaves = path == 0 ? edge::kReferenceLeaves : fast_leaves();
        std::fill(sums[path].begin(), sums[path].end(), kNaN);
        for (int block = 0; block < edge::block_count(groups); ++block) {
          const int first = edge::block_begin(groups, block);
          const int count = edge::block_begin(groups, block + 1) - first;
          const std::uint8_t* const block_numbers = numbers.data() + first * row_blocks * edge::kRowBlock;
          for (const auto& [begin, end] : {std::pair{std::ptrdiff_t{0}, row_blocks / 2}, std::pair{row_blocks / 2, row_blocks}})
            leaves.multiply_signs({block_numbers + begin * count * edge::kRowBlock, x0.data(), c_in, first, count, end - begin, begin == 0,
                                   block > 0, tables.data(), sums[path].data() + begin * edge::kRowBlock * edge::kLanes});
        }
      }
      for (int tap = 0; tap < edge::kTaps; ++tap)
        for (int i = 0; i < c_out * edge::kLanes; ++i) {
          const int o = i / edge::kLanes;
          const int lane = i % edge::kLanes;
          const std::ptrdiff_t row = tap / edge::kKernel * kernel_rows + o * edge::kKernel + tap % edge::kKernel;
          double expected = 0.0;
          for (int c = 0; c < c_in; ++c) {
            const double x = static_cast<double>(x0[c * edge::kLanes + lane]);
            expected += latent[(static_cast<std::size_t>(c) * c_out + o) * edge::kTaps + tap] >= 0.0f ? x : -x;
          }
          for (const AlignedBuffer<float>& sum : sums)
            ASSERT_TRUE(std::fabs(static_cast<double>(sum[row * edge::kLanes + lane]) - expected) <= leaf_bound(c_in))
                << c_in << " to " << c_out << ", row " << row << ", lane " << lane;
        }
    }
  }
}

// Pairs of vectors give what each of them gives alone, to the bit, and write nowhere else.
TEST_P(EdgeLeaves, SignsOfPairsAreThoseOfEachVector) {
  const edge::Leaves& leaves = fast_leaves();
  if (leaves.multiply_sign_pairs == nullptr) GTEST_SKIP() << "the path takes vectors one by one";
  constexpr int kOut = 5;
  for (const int c_in : {1, 2, 5, 6, 7, 12, 65, 66, 67, 133}) {
    const AlignedBuffer<float> x[2] = {aligned(some_floats(c_in * edge::kLanes, 0)), aligned(some_floats(c_in * edge::kLanes, 1))};
    const std::vector<float> latent = some_floats(static_cast<std::size_t>(c_in) * kOut * edge::kTaps, 3);
    std::vector<std::uint8_t> numbers(edge::deconv_signs_size(c_in, kOut));
    edge::pack_deconv_signs(latent.data(), c_in, kOut, numbers.data());
    const int groups = edge::block_begin(edge::group_count(c_in), 1);
    const std::ptrdiff_t row_blocks = edge::kernel_rows(kOut) / edge::kRowBlock;
    const std::int64_t floats = edge::kernel_rows(kOut) * edge::kLanes;
    AlignedBuffer<float> tables(2 * edge::kBlockGroups * edge::kTableFloats);
    const std::vector<float> before = some_floats(static_cast<std::size_t>(floats), 4);
    for (int wanted = 1; wanted < 4; ++wanted)
      for (int added = 0; added < 4; ++added) {
        AlignedBuffer<float> alone[2] = {aligned(before), aligned(before)};
        AlignedBuffer<float> paired[2] = {aligned(before), aligned(before)};
        const auto is = [](int bits, int vector) { return (bits >> vector & 1) != 0; };
        for (int vector = 0; vector < 2; ++vector)
          if (is(wanted, vector))
            leaves.multiply_signs({numbers.data(), x[vector].data(), c_in, 0, groups, row_blocks, true, is(added, vector), tables.data(),
                                   alone[vector].data()});
        leaves.multiply_sign_pairs({{numbers.data(), x[0].data(), c_in, 0, groups, row_blocks, true, is(added, 0), tables.data(),
                                     is(wanted, 0) ? paired[0].data() : nullptr},
                                    x[1].data(),
                                    is(wanted, 1) ? paired[1].data() : nullptr,
                                    is(added, 1)});
        for (int vector = 0; vector < 2; ++vector)
          EXPECT_TRUE(std::equal(alone[vector].begin(), alone[vector].end(), paired[vector].begin()))
              << c_in << ", wanted " << wanted << ", added " << added << ", vector " << vector;
      }
  }
}

TEST_P(EdgeLeaves, ChannelProductsEqualTheirDefinition) {
  for (const auto& [c_in, stride, accumulate] : {std::tuple{1, 8, true}, std::tuple{2, 8, false}, std::tuple{7, 1, true},
                                                 std::tuple{64, 1, false}, std::tuple{127, 8, true}, std::tuple{128, 3, true}})
    for (int pixels = 1; pixels <= fast_leaves().channel_pixels; ++pixels) {
      const std::vector<float> w = some_floats(c_in * edge::kChannelLanes, 0);
      const std::vector<float> x = some_floats(c_in * stride + 2 * edge::kMaxChannelPixels, 1);
      const std::vector<float> before = some_floats(edge::kMaxChannelPixels * edge::kChannelLanes, 2);
      AlignedBuffer<float> sums[2] = {aligned(before), aligned(before)};
      for (int path = 0; path < 2; ++path) {
        edge::ChannelTask task{w.data(), c_in, stride, accumulate, pixels, {}, {}};
        for (int pixel = 0; pixel < pixels; ++pixel) {
          task.x[pixel] = x.data() + 2 * pixel;
          task.y[pixel] = sums[path].data() + (pixels - 1 - pixel) * edge::kChannelLanes;
        }
        (path == 0 ? edge::kReferenceLeaves : fast_leaves()).multiply_channels(task);
      }
      for (std::size_t i = 0; i < before.size(); ++i) {
        const std::size_t pixel = i / edge::kChannelLanes;
        const bool written = pixel < static_cast<std::size_t>(pixels);
        double expected = accumulate || !written ? static_cast<double>(before[i]) : 0.0;
        for (int c = 0; c < c_in && written; ++c)
          expected += static_cast<double>(w[c * edge::kChannelLanes + i % edge::kChannelLanes]) *
                      static_cast<double>(x[c * stride + 2 * (pixels - 1 - pixel)]);
        for (const AlignedBuffer<float>& sum : sums)
          ASSERT_TRUE(std::fabs(static_cast<double>(sum[i]) - expected) <= leaf_bound(c_in + 1)) << c_in << ", " << pixels << ", " << i;
      }
    }
}

TEST_P(EdgeLeaves, CombinationsEqualTheirDefinition) {
  constexpr int kCount = 3;
  constexpr int kLanes = 2 * edge::kChannelLanes;
  constexpr int kFromStride = kLanes + 8;
  constexpr int kToStride = kLanes + 16;
  const AlignedBuffer<float> from = aligned(some_floats((kCount - 1 + edge::kMaxTerms) * kFromStride + kLanes, 0));
  for (int terms = 1; terms <= edge::kMaxTerms; ++terms)
    for (const int lanes : {edge::kChannelLanes, kLanes}) {
      edge::CombineTask task;
      task.count = kCount;
      task.lanes = lanes;
      task.from_stride = kFromStride;
      task.to_stride = kToStride;
      for (; task.terms < terms; ++task.terms) {
        task.from[task.terms] = from.data() + task.terms * kFromStride;
        task.factor[task.terms] = task.terms % 3 == 1 ? -1.0f : 1.0f;
      }
      AlignedBuffer<float> to(kCount * kToStride);
      std::fill(to.begin(), to.end(), -7.0f);
      task.to = to.data();
      fast_leaves().combine(task);
      for (int n = 0; n < kCount; ++n)
        for (int lane = 0; lane < kToStride; ++lane) {
          float expected = -7.0f;  // beside what is combined
          if (lane < lanes) {
            expected = task.factor[0] * task.from[0][n * kFromStride + lane];
            for (int term = 1; term < terms; ++term) expected += task.factor[term] * task.from[term][n * kFromStride + lane];
          }
          ASSERT_EQ(to[n * kToStride + lane], expected) << terms << ", " << lanes << ", " << n << ", " << lane;
        }
    }
}

TEST_P(EdgeLeaves, FinishedChannelsEqualTheirDefinition) {
  constexpr int kStride = 11;
  const AlignedBuffer<float> sums = aligned(some_floats(edge::kLanes * edge::kChannelLanes, 0));
  for (const edge::Activation activation : {edge::Activation::none, edge::Activation::relu, edge::Activation::tanh})
    for (int channels = 1; channels <= edge::kChannelLanes; ++channels) {
      const std::vector<float> scale = some_floats(channels, 1);
      const std::vector<float> shift = some_floats(channels, 2);
      std::vector<float> outs[2];
      for (int path = 0; path < 2; ++path) {
        outs[path].assign(edge::kChannelLanes * kStride, -7.0f);
        (path == 0 ? edge::kReferenceLeaves : fast_leaves())
            .finish_channels({channels, sums.data(), scale.data(), shift.data(), activation, outs[path].data(), kStride});
      }
      for (int i = 0; i < edge::kChannelLanes * kStride; ++i) {
        if (i / kStride >= channels || i % kStride >= edge::kLanes) {
          ASSERT_EQ(outs[0][i], -7.0f) << channels << ", " << i;
        }
        ASSERT_TRUE(std::fabs(static_cast<double>(outs[0][i]) - static_cast<double>(outs[1][i])) <= 5e-7) << channels << ", " << i;
      }
    }
}

// A tile of eight channels of 4x4 pixels: of each the first eight.
template <class Weight, class SumRows>
void expect_rows_summed_as_a_tile(const edge::Leaves& leaves, SumRows sum_rows, const std::vector<Weight>& weights,
                                  const std::vector<float>& z) {
  constexpr int kSide = 4;
  const int z_dim = static_cast<int>(z.size());
  const std::vector<float> scale(edge::kLinearVectors, 1.0f);
  const std::vector<float> shift(edge::kLinearVectors * edge::kLanes, 0.0f);
  std::vector<float> tile(shift.size() * z.size());
  edge::pack_linear_tile(weights.data(), z_dim, edge::kLinearVectors, kSide, 0, tile.data());
  std::vector<float> expected(shift.size(), kNaN);
  leaves.linear_floats(tile.data(), {z.data(), z_dim, scale.data(), shift.data(), edge::kLinearVectors, edge::Activation::none, 0, 1,
                                     nullptr, expected.data(), 0});
  const Weight* rows[edge::kLinearVectors];
  for (int group = 0; group < edge::kLinearVectors; ++group) rows[group] = weights.data() + group * kSide * kSide * z_dim;
  for (int groups = 1; groups <= edge::kLinearVectors; ++groups) {
    std::vector<float> sums(static_cast<std::size_t>(groups * edge::kLanes), kNaN);
    sum_rows(rows, groups, z.data(), z_dim, sums.data());
    EXPECT_EQ(sums, std::vector<float>(expected.begin(), expected.begin() + std::ssize(sums))) << "z " << z_dim << ", groups " << groups;
  }
}

TEST_P(EdgeLeaves, RowsInPlaceAreSummedAsATileIsToTheBit) {
  if (GetParam() == edge::Path::portable) return;  // it lays out what others sum in place
  ASSERT_NE(fast_leaves().sum_float_rows, nullptr);
  ASSERT_NE(fast_leaves().sum_half_rows, nullptr);
  constexpr std::size_t kRows = (edge::kLinearVectors - 1) * 16 + edge::kLanes;  // nothing lies behind the last one that is wanted
  for (const int z_dim : {4, 5, 6, 7, 8, 61, 100}) {
    const std::vector<float> z = some_floats(static_cast<std::size_t>(z_dim), 0);
    const std::vector<float> floats = some_floats(kRows * z.size(), 1);
    std::vector<std::uint16_t> halves;
    for (const float value : floats) halves.push_back(half_of_float(value).bits);
    for (std::size_t i = 0; i < halves.size(); i += 3)  // subnormal
      halves[i] = static_cast<std::uint16_t>((halves[i] & 0x8000) | i % 0x400);
    expect_rows_summed_as_a_tile(fast_leaves(), fast_leaves().sum_float_rows, floats, z);
    expect_rows_summed_as_a_tile(fast_leaves(), fast_leaves().sum_half_rows, halves, z);
  }
}

TEST_P(EdgeLeaves, LinearSumsEqualTheirDefinition) {
  constexpr int kSide = 4;
  for (const int z_dim : {1, 2, 3, 4, 29, 30, 31, 32, 61, 100})
    for (const int channels : {1, 3, 4, 13}) {
      const std::vector<float> z = some_floats(z_dim, 0);
      const std::vector<float> latent = some_floats(static_cast<std::size_t>(z_dim) * channels * kSide * kSide, 1);
      const std::vector<float> scale = some_floats(channels, 2);
      const std::vector<float> shift = some_floats(edge::linear_shift_size(channels, kSide), 3);
      std::vector<float> weights(edge::linear_floats_size(z_dim, channels, kSide));
      edge::pack_linear_floats(latent.data(), z_dim, channels, kSide, weights.data());
      std::vector<std::uint32_t> words(edge::linear_signs_size(z_dim, channels, kSide));
      edge::pack_linear_signs(latent.data(), z_dim, channels, kSide, words.data());
      std::vector<float> tables(static_cast<std::size_t>(z_dim + 2) / 3 * edge::kLanes, kNaN);
      constexpr int kTileFloats = edge::kLinearVectors * edge::kLanes;
      const auto tiles = static_cast<std::ptrdiff_t>(shift.size()) / kTileFloats;
      for (const edge::Activation activation : {edge::Activation::none, edge::Activation::relu, edge::Activation::tanh})
        for (const bool signs : {false, true}) {
          std::vector<float> outs[2];
          for (int path = 0; path < 2; ++path) {
            const edge::Leaves& leaves = path == 0 ? edge::kReferenceLeaves : fast_leaves();
            outs[path].assign(shift.size(), kNaN);
            for (std::ptrdiff_t tile = tiles; tile-- > 0;) {  // tile by tile, from weights that begin with it
              const edge::LinearTask task{z.data(), z_dim,    scale.data(),  shift.data(),      channels, activation,
                                          tile,     tile + 1, tables.data(), outs[path].data(), tile};
              if (signs) leaves.linear_signs(words.data(), task);
              else leaves.linear_floats(weights.data() + tile * kTileFloats * z_dim, task);
            }
          }
          for (std::size_t i = 0; i < shift.size(); ++i)
            ASSERT_TRUE(std::fabs(static_cast<double>(outs[0][i]) - static_cast<double>(outs[1][i])) <= leaf_bound(z_dim + 1) + 6e-7)
                << z_dim << " to " << channels << ", signs " << signs << ", " << i;
        }
    }
}

// Lanes behind a narrow row hold NaN, which must not come in, and what lies beside the output stays.
TEST_P(EdgeLeaves, AssembledRowsEqualTheirDefinition) {
  constexpr int kChannels = 3;
  constexpr float kBeside = -7.0f;
  const std::vector<float> scale = some_floats(kChannels, 1);
  const std::vector<float> shift = some_floats(kChannels, 2);
  for (const int side : {1, 2, 4, 8, 16, 32})
    for (const unsigned missing : {0u, 0b00001u, 0b11000u, 0b11001u}) {  // the last row, the first, the only one
      const int vectors = (side + edge::kLanes - 1) / edge::kLanes;
      std::vector<float> product = some_floats(static_cast<std::size_t>(vectors) * edge::kTaps * kChannels * edge::kLanes, 0);
      for (std::size_t i = 0; i < product.size(); ++i)
        if (static_cast<int>(i % edge::kLanes) >= side) product[i] = kNaN;
      const AlignedBuffer<float> p = aligned(product);
      const int out_vectors = (2 * side + edge::kLanes - 1) / edge::kLanes;
      AlignedBuffer<float> outs[2] = {AlignedBuffer<float>(2 * out_vectors * kChannels * edge::kLanes),
                                      AlignedBuffer<float>(2 * out_vectors * kChannels * edge::kLanes)};
      for (const edge::Activation activation : {edge::Activation::none, edge::Activation::relu, edge::Activation::tanh}) {
        for (int path = 0; path < 2; ++path) {
          std::fill(outs[path].begin(), outs[path].end(), kBeside);
          edge::AssembleTask task{};
          task.channels = kChannels;
          for (int ky = 0; ky < edge::kKernel; ++ky)
            task.row[ky] = (missing >> ky & 1) != 0 ? nullptr : p.data() + ky * kChannels * edge::kKernel * edge::kLanes;
          task.channel_stride = edge::kKernel * edge::kLanes;
          task.vector_stride = edge::kTaps * kChannels * edge::kLanes;
          task.side = side;
          task.scale = scale.data();
          task.shift = shift.data();
          task.activation = activation;
          task.even = outs[path].data();
          task.odd = task.even + out_vectors * kChannels * edge::kLanes;
          task.out_channel_stride = edge::kLanes;
          task.out_vector_stride = kChannels * edge::kLanes;
          (path == 0 ? edge::kReferenceLeaves : fast_leaves()).assemble(task);
        }
        for (int i = 0; i < outs[0].size(); ++i) {
          ASSERT_TRUE(std::fabs(static_cast<double>(outs[0][i]) - static_cast<double>(outs[1][i])) <= leaf_bound(9 + 1) + 6e-7)
              << side << ", missing " << missing << ", " << i;
          if (i % edge::kLanes >= 2 * side) {
            ASSERT_EQ(outs[1][i], kBeside) << side << ", " << i;
          }
        }
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Paths, EdgeLeaves, testing::ValuesIn(edge_paths_here()),
                         [](const testing::TestParamInfo<edge::Path>& path) { return std::string(name(path.param)); });

}  // namespace
}  // namespace pbgen
