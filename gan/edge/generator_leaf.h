// What generator.cpp asks of a path: the innermost loops, and the layouts that they share with pack.cpp.
//
// Activations are [pixels/8][channels][8]: eight pixels, row by row, side by side in the lanes of a vector.  An image of
// fewer than eight pixels fills the first lanes of one vector.
//
// A deconvolution is a product and an assembly.  The product P[tap][c_out] = sum over c_in of w * x has a row for each
// output channel and tap and a column for each *input* pixel: no borders, no strides.  The assembly adds the 25 rows of a
// channel into the four phases of the output, scales, shifts, activates and interleaves.
//
// Small images have few pixels a row and much of the work outside of them, so that float layers of theirs put output
// channels in the lanes: every tap meets just the pixels whose output exists.  Winograd's algorithm (winograd.h) multiplies by the same
// leaf, at its points in place of taps.
//
// Plain declarations and constants: this header goes into files compiled for other instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pbgen::edge {

inline constexpr int kLanes = 8;
inline constexpr int kKernel = 5;
inline constexpr int kTaps = kKernel * kKernel;

// Which ky or kx reach a phase, and the input row or column they take there: output row 2t + phase, input row t + offset.
//   phase 0: k = 1 (t), 3 (t - 1)      phase 1: k = 0 (t + 1), 2 (t), 4 (t - 1)
inline constexpr int kRowOffset[kKernel] = {1, 0, 0, -1, -1};

// ---- Signs.  Exported models of version 2 hold them in these orders (gan/packed_model.h): another order is another version.
// c_in channels are cut into groups of at most six, as even as can be; groups into blocks whose tables stay in
// the first-level cache: 11 groups * 64 rows * 32 bytes = 22 KB.  A product row is ky * kernel_rows(c_out) + o * 5 + kx;
// eight rows are computed together.
inline constexpr int kGroup = 6;
inline constexpr int kTableRows = 1 << kGroup;
inline constexpr int kTableFloats = kTableRows * kLanes;
inline constexpr int kBlockGroups = 11;
inline constexpr int kRowBlock = 8;

// static: a copy in each file, so that the linker has none to share between instruction sets.
static constexpr int group_count(int c_in) { return (c_in + kGroup - 1) / kGroup; }
static constexpr int group_begin(int c_in, int group) {
  return static_cast<int>(static_cast<std::int64_t>(group) * c_in / group_count(c_in));
}
static constexpr int block_count(int groups) { return (groups + kBlockGroups - 1) / kBlockGroups; }
static constexpr int block_begin(int groups, int block) {
  return static_cast<int>(static_cast<std::int64_t>(block) * groups / block_count(groups));
}
// Product rows of one ky, whole blocks.
static constexpr std::ptrdiff_t kernel_rows(int c_out) {
  return (static_cast<std::ptrdiff_t>(c_out) * kKernel + kRowBlock - 1) / kRowBlock * kRowBlock;
}

// ---- Floats, output channels in the lanes: four vectors of channels by some pixels.  Weights are
// [o/32][c_in block][tap][c_in][32], a stream in the order of use; the panel of a tap and a block, 16 KB, stays in the first-level
// cache while all pixels meet it.
inline constexpr int kChannelVectors = 4;
inline constexpr int kChannelLanes = kChannelVectors * kLanes;
inline constexpr int kMaxChannelPixels = 6;
inline constexpr int kChannelBlock = 128;

// Input pixels, along one axis, that a tap takes to an output that exists: [valid_begin, valid_end).
static constexpr int valid_begin(int k) { return kRowOffset[k] > 0 ? 1 : 0; }
static constexpr int valid_end(int k, int side) { return kRowOffset[k] < 0 ? side - 1 : side; }

static constexpr int channel_tiles(int c_out) { return (c_out + kChannelLanes - 1) / kChannelLanes; }

// ---- The linear layer's signs, in files of version 2 too: three components of z a table of eight sums, ten tables a 32-bit word, lowest
// bits first.
inline constexpr int kWordInputs = 3;
inline constexpr int kWordGroups = 10;
inline constexpr int kWordVectors = 4;     // output vectors whose words stand together
inline constexpr int kLinearVectors = 8;   // output vectors of a tile
inline constexpr int kRowColumns = 4;      // the least z_dim of sum_float_rows and sum_half_rows

enum class Activation : std::uint8_t { none, relu, tanh };

