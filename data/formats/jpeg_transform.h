// The inverse cosine transform of JPEG.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pbgen {

// block: 64 dequantised coefficients by rows.  Writes 8 rows of 8 samples, stride apart.  constant: only the first coefficient is not 0.
//   s[y][x] = 128 + 1/4 sum_{u,v} c(u) c(v) S[v][u] cos((2x + 1) u pi / 16) cos((2y + 1) v pi / 16),   c(0) = sqrt(1/2), else 1
// in fixed point, the same bits as libjpeg's accurate transform (jidctint), clamped to 0..255.  Sums of coefficients that no samples of 8
// bits have wrap around.
// Source: Loeffler, Ligtenberg, Moschytz 1989, the flow graph of figure 1.
void transform_block(const std::int16_t* block, bool constant, std::uint8_t* to, std::ptrdiff_t stride);

}  // namespace pbgen
