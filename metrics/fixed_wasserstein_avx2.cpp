#include <immintrin.h>

#include "metrics/fixed_wasserstein_leaf.h"

namespace pbgen::fixed_wasserstein_leaf {
namespace {

struct Line {
  __m256i low;
  __m256i end;  // the last x
  __m256i mask;
  __m128i shift;

  explicit Line(const Bins& bins)
      : low(_mm256_set1_epi32(bins.low)),
        end(_mm256_set1_epi32(static_cast<int>(((static_cast<std::int64_t>(bins.last_bin) + 1) << bins.shift) - 1))),
        mask(_mm256_set1_epi32((1 << bins.shift) - 1)),
        shift(_mm_cvtsi32_si128(bins.shift)) {}
  __m256i place(const std::int32_t* values) const {
    const __m256i x = _mm256_sub_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)), low);
    return _mm256_max_epi32(_mm256_min_epi32(x, end), _mm256_setzero_si256());
  }
  __m256i bin(__m256i x) const { return _mm256_srl_epi32(x, shift); }
};

// Writes the positions of the values in marked bins and returns their number.
std::int64_t find_marked(const Line& line, const std::int32_t* values, std::int64_t n, const std::uint8_t* marks,
                         std::uint32_t* positions) {
  alignas(32) std::uint32_t bin[16];
  std::int64_t found = 0;
  for (std::int64_t i = 0; i < n; i += 16) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(bin), line.bin(line.place(values + i)));
    _mm256_store_si256(reinterpret_cast<__m256i*>(bin + 8), line.bin(line.place(values + i + 8)));
    // Written always, kept where marked: no branch to mispredict.
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j) {
      positions[found] = static_cast<std::uint32_t>(i + j);
      found += marks[bin[j]];
    }
  }
  return found;
}

}  // namespace

// One addition to memory a value: weight and offset share a word, made eight at a time.  Two words of a value in one
// array cost what one does; two arrays would cost twice.
void add_to_bins_avx2(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins, std::uint64_t* words) {
  const Line line(bins);
  alignas(32) std::uint32_t bin[16];
  alignas(32) std::uint64_t added[16];
  // unpacklo and unpackhi work on 128-bit halves: added[j] belongs to value kValueOf[j].
  static constexpr int kValueOf[8] = {0, 1, 4, 5, 2, 3, 6, 7};
  for (std::int64_t i = 0; i < n; i += 16) {
    for (int half = 0; half < 2; ++half) {
      const std::int64_t at = i + 8 * half;
      const __m256i x = line.place(values + at);
      const __m256i weight = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(weights + at)));
      const __m256i offset = _mm256_mullo_epi32(_mm256_and_si256(x, line.mask), weight);
      const __m256i high = _mm256_slli_epi32(weight, kOffsetBits - 32);
      _mm256_store_si256(reinterpret_cast<__m256i*>(bin + 8 * half), line.bin(x));
      _mm256_store_si256(reinterpret_cast<__m256i*>(added + 8 * half), _mm256_unpacklo_epi32(offset, high));
      _mm256_store_si256(reinterpret_cast<__m256i*>(added + 8 * half + 4), _mm256_unpackhi_epi32(offset, high));
    }
#pragma GCC unroll 2
    for (int half = 0; half < 16; half += 8) {
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) words[bin[half + kValueOf[j]]] += added[half + j];
    }
  }
}

// Positions first: most values are in no marked bin, and what is of them alone is read again.
std::int64_t collect_marked_avx2(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins,
                                 const std::uint8_t* marks, std::int32_t sign, Entry* entries) {
  constexpr std::int64_t kPiece = 2048;
  const Line line(bins);
  std::uint32_t positions[kPiece];
  std::int64_t found = 0;
  for (std::int64_t first = 0; first < n; first += kPiece) {
    const std::int64_t in_piece = find_marked(line, values + first, n - first < kPiece ? n - first : kPiece, marks, positions);
    for (std::int64_t i = 0; i < in_piece; ++i) {
      const std::int64_t at = first + positions[i];
      entries[found + i] = {values[at], sign * weights[at]};
    }
    found += in_piece;
  }
  return found;
}

}  // namespace pbgen::fixed_wasserstein_leaf
