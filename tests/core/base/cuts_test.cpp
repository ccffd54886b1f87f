// The search for a cut: what it simulates, and that no other cut is better.
#include "core/base/cuts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/cpu.h"
#include "tests/support/allocations.h"

namespace pbgen {
namespace {

std::int64_t makespan_of(int threads, const std::vector<std::int64_t>& costs) {
  return makespan(threads, static_cast<std::int64_t>(costs.size()), [&](std::int64_t i) { return costs[static_cast<std::size_t>(i)]; });
}

TEST(Makespan, IsThatOfItemsDealtToTheNextFreeThread) {
  EXPECT_EQ(makespan_of(1, {3, 1, 2}), 6);
  EXPECT_EQ(makespan_of(2, {3, 1, 2}), 3);        // 3 | 1 + 2
  EXPECT_EQ(makespan_of(2, {1, 2, 3}), 4);        // 1 + 3 | 2: in order, not the best
  EXPECT_EQ(makespan_of(3, {4, 3, 2, 2, 3}), 6);  // 4 | 3 + 3 | 2 + 2
  EXPECT_EQ(makespan_of(8, {5, 7}), 7);
  EXPECT_EQ(makespan_of(4, {}), 0);
}

TEST(Makespan, AgreesWithAPlainSimulation) {
  std::uint64_t state = 1;
  for (const int threads : {2, 3, 5, 16, 31, 64}) {
    std::vector<std::int64_t> costs;
    for (int i = 0; i < 500; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      costs.push_back(1 + static_cast<std::int64_t>(state >> 58));
    }
    std::vector<std::int64_t> free(static_cast<std::size_t>(threads), 0);
    for (const std::int64_t cost : costs) *std::min_element(free.begin(), free.end()) += cost;
    EXPECT_EQ(makespan_of(threads, costs), *std::max_element(free.begin(), free.end())) << threads << " threads";
  }
}

// A product of equal rows and channels; each item also pays for the input of its units and bands and for the weights of its parts.
struct Costs {
  std::int64_t units;
  std::int64_t rows;
  std::int64_t channels;
  std::int64_t input;
  std::int64_t weights;
  bool operator==(const Costs&) const = default;
  Grid most() const { return {units, rows, channels}; }
  std::int64_t cost(const CutItem& item) const {
    const std::int64_t pixels = item.units.size() * item.bands.size();
    return 100 * pixels * item.parts.size() + input * pixels + weights * item.parts.size();
  }
};

std::int64_t makespan_of(int threads, const Costs& costs, const Cut& cut) {
  return makespan(threads, cut.items(), [&](std::int64_t i) { return costs.cost(cut.item(i)); });
}

TEST(Cuts, ItemsCoverEveryPlaceOnce) {
  const Grid most{5, 7, 11, 3};
  for (const Cut& cut : {Cut::none(most), Cut{most, {2, 3, 4}, 11, {}}, Cut{most, {5, 7, 11}, 11, {}}, Cut{most, {2, 1, 4}, 8, {5, 7, 3}},
                         Cut{most, {1, 2, 1}, 1, {3, 1, 2}}, Cut{most, {2, 3, 4, 2}, 11, {}}, Cut{most, {1, 2, 1, 3}, 5, {3, 1, 2, 2}}}) {
    std::vector<int> taken(static_cast<std::size_t>(most.items()), 0);
    for (std::int64_t i = 0; i < cut.items(); ++i) {
      const CutItem item = cut.item(i);
      for (std::int64_t u = item.units.begin; u < item.units.end; ++u)
        for (std::int64_t b = item.bands.begin; b < item.bands.end; ++b)
          for (std::int64_t s = item.strips.begin; s < item.strips.end; ++s)
            for (std::int64_t p = item.parts.begin; p < item.parts.end; ++p)
              ++taken[static_cast<std::size_t>(((u * most.bands + b) * most.strips + s) * most.parts + p)];
    }
    EXPECT_EQ(taken, std::vector<int>(taken.size(), 1));
  }
}

TEST(Cuts, APieceForEveryThreadWhereTheyComeOutEven) {
  const Costs even{.units = 4, .rows = 8, .channels = 32, .input = 0, .weights = 0};
  EXPECT_EQ(cut_for(1, even), Cut::none(even.most()));
  for (const int threads : {2, 4, 8, 16, 32, 64}) {
    EXPECT_EQ(cut_for(threads, even).items(), threads);
    EXPECT_DOUBLE_EQ(dealt_work(threads, even).busy_share(threads), 1.0);
  }
}

TEST(Cuts, WhatEachItemDoesAnewDecidesAlongWhatIsCut) {
  const Costs dear_weights{.units = 8, .rows = 1, .channels = 8, .input = 0, .weights = 100};
  EXPECT_EQ(cut_for(8, dear_weights).head, (Grid{1, 1, 8}));
  const Costs dear_input{.units = 8, .rows = 1, .channels = 8, .input = 100, .weights = 0};
  EXPECT_EQ(cut_for(8, dear_input).head, (Grid{8, 1, 1}));
}

TEST(Cuts, ATailFillsUpWhatEqualItemsLeaveUneven) {
  // 22 parts of 2 units for 16 threads: two of each thread's, then 12 of 44, cut by rows.
  const Costs uneven{.units = 2, .rows = 8, .channels = 22, .input = 5, .weights = 20};
  const Cut cut = cut_for(16, uneven);
  EXPECT_LT(cut.split, cut.most.parts);
  EXPECT_EQ(cut.head.items() % 16, 0);
  EXPECT_GT(dealt_work(16, uneven).busy_share(16), 0.94);
  for (const Grid& grid : {Grid{2, 1, 8}, Grid{2, 1, 22}, Grid{2, 8, 1}, Grid{2, 2, 4}, Grid{2, 4, 2}})
    EXPECT_LT(makespan_of(16, uneven, cut), makespan_of(16, uneven, {uneven.most(), grid, 22, {}}));
}

TEST(Cuts, NoGridOfEqualItemsIsBetter) {
  for (const Costs& costs : {Costs{8, 16, 11, 20, 3}, Costs{3, 7, 5, 1, 40}, Costs{1, 1, 43, 0, 0}, Costs{4, 33, 8, 300, 5}})
    for (const int threads : {2, 3, 7, 16, 64}) {
      const Cut cut = cut_for(threads, costs);
      EXPECT_EQ(cut.most, costs.most());
      // Whole extents and halves are among those that are tried; what is within 1/256 of what cannot be beaten is good enough.
      const std::int64_t ideal = costs.cost(Cut::none(cut.most).item(0)) / threads;
      for (const std::int64_t units : {std::int64_t{1}, (costs.units + 1) / 2, costs.units})
        for (const std::int64_t bands : {std::int64_t{1}, (costs.rows + 1) / 2, costs.rows})
          for (const std::int64_t parts : {std::int64_t{1}, (costs.channels + 1) / 2, costs.channels}) {
            if (units * bands * parts > 8 * threads) continue;
            const Cut other{cut.most, {units, bands, parts}, costs.channels, {}};
            EXPECT_LE(makespan_of(threads, costs, cut), std::max(makespan_of(threads, costs, other), ideal + ideal / 256))
                << threads << " threads, " << units << " x " << bands << " x " << parts;
          }
    }
}

TEST(Cuts, AreRememberedByShapeAndThreads) {
  const Costs one{.units = 4, .rows = 4, .channels = 4, .input = 0, .weights = 100};
  const Costs other{.units = 4, .rows = 4, .channels = 4, .input = 100, .weights = 0};
  const Cut of_one = cut_for(4, one);
  const Cut of_other = cut_for(4, other);
  EXPECT_NE(of_one, of_other);
  for (std::int64_t more = 0; more < 100; ++more) {
    EXPECT_EQ(cut_for(4, one), of_one);
    EXPECT_EQ(cut_for(4, other), of_other);
    EXPECT_LE(cut_for(2, one).items(), 16);
    cut_for(3, Costs{.units = 1 + more, .rows = 1, .channels = 1, .input = 0, .weights = 0});
  }
}

TEST(Cuts, AllocateNothingInTheSteadyState) {
  const Costs costs{.units = 2, .rows = 8, .channels = 22, .input = 50, .weights = 20};
  cut_for(16, costs);
  const std::int64_t before = allocation_count();
  cut_for(16, costs);
  cut_for(15, costs);
  EXPECT_EQ(allocation_count(), before);
}

TEST(FurtherParts, AreTheFewestThatLeaveThreadsBusy) {
  EXPECT_EQ(further_parts(1, 8, 32), 1);
  EXPECT_EQ(further_parts(8, 8, 32), 1);
  EXPECT_EQ(further_parts(16, 8, 32), 2);
  EXPECT_EQ(further_parts(64, 8, 32), 8);
  EXPECT_EQ(further_parts(64, 64, 4), 1);
  EXPECT_EQ(further_parts(64, 1, 1), 1);
  EXPECT_EQ(further_parts(3, 16, 8), 2);  // 16 in rounds of 6: 0.89 busy; 32 in rounds of 11: 0.97; 128 in rounds of 43: 0.99
}

double evenly_busy(int threads, std::int64_t count, std::int64_t min_piece = 1) {
  const int before = thread_count();
  set_thread_count(threads);
  const DealtWork work{5 * count, {evenly_dealt(count, min_piece, 5)}};
  const double share = work.busy_share(thread_count());
  set_thread_count(before);
  return share;
}

TEST(DealtWork, CountsThePiecesOfAnEvenLoop) {
  if (!built_with_openmp()) GTEST_SKIP() << "without OpenMP there is one thread";
  EXPECT_DOUBLE_EQ(evenly_busy(16, 64), 1.0);
  EXPECT_DOUBLE_EQ(evenly_busy(64, 16), 0.25);
  EXPECT_DOUBLE_EQ(evenly_busy(16, 11), 11.0 / 16.0);
  EXPECT_DOUBLE_EQ(evenly_busy(2, 3), 0.75);
  EXPECT_DOUBLE_EQ(evenly_busy(16, 64, 32), 0.125);  // two threads have all of it
}

TEST(DealtWork, RegionsFollowOneAnother) {
  const DealtWork work{16, {{4, 4, 4}, {1, 2, 1}}};  // 12 in 8, 4 in 2
  EXPECT_EQ(work.makespan(2), 8 + 2);
  EXPECT_DOUBLE_EQ(work.busy_share(2), 16.0 / 20.0);
  EXPECT_EQ(work.makespan(1), 16);
}

}  // namespace
}  // namespace pbgen