// ---- tanh: the formula and the constants of core/freestanding/tanh.h, which no leaf may include; generator.cpp holds them equal.
inline constexpr float kExpLowest = -87.0f;
inline constexpr float kRoundingMagic = 12582912.0f;
inline constexpr float kLog2E = 1.44269504088896341f;
inline constexpr float kLn2High = 0.693359375f;
inline constexpr float kMinusLn2Low = 2.12194440e-4f;
inline constexpr float kExpFirst = 1.9875691500e-4f;
inline constexpr float kExpOthers[] = {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
inline constexpr float kTanhNear = 0.625f;
inline constexpr float kTanhFirst = -5.70498872745e-3f;
inline constexpr float kTanhOthers[] = {2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f};

// out[v*8 + lane] = activation(scale[v % channels] * sum + shift[v*8 + lane]) for the vectors of tiles [first, last).
struct LinearTask {
  const float* z;
  int z_dim;
  const float* scale;
  const float* shift;
  int channels;
  Activation activation;
  std::ptrdiff_t first;
  std::ptrdiff_t last;
  float* tables;  // signs alone: scratch, (z_dim + 2) / 3 tables of 8 floats
  float* out;
  std::ptrdiff_t weights_first;  // floats alone: the tile with which the weights begin
};

// p[row][8] (+)= sum over the block's channels of sign * x, for so many row blocks.
struct SignTask {
  const std::uint8_t* numbers;  // [row/8][groups][8], each the table row's number times 4
  const float* x;               // [c_in][8]
  int c_in;
  int first_group;
  int groups;
  std::ptrdiff_t row_blocks;
  bool fill_tables;  // false: they are still those of the call before, which had the same x and groups
  bool accumulate;
  float* tables;     // scratch, groups * kTableFloats
  float* p;
};

// Two vectors with the same weights: tables are twice as large.  A p that is null takes nothing.
struct SignPairTask {
  SignTask first;
  const float* x;
  float* p;
  bool accumulate;
};

// The output rows 2t and 2t + 1 of some channels.  Strides are in floats.
struct AssembleTask {
  int channels;
  const float* row[kKernel];      // of each ky: P[kx][8] of the input row's first vector, first channel; null: no product
  std::ptrdiff_t channel_stride;  // from a channel's P to the next one's
  std::ptrdiff_t vector_stride;   // from a vector of the input row to the next
  int side;                       // input pixels of a row; below 8 they are the first lanes at row[ky]
  const float* scale;             // [channels]
  const float* shift;             // [channels]
  Activation activation;
  float* even;                    // the first channel's 2 * side floats, eight of them every out_vector_stride floats
  float* odd;
  std::ptrdiff_t out_channel_stride;
  std::ptrdiff_t out_vector_stride;
};

// y[pixel][32] (+)= sum over so many c_in of w[c_in][32] * x[pixel][c_in * x_stride].
struct ChannelTask {
  const float* w;
  int c_in;
  std::ptrdiff_t x_stride;
  bool accumulate;
  int pixels;  // at most the leaves' channel_pixels
  const float* x[kMaxChannelPixels];
  float* y[kMaxChannelPixels];
};

// to[n * to_stride + lane] = sum over terms of factor[term] * from[term][n * from_stride + lane], in their order; factors are 1 or -1.
inline constexpr int kMaxTerms = 9;
struct CombineTask {
  int terms = 0;  // at least one
  const float* from[kMaxTerms];
  float factor[kMaxTerms];
  int count;
  int lanes;  // a multiple of 32
  std::ptrdiff_t from_stride;
  std::ptrdiff_t to_stride;
  float* to;
};

// Eight pixels of some channels: out[channel * out_channel_stride + pixel] = activation(scale * sums[pixel][32] + shift).
struct FinishTask {
  int channels;  // at most 32
  const float* sums;
  const float* scale;
  const float* shift;
  Activation activation;
  float* out;
  std::ptrdiff_t out_channel_stride;
};

struct Leaves {
  // w: [tile - weights_first][z_dim][64]
  void (*linear_floats)(const float* w, const LinearTask& task);
  // words: [vector/4][words][4][8]
  void (*linear_signs)(const std::uint32_t* words, const LinearTask& task);
  // p0[kx][8] = sum over c_in of w[c_in][kx] * x0[c_in][8], p1 the same of x1.  p1 may be p0 where x1 is x0.
  void (*multiply_floats)(const float* w, int c_in, const float* x0, const float* x1, float* p0, float* p1);
  void (*multiply_signs)(const SignTask& task);
  void (*assemble)(const AssembleTask& task);
  void (*multiply_channels)(const ChannelTask& task);
  void (*finish_channels)(const FinishTask& task);
  void (*combine)(const CombineTask& task);
  // Optional.  sums[group][8] = sum over i of rows[group][lane * z_dim + i] * z[i], added as linear_floats adds, so that the result is
  // the same to the bit; groups: at most kLinearVectors.  null: each tile is laid out for linear_floats, which takes longer.
  void (*sum_float_rows)(const float* const* rows, int groups, const float* z, int z_dim, float* sums) = nullptr;
  void (*sum_half_rows)(const std::uint16_t* const* rows, int groups, const float* z, int z_dim, float* sums) = nullptr;
  // Optional.  null: each vector is multiplied alone.
  void (*multiply_sign_pairs)(const SignPairTask& task) = nullptr;
  // The most pixels that multiply_channels takes at once.
  int channel_pixels = 3;
};

extern const Leaves kReferenceLeaves;  // the definition: in no library of a device
extern const Leaves kPortableLeaves;
extern const Leaves kAvx2Leaves;    // x86-64 alone
extern const Leaves kAvx512Leaves;  // x86-64 alone
extern const Leaves kNeonLeaves;    // aarch64 alone

// Each set's leaves stand in a namespace of its own, in which names are the same as in the others': all of them may be one file
// (`make amalgamation`).  These are in more tables or files than one.
namespace avx2 {
void linear_floats(const float* w, const LinearTask& task);
void linear_signs(const std::uint32_t* words, const LinearTask& task);
void multiply_signs(const SignTask& task);
void assemble(const AssembleTask& task);
void finish_channels(const FinishTask& task);
void combine(const CombineTask& task);
void sum_float_rows(const float* const* rows, int groups, const float* z, int z_dim, float* sums);
void sum_half_rows(const std::uint16_t* const* rows, int groups, const float* z, int z_dim, float* sums);
}  // namespace avx2
namespace neon {
void sum_float_rows(const float* const* rows, int groups, const float* z, int z_dim, float* sums);
void sum_half_rows(const std::uint16_t* const* rows, int groups, const float* z, int z_dim, float* sums);
}  // namespace neon

}  // namespace pbgen::edge
