// NEON leaves of the one-image generator, for aarch64: baseline there, so that no flag and no test of the processor is needed.
//
// There are 32 registers of four floats, quads here; a vector of eight lanes is two of them.  A multiplication takes its scalar
// from a lane, so that a weight is one load and no broadcast.
//
// Nothing was timed: no such processor was at hand, and qemu tells nothing of time.  The budgets below count quads a cycle:
//   Cortex-A53, A55  1 FMA or add, in order; a quad's load takes 2 cycles in which nothing else starts
//   Cortex-A72       1 FMA or add, 1 load
//   Cortex-A76       2 FMA or adds, 2 loads
//   Apple M1         4 FMA or adds, 3 loads
// and "mca" is what the models of llvm-mca 14 say of the loop that g++ 12 makes.  16 independent sums hide the latency of an FMA
// on each: 8 cycles at most on one pipe, 4 on more.  There are no prefetches: all streams run upwards, which the processors follow.
#include <arm_neon.h>

#include "gan/edge/generator_leaf.h"

namespace pbgen::edge {
namespace neon {
namespace {

using Quad = float32x4_t;

struct Vec {
  Quad low, high;
};

inline Vec load(const float* p) { return {vld1q_f32(p), vld1q_f32(p + 4)}; }
inline void store(float* p, Vec x) {
  vst1q_f32(p, x.low);
  vst1q_f32(p + 4, x.high);
}
inline Vec broadcast(float x) { return {vdupq_n_f32(x), vdupq_n_f32(x)}; }
inline Vec add(Vec a, Vec b) { return {vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)}; }
inline Vec subtract(Vec a, Vec b) { return {vsubq_f32(a.low, b.low), vsubq_f32(a.high, b.high)}; }
// sum + x * factor
inline Vec multiply_add(Vec sum, Vec x, float factor) {
  return {vfmaq_n_f32(sum.low, x.low, factor), vfmaq_n_f32(sum.high, x.high, factor)};
}

// p * x + coefficient
inline Quad horner(Quad p, Quad x, float coefficient) { return vfmaq_f32(vdupq_n_f32(coefficient), p, x); }

// e^x as generator_leaf.h has it.
Quad exp_of(Quad x) {
  x = vmaxq_f32(vdupq_n_f32(kExpLowest), x);
  const Quad magic = vdupq_n_f32(kRoundingMagic);
  const Quad shifted = vfmaq_n_f32(magic, x, kLog2E);
  const Quad n = vsubq_f32(shifted, magic);
  Quad r = vfmsq_f32(x, n, vdupq_n_f32(kLn2High));
  r = vfmaq_n_f32(r, n, kMinusLn2Low);
  Quad p = vdupq_n_f32(kExpFirst);
  for (const float coefficient : kExpOthers) p = horner(p, r, coefficient);
  p = vaddq_f32(vfmaq_f32(r, vmulq_f32(p, r), r), vdupq_n_f32(1.0f));
  const int32x4_t exponent = vsubq_s32(vreinterpretq_s32_f32(shifted), vreinterpretq_s32_f32(magic));
  return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(p), vshlq_n_s32(exponent, 23)));
}

Quad tanh_of(Quad x) {
  const Quad one = vdupq_n_f32(1.0f);
  const Quad magnitude = vabsq_f32(x);
  const Quad e = exp_of(vmulq_n_f32(magnitude, -2.0f));
  const Quad far = vdivq_f32(vsubq_f32(one, e), vaddq_f32(one, e));
  const Quad far_signed = vbslq_f32(vdupq_n_u32(0x80000000u), x, far);
  const Quad z = vmulq_f32(x, x);
  Quad p = vdupq_n_f32(kTanhFirst);
  for (const float coefficient : kTanhOthers) p = horner(p, z, coefficient);
  const Quad near_zero = vfmaq_f32(x, vmulq_f32(p, z), x);
  return vbslq_f32(vcgtq_f32(magnitude, vdupq_n_f32(kTanhNear)), far_signed, near_zero);
}

// NaN stays NaN: the maximum of NaN and a number is NaN.
Vec activate(Vec x, Activation activation) {
  const Quad zero = vdupq_n_f32(0.0f);
  if (activation == Activation::relu) return {vmaxq_f32(zero, x.low), vmaxq_f32(zero, x.high)};
  if (activation == Activation::tanh) return {tanh_of(x.low), tanh_of(x.high)};
  return x;
}

