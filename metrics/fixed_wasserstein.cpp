#include "metrics/fixed_wasserstein.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "core/base/check.h"

namespace pbgen {
namespace {

using fixed_wasserstein_leaf::kOffsetBits;

constexpr std::int64_t kMostBins = 1 << 14;  // 128 KB of words, of which the bins that are often hit stay in the first-level cache
constexpr int kFineBits = 5;                 // an undecided bin is cut into 2^kFineBits
constexpr std::int64_t kSortAtMost = 2048;    // entries that are sorted as they are
constexpr std::int64_t kLine = 16;           // values of a cache line
constexpr std::int64_t kSampledLines = 128;  // of each set, by which the bins are chosen

// A word holds the weights of so many values at least.
constexpr std::int64_t kWeightOfAWord = std::int64_t{1} << (64 - kOffsetBits);
constexpr std::int64_t kValuesOfAWord = kWeightOfAWord / 256;

}  // namespace

FixedWasserstein::FixedWasserstein(const fixed_wasserstein_leaf::Leaves& leaves, std::int64_t total_weight)
    : leaves_(leaves), total_weight_(total_weight) {
  check(total_weight >= 1 && total_weight <= INT32_MAX, "FixedWasserstein: ", total_weight, " values a set, expected 1 .. ", INT32_MAX);
  const std::int64_t bins = std::clamp<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(total_weight)), 64, kMostBins);
  words_.resize(bins);
  bins_.resize(bins);
  undecided_.resize(bins + fixed_wasserstein_leaf::kMarksBehind);
  segment_of_.resize(bins);
}

// From the least to the greatest value of a sample: the few values outside go to the outermost bins.
void FixedWasserstein::choose_bins(const WeightedValues& a, const WeightedValues& b) {
  std::int32_t low = INT32_MAX;
  std::int32_t high = INT32_MIN;
  for (const std::span<const std::int32_t> values : {a.values, b.values}) {
    const std::int64_t lines = static_cast<std::int64_t>(values.size()) / kLine;
    const std::int64_t sampled = std::min(lines, kSampledLines);
    for (std::int64_t s = 0; s < sampled; ++s) {
      const std::int32_t* const line = values.data() + lines * s / sampled * kLine;
      for (std::int64_t i = 0; i < kLine; ++i) {
        low = std::min(low, line[i]);
        high = std::max(high, line[i]);
      }
    }
  }
  const std::int64_t range = static_cast<std::int64_t>(high) - low;
  low_ = low;
  shift_ = 0;
  while (range >> shift_ >= static_cast<std::int64_t>(words_.size())) ++shift_;
  used_ = (range >> shift_) + 1;
}

void FixedWasserstein::count(const WeightedValues& set, std::int64_t Bin::*weight, int sign) {
  const auto n = static_cast<std::int64_t>(set.values.size());
  const std::int64_t piece = total_weight_ < kWeightOfAWord ? n : kValuesOfAWord;
  for (std::int64_t first = 0; first < n; first += piece) {
    leaves_.add_to_bins(set.values.data() + first, set.weights.data() + first, std::min(piece, n - first),
                        {low_, shift_, static_cast<std::int32_t>(used_ - 1)}, words_.data());
    for (std::int64_t i = 0; i < used_; ++i) {
      const std::uint64_t word = words_[i];
      words_[i] = 0;
      bins_[i].*weight += static_cast<std::int64_t>(word >> kOffsetBits);
      bins_[i].offsets += sign * static_cast<std::int64_t>(word & ((std::uint64_t{1} << kOffsetBits) - 1));
    }
  }
}

// Returns the integral over the decided ones of the bins that whole is cut into, and appends the others to undecided.
std::int64_t FixedWasserstein::decide(std::span<const Bin> bins, const Segment& whole, std::int64_t width,
                                      std::vector<Segment>& undecided) {
  std::int64_t total = 0;
  std::int64_t excess = whole.excess;
  const auto n = static_cast<std::int64_t>(bins.size());
  for (std::int64_t i = 0; i < n; ++i) {
    const Bin& bin = bins[i];
    const bool first = whole.first && i == 0;
    const bool last = whole.last && i == n - 1;
    if ((excess < bin.b && excess > -bin.a) || ((first || last) && bin.a + bin.b > 0)) {
      undecided.push_back({whole.start + i * width, whole.start + (i + 1) * width, excess, whole.number * n + i, first, last});
    } else {
      total += std::abs((excess + bin.a - bin.b) * width - bin.offsets);
    }
    excess += bin.a - bin.b;
  }
  return total;
}

