#include "metrics/laplacian_pyramid.h"

#include <algorithm>

#include "core/base/check.h"

namespace pbgen {

int pyramid_levels(int size) {
  int levels = 0;
  while (size > kSmallestLevel && size % 2 == 0) {
    size /= 2;
    ++levels;
  }
  return size == kSmallestLevel ? levels + 1 : 0;
}

void pyramid_down(const float* plane, int size, float* half, float* scratch) {
  const std::int64_t n = size;
  const auto reflected = [n](std::int64_t i) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; };
  float* const row = scratch + 2;
  for (std::int64_t y = 0; y < n / 2; ++y) {
    const float* const r0 = plane + reflected(2 * y - 2) * n;
    const float* const r1 = plane + reflected(2 * y - 1) * n;
    const float* const r2 = plane + 2 * y * n;
    const float* const r3 = plane + reflected(2 * y + 1) * n;
    const float* const r4 = plane + reflected(2 * y + 2) * n;
    for (std::int64_t x = 0; x < n; ++x) row[x] = (r0[x] + r4[x]) + 4.0f * (r1[x] + r3[x]) + 6.0f * r2[x];
    row[-2] = row[2];
    row[-1] = row[1];
    row[n] = row[n - 2];
    float* const out = half + y * (n / 2);
    for (std::int64_t x = 0; x < n / 2; ++x) {
      const float* const at = row + 2 * x;
      out[x] = ((at[-2] + at[2]) + 4.0f * (at[-1] + at[1]) + 6.0f * at[0]) * (1.0f / 256.0f);
    }
  }
}

// With zeros at the odd indices only three taps reach an even output and two an odd one.  Reflected, the zero-filled
// row continues with plane[1] on the left and plane[size - 1] on the right.
void pyramid_up(const float* plane, int size, float* twice, float* scratch) {
  const std::int64_t n = size;
  for (std::int64_t y = 0; y < n; ++y) {
    const float* const in = plane + y * n;
    float* const out = scratch + y * 2 * n;
    for (std::int64_t x = 1; x < n - 1; ++x) {
      out[2 * x] = (in[x - 1] + in[x + 1]) + 6.0f * in[x];
      out[2 * x + 1] = 4.0f * (in[x] + in[x + 1]);
    }
    out[0] = 2.0f * in[1] + 6.0f * in[0];
    out[1] = 4.0f * (in[0] + in[1]);
    out[2 * n - 2] = (in[n - 2] + in[n - 1]) + 6.0f * in[n - 1];
    out[2 * n - 1] = 8.0f * in[n - 1];
  }
  for (std::int64_t y = 0; y < n; ++y) {
    const float* const here = scratch + y * 2 * n;
    const float* const above = scratch + (y == 0 ? 1 : y - 1) * 2 * n;
    const float* const below = scratch + std::min(y + 1, n - 1) * 2 * n;
    float* const even = twice + 2 * y * 2 * n;
    float* const odd = even + 2 * n;
    for (std::int64_t x = 0; x < 2 * n; ++x) {
      even[x] = ((above[x] + below[x]) + 6.0f * here[x]) * (1.0f / 64.0f);
      odd[x] = (here[x] + below[x]) * (1.0f / 16.0f);
    }
  }
}

std::int64_t pyramid_scratch_floats(int size) {
  // The halved planes: less than size^2 / 3 together.  Behind them what pyramid_up (size^2 / 2) or pyramid_down takes.
  return static_cast<std::int64_t>(size) * size + size + 4;
}

void pyramid_level(const float* plane, int size, int level, float* out, float* scratch) {
  const int levels = pyramid_levels(size);
  check(level >= 0 && level < levels, "pyramid level is ", level, ", an image of ", size, " has ", levels);
  const float* gaussian = plane;
  int side = size;
  for (int i = 0; i < level; ++i) {
    float* const half = scratch;
    scratch += side / 2 * (side / 2);
    pyramid_down(gaussian, side, half, scratch);
    gaussian = half;
    side /= 2;
  }
  const std::int64_t pixels = static_cast<std::int64_t>(side) * side;
  if (level == levels - 1) {
    std::copy_n(gaussian, pixels, out);
    return;
  }
  float* const half = scratch;
  scratch += pixels / 4;
  pyramid_down(gaussian, side, half, scratch);
  pyramid_up(half, side / 2, out, scratch);
  for (std::int64_t i = 0; i < pixels; ++i) out[i] = gaussian[i] - out[i];
}

}  // namespace pbgen
