// The leaves for any machine, in vectors of four floats (four.h), two for each vector of eight lanes.  Loops over sums are unrolled by
// name: at -O2 g++ would keep the sums in memory, and an image take twice as long.
// Sums are floats, each product is rounded and then the sum, in an order that is written here: the same bytes on every machine.
#include <cfloat>

#include "core/freestanding/tanh.h"
#include "gan/edge/four.h"
#include "gan/edge/generator_leaf.h"

// Each operation is rounded once, to its own type: what is written here is what every machine computes.
static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16, "floats are computed in a wider type: compile for SSE2 (-mfpmath=sse)");
#if defined(__FAST_MATH__)
#error "-ffast-math changes the images: compile without it"
#endif

namespace pbgen::edge {
namespace {

constexpr int kHalf = kLanes / 2;

// e^x as core/freestanding/tanh.h has it.
Four exp_of(Four x) {
  x = select(x < all(tanh_formula::kExpLowest), all(tanh_formula::kExpLowest), x);
  const Four magic = all(tanh_formula::kRoundingMagic);
  const Four shifted = x * tanh_formula::kLog2E + magic;
  const Four n = shifted - magic;
  const Four r = (x - n * tanh_formula::kLn2High) + n * tanh_formula::kMinusLn2Low;
  Four p = all(tanh_formula::kExpFirst);
  for (const float coefficient : tanh_formula::kExpOthers) p = p * r + all(coefficient);
  p = p * r * r + r + all(1.0f);
  return floats_of(bits_of(p) + ((bits_of(shifted) - bits_of(magic)) << 23));
}

Four tanh_of(Four x) {
  const FourBits sign_bit = bits_of(all(-0.0f));
  const FourBits sign = bits_of(x) & sign_bit;
  const Four magnitude = floats_of(bits_of(x) & ~sign_bit);
  const Four e = exp_of(magnitude * -2.0f);
  const Four far = floats_of(bits_of((all(1.0f) - e) / (all(1.0f) + e)) | sign);
  const Four z = x * x;
  Four p = all(tanh_formula::kTanhFirst);
  for (const float coefficient : tanh_formula::kTanhOthers) p = p * z + all(coefficient);
  return select(all(tanh_formula::kTanhNear) < magnitude, far, p * z * x + x);
}

// NaN stays NaN: it is not below 0.
Four activate(Four x, Activation activation) {
  if (activation == Activation::relu) return select(x < all(0.0f), all(0.0f), x);
  if (activation == Activation::tanh) return tanh_of(x);
  return x;
}

void finish_linear(const LinearTask& task, std::ptrdiff_t vector, Four low, Four high) {
  const float scale = task.scale[vector % task.channels];
  const std::ptrdiff_t at = vector * kLanes;
  store(task.out + at, activate(low * scale + load(task.shift + at), task.activation));
  store(task.out + at + kHalf, activate(high * scale + load(task.shift + at + kHalf), task.activation));
}

void linear_floats(const float* w, const LinearTask& task) {
  constexpr int kVectors = kFourSums / 2;
  constexpr std::ptrdiff_t kTileLanes = kLinearVectors * kLanes;
  for (std::ptrdiff_t tile = task.first; tile < task.last; ++tile)
    for (int first = 0; first < kLinearVectors; first += kVectors) {
      const float* row = w + (tile - task.weights_first) * task.z_dim * kTileLanes + first * kLanes;
      Four sums[kFourSums] = {};
      for (int i = 0; i < task.z_dim; ++i, row += kTileLanes)
#pragma GCC unroll 8
        for (int v = 0; v < kFourSums; ++v) sums[v] = sums[v] + load(row + v * kHalf) * task.z[i];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) finish_linear(task, tile * kLinearVectors + first + v, sums[2 * v], sums[2 * v + 1]);
    }
}

// A weight's bit becomes the sign of its z: no machine needs to look anything up for that.
void linear_signs(const std::uint32_t* words, const LinearTask& task) {
  constexpr int kWordBits = kWordInputs * kWordGroups;
  const std::ptrdiff_t count = (task.z_dim + kWordBits - 1) / kWordBits;
  const FourBits sign_bit = bits_of(all(-0.0f));
  for (std::ptrdiff_t vector = task.first * kLinearVectors; vector < task.last * kLinearVectors; ++vector) {
    Four sums[2] = {};
    for (int i = 0; i < task.z_dim; ++i) {
      const std::ptrdiff_t word = vector / kWordVectors * count + i / kWordBits;
      const std::uint32_t* const from = words + (word * kWordVectors + vector % kWordVectors) * kLanes;
      const FourBits z = bits_of(all(task.z[i]));
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half) {
        const FourBits bits = load_bits(from + half * kHalf);
        sums[half] = sums[half] + floats_of(z ^ (~(bits << (31 - i % kWordBits)) & sign_bit));
      }
    }
    finish_linear(task, vector, sums[0], sums[1]);
  }
}

