// Between fixed_wasserstein.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::fixed_wasserstein_leaf {

// The bin of a value is x >> shift, x = value - low held within [0, (last_bin + 1) << shift).
struct Bins {
  std::int32_t low;
  std::int32_t shift;
  std::int32_t last_bin;
};

inline constexpr int kOffsetBits = 42;

struct Leaves {
  // words[bin of value] += weight << kOffsetBits | weight * (x mod 2^shift), for n values, a multiple of 16.
  // (last_bin + 1) << shift < 2^31 and shift <= 20.  Sums that leave their bits are the caller's fault.
  void (*add_to_bins)(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins, std::uint64_t* words);
  // Writes the positions of the values whose bin is marked by 1, in order, and returns their number.  marks: 0 or 1 for
  // every bin.  positions has room for n, a multiple of 16.
  std::int64_t (*find_marked)(const std::int32_t* values, std::int64_t n, Bins bins, const std::uint8_t* marks, std::uint32_t* positions);
};
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::fixed_wasserstein_leaf
