// The Wasserstein distance of two sets of weighted integers: exact, and without sorting them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "metrics/fixed_wasserstein_leaf.h"

namespace pbgen {

// Values in [-2^29, 2^29], each of which counts as often as its weight says: 0 .. 255 times.  The length is a multiple of
// 16, which values of weight 0 fill up.
struct WeightedValues {
  std::span<const std::int32_t> values;
  std::span<const std::uint8_t> weights;  // as many
};

// The integral over the line of |A(x) - B(x)|, A(x) the sum of the weights of a's values up to x.  That is the sum of
// |a_(i) - b_(i)| over both sets written out by their weights and sorted.
//
// Values are counted in bins.  Where A - B cannot change its sign inside a bin, weights and sums give the bin's part; the
// values of the other bins go through finer bins, and what is undecided then is sorted.  All sums are integers: the
// result is exact, whatever the order of the values.
class FixedWasserstein {
 public:
  // For sets of total_weight each, in [1, 2^31).
  FixedWasserstein(const fixed_wasserstein_leaf::Leaves& leaves, std::int64_t total_weight);

  // Undefined where lengths or total weights are not as said: callers check.
  std::int64_t operator()(const WeightedValues& a, const WeightedValues& b);

 private:
  struct Bin {
    std::int64_t a = 0;        // weight of a's values
    std::int64_t b = 0;
    std::int64_t offsets = 0;  // sum of weight * (value - the bin's start), a's less b's
  };
  // A bin in which A - B may change its sign.
  struct Segment {
    std::int64_t start;
    std::int64_t end;
    std::int64_t excess;  // A - B before start
    std::int64_t number;  // of the bin
    bool first;           // takes the values before its start, too
    bool last;            // those from its end on, too
  };
  using Entry = fixed_wasserstein_leaf::Entry;  // b's weights are negative

  void choose_bins(const WeightedValues& a, const WeightedValues& b);
  void count(const WeightedValues& set, std::int64_t Bin::*weight, int sign);
  void collect(const WeightedValues& set, int sign);
  std::int64_t refine();
  std::int64_t sweep();
  static std::int64_t decide(std::span<const Bin> bins, const Segment& whole, std::int64_t width, std::vector<Segment>& undecided);

  const fixed_wasserstein_leaf::Leaves& leaves_;
  std::int64_t total_weight_;
  // The line is cut into used_ bins of 2^shift_ from low_ on.
  std::int32_t low_ = 0;
  int shift_ = 0;
  std::int64_t used_ = 0;
  std::vector<std::uint64_t> words_;     // by bin: weights and offsets of a set while it is counted
  std::vector<Bin> bins_;
  std::vector<std::uint8_t> undecided_;  // by bin, and what vectors read behind the last
  std::vector<std::int32_t> segment_of_; // by bin, where it is undecided
  std::vector<Segment> segments_;        // undecided, from left to right
  AlignedBuffer<Entry> entries_;         // values in undecided bins; large, of which pages that are never needed take no memory
  std::int64_t entry_count_ = 0;
  std::vector<Bin> fine_bins_;
  std::vector<Segment> fine_segments_;
  std::vector<std::uint8_t> fine_undecided_;
};

}  // namespace pbgen
