#include "data/formats/jpeg_transform.h"

#include <algorithm>
#include <cstring>

namespace pbgen {
namespace {

// Four columns (or rows) side by side.  Unsigned, because these wrap around.
using Four = std::uint32_t __attribute__((vector_size(16)));
using SignedFour = std::int32_t __attribute__((vector_size(16)));

constexpr int kConstantBits = 13;  // behind the point of the constants
constexpr int kColumnBits = 2;     // kept behind the point between the passes

constexpr std::uint32_t fixed(double x) { return static_cast<std::uint32_t>(x * (1 << kConstantBits) + 0.5); }

Four descaled(Four x, int bits) { return (Four)((SignedFour)(x + (1u << (bits - 1))) >> bits); }

// Eight values each of four columns, in place; the results have kConstantBits - bits more bits behind the point.
void transform(Four* s, int bits) {
  // Even coefficients: a rotation of 2 and 6, a butterfly of 0 and 4.
  const Four turned = (s[2] + s[6]) * fixed(0.541196100);
  const Four low = turned - s[6] * fixed(1.847759065);
  const Four high = turned + s[2] * fixed(0.765366865);
  const Four sum = (s[0] + s[4]) << kConstantBits;
  const Four difference = (s[0] - s[4]) << kConstantBits;
  const Four even[4] = {sum + high, difference + low, difference - low, sum - high};
  // Odd coefficients: what all four share, what pairs share, and what is left of each.
  const Four all = (s[7] + s[3] + s[5] + s[1]) * fixed(1.175875602);
  const Four pair_71 = (s[7] + s[1]) * fixed(0.899976223);
  const Four pair_53 = (s[5] + s[3]) * fixed(2.562915447);
  const Four pair_73 = all - (s[7] + s[3]) * fixed(1.961570560);
  const Four pair_51 = all - (s[5] + s[1]) * fixed(0.390180644);
  const Four odd[4] = {s[1] * fixed(1.501321110) - pair_71 + pair_51, s[3] * fixed(3.072711026) - pair_53 + pair_73,
                       s[5] * fixed(2.053119869) - pair_53 + pair_51, s[7] * fixed(0.298631336) - pair_71 + pair_73};
  for (int i = 0; i < 4; ++i) {
    s[i] = descaled(even[i] + odd[i], bits);
    s[7 - i] = descaled(even[i] - odd[i], bits);
  }
}

void transpose(const Four* from, Four* to) {
  const Four low_01 = __builtin_shufflevector(from[0], from[1], 0, 4, 1, 5);
  const Four high_01 = __builtin_shufflevector(from[0], from[1], 2, 6, 3, 7);
  const Four low_23 = __builtin_shufflevector(from[2], from[3], 0, 4, 1, 5);
  const Four high_23 = __builtin_shufflevector(from[2], from[3], 2, 6, 3, 7);
  to[0] = __builtin_shufflevector(low_01, low_23, 0, 1, 4, 5);
  to[1] = __builtin_shufflevector(low_01, low_23, 2, 3, 6, 7);
  to[2] = __builtin_shufflevector(high_01, high_23, 0, 1, 4, 5);
  to[3] = __builtin_shufflevector(high_01, high_23, 2, 3, 6, 7);
}

// left, right: [8][4], the halves of eight rows.
void transpose_halves(const Four* left, const Four* right, Four* to_left, Four* to_right) {
  transpose(left, to_left);
  transpose(left + 4, to_right);
  transpose(right, to_left + 4);
  transpose(right + 4, to_right + 4);
}

std::uint8_t sample_of(std::int32_t value) { return static_cast<std::uint8_t>(std::clamp(value + 128, 0, 255)); }

}  // namespace

void transform_block(const std::int16_t* block, bool constant, std::uint8_t* to, std::ptrdiff_t stride) {
  if (constant) {
    const std::uint8_t sample = sample_of((block[0] + 4) >> 3);
    for (int y = 0; y < 8; ++y) std::memset(to + y * stride, sample, 8);
    return;
  }
  Four left[8];
  Four right[8];
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 4; ++x) {
      left[y][x] = static_cast<std::uint32_t>(block[8 * y + x]);
      right[y][x] = static_cast<std::uint32_t>(block[8 * y + 4 + x]);
    }
  }
  transform(left, kConstantBits - kColumnBits);
  transform(right, kConstantBits - kColumnBits);
  Four top[8];
  Four bottom[8];
  transpose_halves(left, right, top, bottom);
  transform(top, kConstantBits + kColumnBits + 3);
  transform(bottom, kConstantBits + kColumnBits + 3);
  transpose_halves(top, bottom, left, right);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 4; ++x) {
      to[y * stride + x] = sample_of(static_cast<std::int32_t>(left[y][x]));
      to[y * stride + 4 + x] = sample_of(static_cast<std::int32_t>(right[y][x]));
    }
}

}  // namespace pbgen
