#include <immintrin.h>

#include "metrics/patch_projection_leaf.h"

namespace pbgen::patch_projection_leaf {
namespace {

constexpr std::int64_t kPatches = 48;
constexpr std::int64_t kDirections = 8;

// Two patches' rows a vector, put together so that three rounds of shuffles leave sixteen patches in order.
void gather(const float* planes, const std::uint32_t* corners, PatchShape shape, float* panel) {
  const float* corner[16];
  for (int i = 0; i < 16; ++i) corner[i] = planes + corners[i];
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    for (std::int64_t dy = 0; dy < shape.nhood; ++dy) {
      const std::int64_t row = (c * shape.side + dy) * shape.side;
      for (std::int64_t dx = 0; dx < shape.nhood; dx += 8) {
        __m512 v[8];  // v[r]: patches r and r + 4; v[4 + r]: patches 8 + r and 12 + r
#pragma GCC unroll 8
        for (int r = 0; r < 8; ++r) {
          const int first = r / 4 * 8 + r % 4;
          v[r] = _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(corner[first] + row + dx)),
                                    _mm256_loadu_ps(corner[first + 4] + row + dx), 1);
        }
        __m512 pairs[8];
#pragma GCC unroll 4
        for (int r = 0; r < 8; r += 2) {
          pairs[r] = _mm512_unpacklo_ps(v[r], v[r + 1]);
          pairs[r + 1] = _mm512_unpackhi_ps(v[r], v[r + 1]);
        }
        __m512 quads[8];  // quads[q + 4*half]: columns q and q + 4 of four patches, of four more
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
          const __m512* const from = pairs + 4 * half;
          quads[4 * half] = _mm512_shuffle_ps(from[0], from[2], 0x44);
          quads[4 * half + 1] = _mm512_shuffle_ps(from[0], from[2], 0xee);
          quads[4 * half + 2] = _mm512_shuffle_ps(from[1], from[3], 0x44);
          quads[4 * half + 3] = _mm512_shuffle_ps(from[1], from[3], 0xee);
        }
        float* const to = panel + ((c * shape.nhood + dy) * shape.nhood + dx) * kPatches;
        const std::int64_t columns = shape.nhood - dx;
#pragma GCC unroll 4
        for (int q = 0; q < 4; ++q) {
          if (q < columns) _mm512_store_ps(to + q * kPatches, _mm512_shuffle_f32x4(quads[q], quads[q + 4], 0x88));
          if (q + 4 < columns) _mm512_store_ps(to + (q + 4) * kPatches, _mm512_shuffle_f32x4(quads[q], quads[q + 4], 0xdd));
        }
      }
    }
  }
}

//   registers  24 accumulators + 3 of the panel + 1 of the directions = 28 of 32 zmm
//   loads      3 of the panel and 8 broadcasts for 24 FMAs
//   memory     projections fill hundreds of megabytes before they are read: whole lines, past the caches
//   L1         the panel: 28 KB for 147 numbers; the directions stream from L2, 4.7 KB for 3,528 FMAs
void project(std::int64_t length, const float* packed, const float* panel, std::int64_t rows, std::int32_t* out, std::int64_t stride) {
  __m512 sum[kDirections][3];
#pragma GCC unroll 8
  for (int d = 0; d < kDirections; ++d) {
#pragma GCC unroll 3
    for (int v = 0; v < 3; ++v) sum[d][v] = _mm512_setzero_ps();
  }
#pragma GCC unroll 2
  for (std::int64_t p = 0; p < length; ++p) {
    __m512 x[3];
#pragma GCC unroll 3
    for (int v = 0; v < 3; ++v) x[v] = _mm512_load_ps(panel + p * kPatches + 16 * v);
#pragma GCC unroll 8
    for (int d = 0; d < kDirections; ++d) {
      const __m512 factor = _mm512_set1_ps(packed[p * kDirections + d]);
#pragma GCC unroll 3
      for (int v = 0; v < 3; ++v) sum[d][v] = _mm512_fmadd_ps(factor, x[v], sum[d][v]);
    }
  }
#pragma GCC unroll 8
  for (int d = 0; d < kDirections; ++d) {
    if (d >= rows) break;
#pragma GCC unroll 3
    for (int v = 0; v < 3; ++v)
      _mm512_stream_si512(reinterpret_cast<__m512i*>(out + d * stride + 16 * v), _mm512_cvtps_epi32(sum[d][v]));
  }
}

}  // namespace

const Leaves kAvx512 = {
    .patches = kPatches,
    .directions = kDirections,
    .gathered = 16,
    .gather = gather,
    .project = project,
    .publish = [] { _mm_sfence(); },
};

}  // namespace pbgen::patch_projection_leaf