// Five taps of a row on one vector of pixels, whose halves go together where registers hold ten sums.
void multiply_vector(const float* w, int c_in, const float* x, float* p) {
  constexpr int kTogether = kFourSums < kKernel ? 1 : 2;
  for (int first = 0; first < 2; first += kTogether) {
    Four sums[kKernel][kTogether] = {};
    for (std::ptrdiff_t c = 0; c < c_in; ++c)
#pragma GCC unroll 2
      for (int half = 0; half < kTogether; ++half) {
        const Four pixels = load(x + c * kLanes + (first + half) * kHalf);
#pragma GCC unroll 5
        for (int kx = 0; kx < kKernel; ++kx) sums[kx][half] = sums[kx][half] + pixels * w[c * kKernel + kx];
      }
#pragma GCC unroll 5
    for (int kx = 0; kx < kKernel; ++kx)
#pragma GCC unroll 2
      for (int half = 0; half < kTogether; ++half) store(p + kx * kLanes + (first + half) * kHalf, sums[kx][half]);
  }
}

void multiply_floats(const float* w, int c_in, const float* x0, const float* x1, float* p0, float* p1) {
  multiply_vector(w, c_in, x0, p0);
  if (p1 != p0) multiply_vector(w, c_in, x1, p1);
}

// All signed sums of a group's rows of x, by doubling: each row of x gives as many new sums as there were.
void fill_table(const float* x, int count, float* table) {
  for (int half = 0; half < 2; ++half) {
    float* const to = table + half * kHalf;
    Four none = all(0.0f);
    for (int b = 0; b < count; ++b) none = none - load(x + b * kLanes + half * kHalf);
    store(to, none);
    for (int b = 0; b < count; ++b) {
      const Four one = load(x + b * kLanes + half * kHalf);
      const Four twice = one + one;
      for (int p = 0; p < 1 << b; ++p) store(to + (p + (1 << b)) * kLanes, load(to + p * kLanes) + twice);
    }
  }
}

// One addition stands for four pixels and up to six weights.
void multiply_signs(const SignTask& task) {
  constexpr int kRows = kFourSums / 2;  // product rows at a time
  constexpr int kPasses = kRowBlock / kRows;
  for (int group = 0; group < task.groups && task.fill_tables; ++group) {
    const int begin = group_begin(task.c_in, task.first_group + group);
    const int end = group_begin(task.c_in, task.first_group + group + 1);
    fill_table(task.x + begin * kLanes, end - begin, task.tables + group * kTableFloats);
  }
  for (std::ptrdiff_t rows = 0; rows < kPasses * task.row_blocks; ++rows) {
    const std::uint8_t* numbers = task.numbers + rows / kPasses * task.groups * kRowBlock + rows % kPasses * kRows;
    const float* table = task.tables;
    Four sums[kRows][2] = {};
    for (int group = 0; group < task.groups; ++group, numbers += kRowBlock, table += kTableFloats)
#pragma GCC unroll 4
      for (int row = 0; row < kRows; ++row) {
        const float* const from = table + numbers[row] * (kLanes / 4);  // the row's number times 4
        sums[row][0] = sums[row][0] + load(from);
        sums[row][1] = sums[row][1] + load(from + kHalf);
      }
    float* const p = task.p + rows * kRows * kLanes;
#pragma GCC unroll 4
    for (int row = 0; row < kRows; ++row)
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half) {
        float* const to = p + row * kLanes + half * kHalf;
        store(to, task.accumulate ? sums[row][half] + load(to) : sums[row][half]);
      }
  }
}

// One output row of all channels.  Input columns that do not exist count as zeros.
struct RowSum {
  const AssembleTask& task;
  const float* rows[3];  // of the product, null where there is none

  // Columns x to x + 3 of kernel column kx, in channel o.
  Four columns(std::ptrdiff_t o, int kx, int x) const {
    Four sum = all(0.0f);
    for (const float* const row : rows) {
      if (row == nullptr) continue;
      const float* const from = row + o * task.channel_stride + x / kLanes * task.vector_stride + kx * kLanes + x % kLanes;
      sum = sum + load(from);
    }
    return sum;
  }
  float column(std::ptrdiff_t o, int kx, int x) const {
    float sum = 0.0f;
    if (x < 0 || x >= task.side) return sum;
    for (const float* const row : rows)
      if (row != nullptr) sum += row[o * task.channel_stride + x / kLanes * task.vector_stride + kx * kLanes + x % kLanes];
    return sum;
  }
};

