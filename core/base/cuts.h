// How a product is cut among threads: for the least makespan, from its shape and the number of threads alone.
//
// A product's outputs are slices x rows x columns x channels, and it may be cut along all four: units of slices (as many as its tile
// takes), bands of rows, strips of columns where it can take them, parts of channels.  Only outputs are cut, never sums, so that results
// do not depend on the cut.  Items are dealt out in order, each to the next free thread (deal_items).  More of them even out what threads
// get, but what neighbours have in common is read or made once in each: a product states what an item costs, all included, and the cut is
// chosen that is done first.  It is a grid of equal items, or one for most of the channels and a finer one for the rest, which fills up
// what the first leaves uneven.
//
// Whoever cuts gives its costs as a value of numbers:
//   Grid most() const;                               into how many units, bands, parts and strips it can be cut
//   std::int64_t cost(const CutItem& item) const;    in any unit
//   bool operator==(const Costs&) const = default;   the same numbers are cut the same way
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/range.h"

namespace pbgen {

// The piece-th of so many pieces of an extent, their sizes at most one apart.
constexpr Range piece_of(std::int64_t extent, std::int64_t piece, std::int64_t pieces) {
  return {extent * piece / pieces, extent * (piece + 1) / pieces};
}

// Pieces each way.
struct Grid {
  std::int64_t units = 1;
  std::int64_t bands = 1;
  std::int64_t parts = 1;
  std::int64_t strips = 1;
  std::int64_t items() const { return units * bands * parts * strips; }
  bool operator==(const Grid&) const = default;
};

// Some units, bands, parts and strips of those that there are.
struct CutItem {
  Range units;
  Range bands;
  Range parts;
  Range strips;
};

struct Cut {
  Grid most;               // what is cut
  Grid head;               // the items of parts [0, split)
  std::int64_t split = 0;  // most.parts: there is no tail
  Grid tail;               // those of the parts behind them

  static Cut none(const Grid& most) { return {.most = most, .head = {}, .split = most.parts, .tail = {}}; }
  std::int64_t items() const { return head.items() + (split < most.parts ? tail.items() : 0); }
  // In the order of dealing: [unit][band][strip][part] of the head, then of the tail.
  CutItem item(std::int64_t i) const {
    const bool in_head = i < head.items();
    const Grid& grid = in_head ? head : tail;
    const std::int64_t at = in_head ? i : i - head.items();
    const Range parts = piece_of(in_head ? split : most.parts - split, at % grid.parts, grid.parts);
    const std::int64_t first = in_head ? 0 : split;
    return {.units = piece_of(most.units, at / (grid.bands * grid.strips * grid.parts), grid.units),
            .bands = piece_of(most.bands, at / (grid.strips * grid.parts) % grid.bands, grid.bands),
            .parts = {first + parts.begin, first + parts.end},
            .strips = piece_of(most.strips, at / grid.parts % grid.strips, grid.strips)};
  }
  bool operator==(const Cut&) const = default;
};

using ItemCost = FunctionRef<std::int64_t(const CutItem& item)>;

// When the last of the threads is done, where items are dealt out in order, each to the next free one.
std::int64_t makespan(int threads, std::int64_t items, FunctionRef<std::int64_t(std::int64_t i)> cost);

// The cut of about the least makespan, of the fewest items where several are as good.
Cut least_makespan(int threads, const Grid& most, ItemCost cost);

// least_makespan, remembered by the calling thread: the search takes up to some milliseconds.  It allocates nothing.
template <class Costs>
Cut cut_for(int threads, const Costs& costs) {
  struct Known {
    int threads;
    Costs costs;
    Cut cut;
  };
  static constexpr std::size_t kRemembered = 32;  // a training has some twelve shapes a family of products
  thread_local std::array<std::optional<Known>, kRemembered> known;
  thread_local std::size_t oldest = 0;
  if (threads == 1) return Cut::none(costs.most());
  for (const std::optional<Known>& one : known)
    if (one && one->threads == threads && one->costs == costs) return one->cut;
  const Cut cut = least_makespan(threads, costs.most(), [&](const CutItem& item) { return costs.cost(item); });
  known[oldest] = Known{threads, costs, cut};
  oldest = (oldest + 1) % kRemembered;
  return cut;
}

// Into how many parts each of so many equal pieces is cut further, at most `most`, so that threads which split them evenly (parallel_for)
// have work: the fewest that are about as good as any.
std::int64_t further_parts(int threads, std::int64_t pieces, std::int64_t most);

// A product as it is dealt out to threads, for reports.
struct DealtWork {
  std::int64_t whole = 0;                          // what one thread would have to do
  std::vector<std::vector<std::int64_t>> regions;  // one after the other: the costs of a region's items, in the order of their dealing
  std::int64_t makespan(int threads) const;
  // The share of the threads' time in which they do what one thread would have to do as well.
  double busy_share(int threads) const;
};

template <class Costs>
DealtWork dealt_work(int threads, const Costs& costs) {
  const Cut cut = cut_for(threads, costs);
  DealtWork work{costs.cost(Cut::none(costs.most()).item(0)), {{}}};
  for (std::int64_t i = 0; i < cut.items(); ++i) work.regions.front().push_back(costs.cost(cut.item(i)));
  return work;
}

// The region of parallel_for(count, ..., min_piece) on thread_count() threads, where every item costs as much.
std::vector<std::int64_t> evenly_dealt(std::int64_t count, std::int64_t min_piece = 1, std::int64_t cost = 1);

}  // namespace pbgen