void finish_linear(const LinearTask& task, std::ptrdiff_t vector, const Vec* sums, int count) {
  std::ptrdiff_t channel = vector % task.channels;
  for (int i = 0; i < count; ++i) {
    const std::ptrdiff_t at = (vector + i) * kLanes;
    store(task.out + at, activate(multiply_add(load(task.shift + at), sums[i], task.scale[channel]), task.activation));
    if (++channel == task.channels) channel = 0;
  }
}

// One stream of weights, as fast as memory gives them.
// registers  16 sums, z, what is loaded
void linear_floats(const float* w, const LinearTask& task) {
  for (std::ptrdiff_t tile = task.first; tile < task.last; ++tile) {
    const float* row = w + (tile - task.weights_first) * task.z_dim * kLinearVectors * kLanes;
    Vec sums[kLinearVectors] = {};
    for (int i = 0; i < task.z_dim; ++i, row += kLinearVectors * kLanes) {
      const float z = task.z[i];
#pragma GCC unroll 8
      for (int v = 0; v < kLinearVectors; ++v) sums[v] = multiply_add(sums[v], load(row + v * kLanes), z);
    }
    finish_linear(task, tile * kLinearVectors, sums, kLinearVectors);
  }
}

// Table row n holds the sum of three components of z, component b with sign + where bit b of n is set; missing ones are zeros.
void fill_linear_tables(const LinearTask& task) {
  constexpr float kFirst[4] = {-1.0f, 1.0f, -1.0f, 1.0f};
  constexpr float kSecond[4] = {-1.0f, -1.0f, 1.0f, 1.0f};
  float* table = task.tables;
  for (int i = 0; i < task.z_dim; i += kWordInputs, table += kLanes) {
    const float second = i + 1 < task.z_dim ? task.z[i + 1] : 0.0f;
    const Quad third = vdupq_n_f32(i + 2 < task.z_dim ? task.z[i + 2] : 0.0f);
    const Quad sum = vfmaq_n_f32(vmulq_n_f32(vld1q_f32(kFirst), task.z[i]), vld1q_f32(kSecond), second);
    store(table, {vsubq_f32(sum, third), vaddq_f32(sum, third)});
  }
}

// A table of eight sums lies in two registers, where one instruction looks up the sixteen bytes of four sums.  Their numbers,
// 4n + b for byte b of sum n, are the lane's lowest byte, which holds 4n among other bits, four times, with b put in.  Five
// instructions for twelve weights: loads of single sums would be as many for each.
// registers  8 sums, 8 words, 2 of the table, 3 constants
void linear_signs(const std::uint32_t* words, const LinearTask& task) {
  fill_linear_tables(task);
  const int groups = (task.z_dim + kWordInputs - 1) / kWordInputs;
  const int count = (groups + kWordGroups - 1) / kWordGroups;
  const uint8x16_t lowest_byte = vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(0x0404040400000000u), vcreate_u64(0x0c0c0c0c08080808u)));
  const uint8x16_t byte_of_sum = vreinterpretq_u8_u32(vdupq_n_u32(0x03020100u));
  const uint8x16_t number_bits = vdupq_n_u8(((1 << kWordInputs) - 1) << 2);
  constexpr int kTiles = kLinearVectors / kWordVectors;
  constexpr int kQuads = 2 * kWordVectors;
  for (std::ptrdiff_t tile = task.first * kTiles; tile < task.last * kTiles; ++tile) {
    const std::uint32_t* word = words + tile * count * kWordVectors * kLanes;
    Quad sums[kQuads] = {};
    for (int first = 0; first < groups; first += kWordGroups, word += kWordVectors * kLanes) {
      uint32x4_t number[kQuads];
#pragma GCC unroll 8
      for (int q = 0; q < kQuads; ++q) number[q] = vshlq_n_u32(vld1q_u32(word + 4 * q), 2);
      const int last = first + kWordGroups < groups ? first + kWordGroups : groups;
      for (int group = first; group < last; ++group) {
        const Vec sum = load(task.tables + group * kLanes);
        const uint8x16x2_t table = {{vreinterpretq_u8_f32(sum.low), vreinterpretq_u8_f32(sum.high)}};
#pragma GCC unroll 8
        for (int q = 0; q < kQuads; ++q) {
          const uint8x16_t copies = vqtbl1q_u8(vreinterpretq_u8_u32(number[q]), lowest_byte);
          const uint8x16_t bytes = vbslq_u8(number_bits, copies, byte_of_sum);
          sums[q] = vaddq_f32(sums[q], vreinterpretq_f32_u8(vqtbl2q_u8(table, bytes)));
          number[q] = vshrq_n_u32(number[q], kWordInputs);
        }
      }
    }
    Vec vectors[kWordVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kWordVectors; ++v) vectors[v] = {sums[2 * v], sums[2 * v + 1]};
    finish_linear(task, tile * kWordVectors, vectors, kWordVectors);
  }
}

