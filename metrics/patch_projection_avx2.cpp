#include <immintrin.h>

#include "core/gemm/transpose_avx2.h"
#include "metrics/patch_projection_leaf.h"

namespace pbgen::patch_projection_leaf {
namespace {

constexpr std::int64_t kPatches = 32;

void gather(const float* planes, const std::uint32_t* corners, PatchShape shape, float* panel) {
  const float* corner[8];
  for (int i = 0; i < 8; ++i) corner[i] = planes + corners[i];
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    for (std::int64_t dy = 0; dy < shape.nhood; ++dy) {
      const std::int64_t row = (c * shape.side + dy) * shape.side;
      for (std::int64_t dx = 0; dx < shape.nhood; dx += 8) {
        __m256 v[8];
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) v[i] = _mm256_loadu_ps(corner[i] + row + dx);
        transpose_8x8(v);
        float* const to = panel + ((c * shape.nhood + dy) * shape.nhood + dx) * kPatches;
        const std::int64_t rows = shape.nhood - dx;
#pragma GCC unroll 8
        for (int q = 0; q < 8; ++q)
          if (q < rows) _mm256_store_ps(to + q * kPatches, v[q]);
      }
    }
  }
}

//   registers  12 accumulators + 1 of the directions + up to 3 of the panel
//   latency    12 independent FMAs >= 2 ports * 5 cycles
//   loads      4 of the panel and 3 broadcasts for 12 FMAs
//   L1         the panel: 18 KB for 147 numbers; the directions stream from L2, 1.8 KB for 1,764 FMAs
void project(std::int64_t length, const float* packed, const float* panel, std::int64_t rows, std::int32_t* out, std::int64_t stride) {
  __m256 sum[3][4];
#pragma GCC unroll 3
  for (int d = 0; d < 3; ++d) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) sum[d][v] = _mm256_setzero_ps();
  }
  for (std::int64_t p = 0; p < length; ++p) {
    const __m256 d0 = _mm256_broadcast_ss(packed + p * 3);
    const __m256 d1 = _mm256_broadcast_ss(packed + p * 3 + 1);
    const __m256 d2 = _mm256_broadcast_ss(packed + p * 3 + 2);
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      const __m256 x = _mm256_load_ps(panel + p * kPatches + 8 * v);
      sum[0][v] = _mm256_fmadd_ps(d0, x, sum[0][v]);
      sum[1][v] = _mm256_fmadd_ps(d1, x, sum[1][v]);
      sum[2][v] = _mm256_fmadd_ps(d2, x, sum[2][v]);
    }
  }
#pragma GCC unroll 3
  for (int d = 0; d < 3; ++d) {
    if (d >= rows) break;
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + d * stride + 8 * v), _mm256_cvtps_epi32(sum[d][v]));
  }
}

}  // namespace

const Leaves kAvx2 = {
    .patches = kPatches,
    .directions = 3,
    .gathered = 8,
    .gather = gather,
    .project = project,
    .publish = [] {},
};

}  // namespace pbgen::patch_projection_leaf