// Output columns 2x and 2x + 1 have the phases 0 (kx 1 and, from the left, 3) and 1 (kx 0 from the right, 2, and 4 from the left).
void assemble_row(const AssembleTask& task, const RowSum& sum, float* row) {
  const int step = task.side < kHalf ? task.side : kHalf;
  for (std::ptrdiff_t o = 0; o < task.channels; ++o) {
    float* const out = row + o * task.out_channel_stride;
    Four before3 = all(0.0f);
    Four before4 = all(0.0f);
    for (int x = 0; x < task.side; x += step) {
      Four here[kKernel];
      if (step == kHalf) {
#pragma GCC unroll 5
        for (int kx = 0; kx < kKernel; ++kx) here[kx] = sum.columns(o, kx, x);
      } else {
#pragma GCC unroll 5
        for (int kx = 0; kx < kKernel; ++kx)
          here[kx] = Four{sum.column(o, kx, 0), sum.column(o, kx, 1), sum.column(o, kx, 2), sum.column(o, kx, 3)};
      }
      const Four right0 = Four{here[0][1], here[0][2], here[0][3], sum.column(o, 0, x + kHalf)};
      const Four left3 = Four{before3[3], here[3][0], here[3][1], here[3][2]};
      const Four left4 = Four{before4[3], here[4][0], here[4][1], here[4][2]};
      const Four even = activate((here[1] + left3) * task.scale[o] + all(task.shift[o]), task.activation);
      const Four odd = activate(((right0 + here[2]) + left4) * task.scale[o] + all(task.shift[o]), task.activation);
      const Four low = Four{even[0], odd[0], even[1], odd[1]};
      const Four high = Four{even[2], odd[2], even[3], odd[3]};
      float* const to = out + 2 * x / kLanes * task.out_vector_stride + 2 * x % kLanes;
      if (step == kHalf) {
        store(to, low);
        store(to + kHalf, high);
      } else {
        for (int i = 0; i < 2 * task.side; ++i) to[i] = low[i];
      }
      before3 = here[3];
      before4 = here[4];
    }
  }
}

void assemble(const AssembleTask& task) {
  assemble_row(task, {task, {task.row[1], task.row[3], nullptr}}, task.even);
  assemble_row(task, {task, {task.row[2], task.row[4], task.row[0]}}, task.odd);
}

void multiply_channels(const ChannelTask& task) {
  for (int pixel = 0; pixel < task.pixels; ++pixel)
    for (int first = 0; first < kChannelLanes; first += kFourSums * kHalf) {
      const float* w = task.w + first;
      float* const y = task.y[pixel] + first;
      Four sums[kFourSums];
#pragma GCC unroll 8
      for (int v = 0; v < kFourSums; ++v) sums[v] = task.accumulate ? load(y + v * kHalf) : Four{};
      for (std::ptrdiff_t c = 0; c < task.c_in; ++c, w += kChannelLanes) {
        const float x = task.x[pixel][c * task.x_stride];
#pragma GCC unroll 8
        for (int v = 0; v < kFourSums; ++v) sums[v] = sums[v] + load(w + v * kHalf) * x;
      }
#pragma GCC unroll 8
      for (int v = 0; v < kFourSums; ++v) store(y + v * kHalf, sums[v]);
    }
}

void finish_channels(const FinishTask& task) {
  for (std::ptrdiff_t o = 0; o < task.channels; ++o)
    for (int first = 0; first < kLanes; first += kHalf) {
      const float* const from = task.sums + first * kChannelLanes + o;
      const Four sums{from[0], from[kChannelLanes], from[2 * kChannelLanes], from[3 * kChannelLanes]};
      store(task.out + o * task.out_channel_stride + first, activate(sums * task.scale[o] + all(task.shift[o]), task.activation));
    }
}

void combine(const CombineTask& task) {
  for (std::ptrdiff_t n = 0; n < task.count; ++n)
    for (int lane = 0; lane < task.lanes; lane += kHalf) {
      const std::ptrdiff_t at = n * task.from_stride + lane;
      Four sum = load(task.from[0] + at) * task.factor[0];
      for (int term = 1; term < task.terms; ++term) sum = sum + load(task.from[term] + at) * task.factor[term];
      store(task.to + n * task.to_stride + lane, sum);
    }
}

}  // namespace

const Leaves kPortableLeaves = {linear_floats, linear_signs,      multiply_floats, multiply_signs,
                                assemble,      multiply_channels, finish_channels, combine};

}  // namespace pbgen::edge