// registers  5 taps * 2 vectors of pixels = 20 sums, 4 of x, 5 w: 29 of 32
// latency    20 independent FMAs
// loads      9 for 20 FMAs.  Four channels' weights as five quads would make them 21 for 80, but loads of single floats start
//            beside an FMA on an A55, and quads do not
// mca        A55 29 cycles, A72 20.5, M1 7 for the 20 FMAs
void multiply_floats(const float* w, int c_in, const float* x0, const float* x1, float* p0, float* p1) {
  Vec a[kKernel] = {};
  Vec b[kKernel] = {};
  for (int c = 0; c < c_in; ++c, w += kKernel, x0 += kLanes, x1 += kLanes) {
    const Vec xa = load(x0);
    const Vec xb = load(x1);
#pragma GCC unroll 5
    for (int kx = 0; kx < kKernel; ++kx) {
      a[kx] = multiply_add(a[kx], xa, w[kx]);
      b[kx] = multiply_add(b[kx], xb, w[kx]);
    }
  }
#pragma GCC unroll 5
  for (int kx = 0; kx < kKernel; ++kx) {
    store(p0 + kx * kLanes, a[kx]);
    store(p1 + kx * kLanes, b[kx]);
  }
}

// All signed sums of a group's rows of x.  The eight of the first three channels stay in registers; each sum of the others,
// by doubling, is added to all of them.  Of fewer channels only the rows in use matter, so missing ones count as zeros.
// registers  16 of the first three channels, 2 of the others, 2 to store
void fill_table(const float* x, int count, float* table) {
  const auto signed_sums = [&](int first, Vec (&sums)[1 << kGroup / 2]) {
    const auto channel = [&](int b) { return first + b < count ? load(x + (first + b) * kLanes) : broadcast(0.0f); };
    sums[0] = subtract(subtract(broadcast(0.0f), channel(0)), add(channel(1), channel(2)));
    for (int b = 0; b < kGroup / 2; ++b) {
      const Vec twice = add(channel(b), channel(b));
      for (int p = 0; p < 1 << b; ++p) sums[p + (1 << b)] = add(sums[p], twice);
    }
  };
  constexpr int kRows = 1 << kGroup / 2;
  Vec first[kRows];
  Vec others[kRows];
  signed_sums(0, first);
  signed_sums(kGroup / 2, others);
#pragma GCC unroll 1
  for (int other = 0; other < kRows; ++other, table += kRows * kLanes) {
    const Vec sum = others[other];
#pragma GCC unroll 8
    for (int p = 0; p < kRows; ++p) store(table + p * kLanes, add(first[p], sum));
  }
}

using Word [[gnu::may_alias, gnu::aligned(1)]] = std::uint64_t;  // of a file, which lies at a multiple of 4

// A number times 4, times the size of two floats, is the byte offset of a table row.
inline Vec table_row(const float* table, std::uint64_t number) {
  const float* row = reinterpret_cast<const float*>(reinterpret_cast<const char*>(table) + number * 8);
  asm("" : "+r"(row));  // without it the compiler shifts, adds and loads the halves apart: seven instructions a lookup in place of five
  return load(row);
}

// Eight product rows at a time: two adds stand for eight pixels and up to six weights, 48 multiplications or 12 FMAs.
// registers  16 sums, 2 of a table row at a time
// latency    16 independent adds
// loads      2 a lookup, and one of eight rows' numbers, which single instructions take apart and others make addresses
// mca        A72 31 cycles, M1 13 for eight lookups, in place of 96 FMAs
void multiply_signs(const SignTask& task) {
  for (int group = 0; group < task.groups && task.fill_tables; ++group) {
    const int begin = group_begin(task.c_in, task.first_group + group);
    const int end = group_begin(task.c_in, task.first_group + group + 1);
    fill_table(task.x + begin * kLanes, end - begin, task.tables + group * kTableFloats);
  }
  const Word* numbers = reinterpret_cast<const Word*>(task.numbers);
  float* p = task.p;
  for (std::ptrdiff_t block = 0; block < task.row_blocks; ++block, p += kRowBlock * kLanes) {
    Vec sum[kRowBlock];
#pragma GCC unroll 8
    for (int row = 0; row < kRowBlock; ++row) sum[row] = task.accumulate ? load(p + row * kLanes) : broadcast(0.0f);
    const float* table = task.tables;
    for (int group = 0; group < task.groups; ++group, table += kTableFloats) {
      const std::uint64_t word = *numbers++;
#pragma GCC unroll 8
      for (int row = 0; row < kRowBlock; ++row) sum[row] = add(sum[row], table_row(table, word >> 8 * row & 0xff));
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRowBlock; ++row) store(p + row * kLanes, sum[row]);
  }
}