void FixedWasserstein::collect(const WeightedValues& set, int sign) {
  entry_count_ += leaves_.collect_marked(set.values.data(), set.weights.data(), static_cast<std::int64_t>(set.values.size()),
                                         {low_, shift_, static_cast<std::int32_t>(used_ - 1)}, undecided_.data(), sign,
                                         entries_.data() + entry_count_);
}

// The segments' integral as far as finer bins decide it.  Leaves undecided segments and their entries.
std::int64_t FixedWasserstein::refine() {
  const int bits = std::min(kFineBits, shift_);
  const int fine_shift = shift_ - bits;
  const std::int64_t parts = std::int64_t{1} << bits;
  fine_bins_.assign(segments_.size() * static_cast<std::size_t>(parts), Bin{});
  const auto place = [&](std::int32_t value) {
    const std::int64_t x = std::clamp<std::int64_t>(static_cast<std::int64_t>(value) - low_, 0, (used_ << shift_) - 1);
    const std::int64_t segment = segment_of_[x >> shift_];
    return segment * parts + ((x >> fine_shift) & (parts - 1));
  };
  for (const Entry& entry : std::span(entries_.data(), static_cast<std::size_t>(entry_count_))) {
    const std::int64_t i = place(entry.value);
    Bin& bin = fine_bins_[i];
    (entry.weight > 0 ? bin.a : bin.b) += std::abs(entry.weight);
    const Segment& segment = segments_[i >> bits];
    bin.offsets += entry.weight * (entry.value - segment.start - ((i & (parts - 1)) << fine_shift));
  }
  std::int64_t total = 0;
  fine_segments_.clear();
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    Segment segment = segments_[s];
    segment.number = static_cast<std::int64_t>(s);
    total += decide(std::span(fine_bins_).subspan(s * static_cast<std::size_t>(parts), static_cast<std::size_t>(parts)), segment,
                    std::int64_t{1} << fine_shift, fine_segments_);
  }
  segments_.swap(fine_segments_);
  fine_undecided_.assign(fine_bins_.size(), 0);
  for (const Segment& segment : segments_) fine_undecided_[segment.number] = 1;
  Entry* const end = std::remove_if(entries_.begin(), entries_.begin() + entry_count_,
                                    [&](const Entry& entry) { return fine_undecided_[place(entry.value)] == 0; });
  entry_count_ = end - entries_.begin();
  return total;
}

// Beyond the first and the last value the excess is 0, so that it does not matter how far those segments reach.
std::int64_t FixedWasserstein::sweep() {
  const Entry* next = entries_.begin();
  const Entry* const end = next + entry_count_;
  std::sort(entries_.begin(), entries_.begin() + entry_count_, [](const Entry& a, const Entry& b) { return a.value < b.value; });
  std::int64_t total = 0;
  for (const Segment& segment : segments_) {
    std::int64_t excess = segment.excess;
    std::int64_t reached = segment.start;
    for (; next != end && (next->value < segment.end || segment.last); ++next) {
      total += std::abs(excess) * (next->value - reached);
      reached = next->value;
      excess += next->weight;
    }
    total += std::abs(excess) * (segment.end - reached);
  }
  return total;
}

std::int64_t FixedWasserstein::operator()(const WeightedValues& a, const WeightedValues& b) {
  choose_bins(a, b);
  std::fill_n(bins_.begin(), used_, Bin{});
  count(a, &Bin::a, 1);
  count(b, &Bin::b, -1);
  segments_.clear();
  const Segment line{low_, low_ + (used_ << shift_), 0, 0, true, true};
  std::int64_t total = decide(std::span(bins_).first(static_cast<std::size_t>(used_)), line, std::int64_t{1} << shift_, segments_);
  if (segments_.empty()) return total;

  std::fill_n(undecided_.begin(), used_, std::uint8_t{0});
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    undecided_[segments_[s].number] = 1;
    segment_of_[segments_[s].number] = static_cast<std::int32_t>(s);
  }
  const auto most = static_cast<std::int64_t>(a.values.size() + b.values.size()) + fixed_wasserstein_leaf::kEntriesBehind;
  if (entries_.size() < most) entries_ = AlignedBuffer<Entry>(most);
  entry_count_ = 0;
  collect(a, 1);
  collect(b, -1);
  if (entry_count_ > kSortAtMost) total += refine();
  return total + sweep();
}

}  // namespace pbgen
