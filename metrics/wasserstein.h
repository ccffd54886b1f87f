// The Wasserstein distance of two sets of numbers, without sorting them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pbgen {

// The mean of |a_(i) - b_(i)| over both sets sorted, which is the integral of |F_a - F_b| over the line, F the share of
// values at or below a point.
//
// The integral is taken bin by bin.  Where F_a - F_b cannot change its sign inside a bin, counts and sums give the
// bin's part exactly; only the values of the other bins, few unless the sets are alike, are sorted.
// Exact up to rounding in double; the order of the values does not matter beyond that.
class Wasserstein {
 public:
  // For sets of at most max_count values each.  All memory is reserved here; a call makes no allocation.
  explicit Wasserstein(std::int64_t max_count);
  Wasserstein(Wasserstein&&) = default;  // a copy would not keep the reserve

  // a and b are finite, of one length in [1, max_count], else undefined: callers check.
  double operator()(std::span<const float> a, std::span<const float> b) noexcept;

 private:
  struct Bin {
    double area = 0.0;  // what its values add to the integral of (count of a - count of b) over it, in bin widths
    std::int32_t a = 0;
    std::int32_t b = 0;
  };
  std::vector<Bin> bins_;
  std::vector<std::uint8_t> undecided_;  // by bin
  std::vector<float> a_values_;          // those in undecided bins
  std::vector<float> b_values_;
};

}  // namespace pbgen