// [before's last lane, x's first seven]
inline Vec shift_right(Vec before, Vec x) { return {vextq_f32(before.high, x.low, 3), vextq_f32(x.low, x.high, 3)}; }

// [x's last seven lanes, after's first]
inline Vec shift_left(Vec x, Vec after) { return {vextq_f32(x.low, x.high, 1), vextq_f32(x.high, after.low, 1)}; }

// One output row of all channels: up to three rows of the product, left to right, neighbours kept in registers.
// kWidth: 8 for rows of whole vectors, else the row's pixels; neither more lanes than these nor more than their output may be touched.
template <int kWidth>
void assemble_row(const AssembleTask& task, const float* same, const float* below, const float* above, float* row) {
  const auto load_row = [](const float* p) -> Vec {
    const Quad none = vdupq_n_f32(0.0f);
    if (kWidth == 8) return load(p);
    if (kWidth == 4) return {vld1q_f32(p), none};
    if (kWidth == 2) return {vcombine_f32(vld1_f32(p), vget_low_f32(none)), none};
    return {vld1q_lane_f32(p, none, 0), none};
  };
  const auto column = [&](std::ptrdiff_t at) {
    Vec sum = load_row(same + at);
    if (above != nullptr) sum = add(sum, load_row(above + at));
    if (below != nullptr) sum = add(sum, load_row(below + at));
    return sum;
  };
  const Vec zero = broadcast(0.0f);
  const int vectors = kWidth == 8 ? task.side / kLanes : 1;
  const std::ptrdiff_t vector_stride = task.vector_stride;
  const std::ptrdiff_t out_vector_stride = task.out_vector_stride;
  const Activation activation = task.activation;
  for (int o = 0; o < task.channels; ++o) {
    const float scale = task.scale[o];
    const Vec shift = broadcast(task.shift[o]);
    float* out = row + o * task.out_channel_stride;
    std::ptrdiff_t at = o * task.channel_stride;
    Vec before3 = zero;
    Vec before4 = zero;
    Vec column0 = column(at);
    for (int v = 0; v < vectors; ++v, at += vector_stride) {
      const Vec column3 = column(at + 3 * kLanes);
      const Vec column4 = column(at + 4 * kLanes);
      const Vec after0 = v + 1 < vectors ? column(at + vector_stride) : zero;
      Vec left = add(column(at + kLanes), shift_right(before3, column3));
      Vec right = add(add(shift_left(column0, after0), column(at + 2 * kLanes)), shift_right(before4, column4));
      left = activate(multiply_add(shift, left, scale), activation);
      right = activate(multiply_add(shift, right, scale), activation);
      const Vec first = {vzip1q_f32(left.low, right.low), vzip2q_f32(left.low, right.low)};
      if (kWidth == 1) vst1_f32(out, vget_low_f32(first.low));
      else if (kWidth == 2) vst1q_f32(out, first.low);
      else store(out, first);
      if (kWidth == 8) store(out + out_vector_stride, {vzip1q_f32(left.high, right.high), vzip2q_f32(left.high, right.high)});
      out += 2 * out_vector_stride;
      before3 = column3;
      before4 = column4;
      column0 = after0;
    }
  }
}

template <int kWidth>
void assemble_rows(const AssembleTask& task) {
  assemble_row<kWidth>(task, task.row[1], nullptr, task.row[3], task.even);
  assemble_row<kWidth>(task, task.row[2], task.row[0], task.row[4], task.odd);
}

void assemble(const AssembleTask& task) {
  if (task.side >= kLanes) assemble_rows<8>(task);
  else if (task.side == 4) assemble_rows<4>(task);
  else if (task.side == 2) assemble_rows<2>(task);
  else assemble_rows<1>(task);
}

