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

// A value with its weight, negative where its set is the second.
struct Entry {
  std::int32_t value;
  std::int32_t weight;
};

// What vectors write beyond the entries that are found.
inline constexpr std::int64_t kEntriesBehind = 16;
// What vectors read beyond the last bin's mark.
inline constexpr std::int64_t kMarksBehind = 3;

struct Leaves {
  // words[bin of value] += weight << kOffsetBits | weight * (x mod 2^shift), for n values, a multiple of 16.
  // (last_bin + 1) << shift < 2^31 and shift <= 20.  Sums that leave their bits are the caller's fault.
  void (*add_to_bins)(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins, std::uint64_t* words);
  // Writes the values whose bin is marked by 1, in order, with sign * their weights, and returns their number.  n is a multiple of 16.
  // marks: 0 or 1 for every bin, and kMarksBehind more bytes.  entries has room for those found and kEntriesBehind more.
  std::int64_t (*collect_marked)(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins,
                                 const std::uint8_t* marks, std::int32_t sign, Entry* entries);
};

// x86-64 alone.
void add_to_bins_avx2(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins, std::uint64_t* words);
std::int64_t collect_marked_avx2(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins,
                                 const std::uint8_t* marks, std::int32_t sign, Entry* entries);
std::int64_t collect_marked_avx512(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins,
                                   const std::uint8_t* marks, std::int32_t sign, Entry* entries);

}  // namespace pbgen::fixed_wasserstein_leaf
