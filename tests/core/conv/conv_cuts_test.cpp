// What the cuts of convolutions count, against plain loops over pixels and taps.
#include "core/conv/conv_cuts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/base/cpu.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

bool meets(const MetAxis& axis, std::int64_t out, std::int64_t in, std::int64_t tap) {
  return axis.spreads ? out == axis.stride * in + tap - axis.pad : in == axis.stride * out + tap - axis.pad;
}

TEST(MetAxis, CountsWhatMeets) {
  for (const bool spreads : {false, true})
    for (const std::int64_t kernel : {1, 2, 3, 5})
      for (const std::int64_t stride : {1, 2, 3})
        for (const std::int64_t pad : {0, 1, 2})
          for (const std::int64_t small : {1, 3, 4}) {
            const std::int64_t big = small * stride - (small > 1 ? 1 : 0);
            const MetAxis axis{spreads ? big : small, spreads ? small : big, kernel, stride, pad, spreads};
            for (std::int64_t begin = 0; begin < axis.out; ++begin)
              for (std::int64_t end = begin; end <= axis.out; ++end) {
                std::int64_t taps = 0;
                const Range inputs = axis.inputs({begin, end});
                for (std::int64_t out = begin; out < end; ++out)
                  for (std::int64_t in = 0; in < axis.in; ++in)
                    for (std::int64_t tap = 0; tap < kernel; ++tap)
                      if (meets(axis, out, in, tap)) {
                        ++taps;
                        EXPECT_TRUE(inputs.begin <= in && in < inputs.end);
                      }
                ASSERT_EQ(axis.taps({begin, end}), taps)
                    << kernel << " taps, stride " << stride << ", pad " << pad << ", [" << begin << ", " << end << ") of " << axis.out;
                if (taps == 0) continue;
                // No wider than what the taps of the outermost pixels reach.
                EXPECT_LE(inputs.size(), spreads ? (end - begin + kernel - 2) / stride + 1 : (end - begin - 1) * stride + kernel);
              }
          }
}

TEST(MetAxis, BandsCoverTheOutputsOnce) {
  for (const MetAxis& axis : {MetAxis{9, 5, 5, 2, 1, true}, MetAxis{5, 9, 5, 2, 1, false}, MetAxis{7, 3, 3, 3, 1, true}}) {
    std::int64_t at = 0;
    for (std::int64_t band = 0; band < axis.bands(); ++band) {
      const Range outputs = axis.of({band, band + 1});
      EXPECT_EQ(outputs.begin, at);
      EXPECT_GT(outputs.size(), 0);
      at = outputs.end;
    }
    EXPECT_EQ(at, axis.out);
  }
}

TEST(SliceUnits, CoverTheSlicesOnce) {
  const SliceUnits slices{11, 4};
  EXPECT_EQ(slices.units(), 3);
  EXPECT_EQ(slices.of({0, 1}).end, 4);
  EXPECT_EQ(slices.of({2, 3}).begin, 8);
  EXPECT_EQ(slices.of({2, 3}).end, 11);
  EXPECT_EQ(slices.of({0, 3}).size(), 11);
}

using ConvCuts = OnEachPath;
INSTANTIATE_TEST_SUITE_P(Paths, ConvCuts, testing::ValuesIn(kIsas), isa_of_test);

// Nothing is lost of what is dealt out: items together cost what one thread would have to do, or more.
TEST_P(ConvCuts, ItemsTogetherAreTheWholeProduct) {
  if (!built_with_openmp()) GTEST_SKIP() << "without OpenMP there is one thread";
  for (const std::int64_t c_big : {std::int64_t{3}, std::int64_t{70}})
    for (const std::int64_t side : {4, 9}) {
      const ConvGeometry g = same_padding(2 * side, 2 * side);
      const LaneShape small{64, side, side, 130};
      const LaneShape big{64, 2 * side, 2 * side, c_big};
      for (const ConvProduct product : {ConvProduct::to_small, ConvProduct::to_big, ConvProduct::weight_gradient,
                                        ConvProduct::signs_to_small, ConvProduct::signs_to_big}) {
        for (const int threads : {1, 2, 16, 64}) {
          set_thread_count(threads);
          const DealtWork work = dealt(product, g, small, big);
          std::int64_t sum = 0;
          for (const auto& items : work.regions) sum = std::accumulate(items.begin(), items.end(), sum);
          if (threads == 1) {
            EXPECT_EQ(sum, work.whole);
          }
          EXPECT_GE(sum, work.whole);
          EXPECT_LE(static_cast<double>(sum), 2.5 * static_cast<double>(work.whole)) << c_big << ", " << side << ", " << threads;
          EXPECT_LE(work.busy_share(threads), 1.0);
        }
      }
    }
}

// The paper's conv 3 with four units for 16 threads: of a quarter of the map an item writes little more than a quarter of the tables.
TEST(TableCosts, ThreadsThatShareAUnitTakeItsQuadrants) {
  const ConvGeometry g = same_padding(32, 32);
  const TableCosts costs = table_costs(MetAxis::rows_to_small(g), MetAxis::columns_to_small(g), 11, 16, {8, 2});
  const Cut cut = cut_for(16, costs);
  EXPECT_EQ(cut.head, (Grid{4, 2, 1, 2}));
  const Range outputs = costs.rows.of({0, 8});
  EXPECT_EQ(costs.rows.inputs(outputs).size(), 18);  // 2 * 8 + 3, less one that the image lacks
  EXPECT_EQ(costs.cost(cut.item(0)), 2 * 11 * (39 * 39 * 128 + 128 * 18 * 18));
}

// The narrow weight gradient computes whole blocks of channels.  5 channels are 0.5 M multiply-adds, half of what two threads are woken
// for, also where their block of 16 is 1.6 M.
TEST_P(ConvCuts, ChannelsThatFillABlockAreNoWorkToWakeAThreadFor) {
  if (!built_with_openmp()) GTEST_SKIP() << "without OpenMP there is one thread";
  if (GetParam() == Isa::ref) GTEST_SKIP() << "the definitions of convolutions run on one thread";
  set_thread_count(2);
  const ConvGeometry g = same_padding(32, 32);
  const auto threads_for = [&](std::int64_t images, std::int64_t c_small) {
    return dealt(ConvProduct::weight_gradient, g, {images, 16, 16, c_small}, {images, 32, 32, 1}).regions.front().size();
  };
  EXPECT_EQ(threads_for(16, 5), 1u);
  EXPECT_EQ(threads_for(16, 16), 2u);
  EXPECT_EQ(threads_for(64, 5), 2u);
}

}  // namespace
}  // namespace pbgen