// registers  3 pixels * 8 quads of channels = 24 sums, 3 x, 2 to 4 w
// latency    24 independent FMAs, of two pixels 16; of one 8
// loads      11 for 24 FMAs
// mca        A55 39 cycles, A72 24, M1 9 for the 24 FMAs
template <int kPixels>
void multiply_pixels(const ChannelTask& task) {
  constexpr int kQuads = kChannelLanes / 4;
  const float* w = task.w;
  Quad sum[kPixels][kQuads];
#pragma GCC unroll 3
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 8
    for (int q = 0; q < kQuads; ++q) sum[p][q] = task.accumulate ? vld1q_f32(task.y[p] + 4 * q) : vdupq_n_f32(0.0f);
  for (std::ptrdiff_t c = 0; c < task.c_in; ++c, w += kChannelLanes) {
    float x[kPixels];
#pragma GCC unroll 3
    for (int p = 0; p < kPixels; ++p) x[p] = task.x[p][c * task.x_stride];
#pragma GCC unroll 8
    for (int q = 0; q < kQuads; ++q) {
      const Quad weight = vld1q_f32(w + 4 * q);
#pragma GCC unroll 3
      for (int p = 0; p < kPixels; ++p) sum[p][q] = vfmaq_n_f32(sum[p][q], weight, x[p]);
      // Without it the compiler loads all weights first and spills sums.
      if (q % 2 == 1) asm("" : "+r"(w), "+w"(sum[0][q - 1]), "+w"(sum[kPixels - 1][q]));
    }
  }
#pragma GCC unroll 3
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 8
    for (int q = 0; q < kQuads; ++q) vst1q_f32(task.y[p] + 4 * q, sum[p][q]);
}

void multiply_channels(const ChannelTask& task) {
  if (task.pixels == 3) multiply_pixels<3>(task);
  else if (task.pixels == 2) multiply_pixels<2>(task);
  else multiply_pixels<1>(task);
}

// Four pixels of four channels, [pixel][32], become [channel].
void transpose(const float* sums, Quad (&channels)[4]) {
  const auto pixel = [&](int i) { return vld1q_f32(sums + i * kChannelLanes); };
  const auto pair = [](Quad a) { return vreinterpretq_f64_f32(a); };
  const auto quad = [](float64x2_t a) { return vreinterpretq_f32_f64(a); };
  const float64x2_t even01 = pair(vtrn1q_f32(pixel(0), pixel(1)));
  const float64x2_t odd01 = pair(vtrn2q_f32(pixel(0), pixel(1)));
  const float64x2_t even23 = pair(vtrn1q_f32(pixel(2), pixel(3)));
  const float64x2_t odd23 = pair(vtrn2q_f32(pixel(2), pixel(3)));
  channels[0] = quad(vtrn1q_f64(even01, even23));
  channels[1] = quad(vtrn1q_f64(odd01, odd23));
  channels[2] = quad(vtrn2q_f64(even01, even23));
  channels[3] = quad(vtrn2q_f64(odd01, odd23));
}

void finish_channels(const FinishTask& task) {
  for (int first = 0; first < task.channels; first += 4) {
    Quad low[4];
    Quad high[4];
    transpose(task.sums + first, low);
    transpose(task.sums + 4 * kChannelLanes + first, high);
    for (int o = first; o < first + 4 && o < task.channels; ++o) {
      const Vec y = multiply_add(broadcast(task.shift[o]), {low[o - first], high[o - first]}, task.scale[o]);
      store(task.out + o * task.out_channel_stride, activate(y, task.activation));
    }
  }
}

// loads      a value for each multiplication; the pointers once for 32 values
void combine(const CombineTask& task) {
  constexpr int kQuads = kChannelLanes / 4;
  for (std::ptrdiff_t n = 0; n < task.count; ++n)
    for (int lane = 0; lane < task.lanes; lane += kChannelLanes) {
      const std::ptrdiff_t at = n * task.from_stride + lane;
      Quad sum[kQuads];
#pragma GCC unroll 8
      for (int q = 0; q < kQuads; ++q) sum[q] = vmulq_n_f32(vld1q_f32(task.from[0] + at + 4 * q), task.factor[0]);
      for (int term = 1; term < task.terms; ++term)
#pragma GCC unroll 8
        for (int q = 0; q < kQuads; ++q)
          sum[q] = vfmaq_n_f32(sum[q], vld1q_f32(task.from[term] + at + 4 * q), task.factor[term]);
#pragma GCC unroll 8
      for (int q = 0; q < kQuads; ++q) vst1q_f32(task.to + n * task.to_stride + lane + 4 * q, sum[q]);
    }
}

}  // namespace
}  // namespace neon

const Leaves kNeonLeaves = {neon::linear_floats,  neon::linear_signs,      neon::multiply_floats, neon::multiply_signs,
                            neon::assemble,       neon::multiply_channels, neon::finish_channels, neon::combine,
                            neon::sum_float_rows, neon::sum_half_rows};

}  // namespace pbgen::edge
