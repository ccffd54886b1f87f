#include "metrics/wasserstein.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/check.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMostBins = 1 << 16;  // 1 MB: the bins that are often hit stay in the second-level cache

// Where the line is cut: equal bins from the smallest value to the largest.  place() counts in bin widths.
struct Grid {
  double low;
  double bins_per_unit;
  std::int32_t last;
  double place(float value) const { return (static_cast<double>(value) - low) * bins_per_unit; }
  std::int32_t bin(double place) const { return std::min(static_cast<std::int32_t>(place), last); }
};

}  // namespace

Wasserstein::Wasserstein(std::int64_t max_count) {
  check(max_count >= 1 && max_count <= INT32_MAX, "Wasserstein: ", max_count, " values a set, expected 1 .. ", INT32_MAX);
  const std::int64_t bins = std::clamp<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(max_count)), 64, kMostBins);
  bins_.resize(bins);
  undecided_.resize(bins);
  a_values_.reserve(max_count);
  b_values_.reserve(max_count);
}

double Wasserstein::operator()(std::span<const float> a, std::span<const float> b) noexcept {
  float low = a[0];
  float high = a[0];
  for (const std::span<const float> values : {a, b}) {
    for (const float value : values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (low == high) return 0.0;
  const double range = static_cast<double>(high) - low;
  const std::int64_t bins = static_cast<std::int64_t>(bins_.size());
  const Grid grid{low, static_cast<double>(bins) / range, static_cast<std::int32_t>(bins - 1)};

  std::fill(bins_.begin(), bins_.end(), Bin{});
  for (const float value : a) {
    const double place = grid.place(value);
    const std::int32_t i = grid.bin(place);
    bins_[i].area += 1.0 - (place - i);
    ++bins_[i].a;
  }
  for (const float value : b) {
    const double place = grid.place(value);
    const std::int32_t i = grid.bin(place);
    bins_[i].area -= 1.0 - (place - i);
    ++bins_[i].b;
  }

  double total = 0.0;
  bool all_decided = true;
  std::int64_t excess = 0;  // values of a below this bin less those of b
  for (std::int64_t i = 0; i < bins; ++i) {
    const Bin& bin = bins_[i];
    const bool undecided = excess < bin.b && excess > -bin.a;
    undecided_[i] = undecided;
    if (undecided) {
      all_decided = false;
    } else {
      total += std::fabs(static_cast<double>(excess) + bin.area);
    }
    excess += bin.a - bin.b;
  }

  if (!all_decided) {
    a_values_.clear();
    b_values_.clear();
    for (const float value : a) {
      if (undecided_[grid.bin(grid.place(value))]) a_values_.push_back(value);
    }
    for (const float value : b) {
      if (undecided_[grid.bin(grid.place(value))]) b_values_.push_back(value);
    }
    std::sort(a_values_.begin(), a_values_.end());
    std::sort(b_values_.begin(), b_values_.end());
    auto next_a = a_values_.cbegin();
    auto next_b = b_values_.cbegin();
    excess = 0;
    for (std::int64_t i = 0; i < bins; ++i) {
      const Bin& bin = bins_[i];
      if (!undecided_[i]) {
        excess += bin.a - bin.b;
        continue;
      }
      const auto end_a = next_a + bin.a;
      const auto end_b = next_b + bin.b;
      double reached = static_cast<double>(i);
      while (next_a != end_a || next_b != end_b) {
        const bool from_a = next_b == end_b || (next_a != end_a && *next_a <= *next_b);
        const double place = grid.place(from_a ? *next_a++ : *next_b++);
        total += std::fabs(static_cast<double>(excess)) * (place - reached);
        reached = place;
        excess += from_a ? 1 : -1;
      }
      total += std::fabs(static_cast<double>(excess)) * (static_cast<double>(i + 1) - reached);
    }
  }
  return total / grid.bins_per_unit / static_cast<double>(a.size());
}

}  // namespace pbgen
