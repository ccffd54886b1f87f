#include "core/conv/binary_pack.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/base/thread_scratch.h"
#include "core/freestanding/ints.h"

namespace pbgen::binary_pack {
namespace {

using binary_leaf::kTileRows;

// Signs and numbers are taken so many at a time, a vector of every x86-64; what follows them is read and written, too.
constexpr std::int64_t kChunk = 16;

constexpr std::int64_t whole_chunks(std::int64_t count) { return round_up(count, kChunk); }

// One group's row numbers for count outputs, a whole number of chunks, whose channels' signs lie step bytes apart.
void row_numbers(std::int64_t channels, std::int64_t count, const std::uint8_t* signs, std::int64_t step, std::uint8_t* numbers) {
  for (std::int64_t begin = 0; begin < count; begin += kChunk) {
    std::uint8_t sums[kChunk] = {};
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto bit = static_cast<std::uint8_t>(1 << (c + binary_leaf::kRowNumberShift));
      const std::uint8_t* const from = signs + c * step + begin;
      for (std::int64_t i = 0; i < kChunk; ++i) sums[i] = static_cast<std::uint8_t>(sums[i] | (from[i] & bit));
    }
    std::copy_n(sums, kChunk, numbers + begin);
  }
}

// numbers[8 rows at most][row_step] becomes a word of eight for every tap.
void store_words(std::int64_t rows, std::int64_t taps, const std::uint8_t* numbers, std::int64_t row_step, std::uint8_t* words,
                 std::int64_t word_step) {
  for (std::int64_t tap = 0; tap < taps; ++tap)
    for (std::int64_t r = 0; r < kTileRows; ++r) words[tap * word_step + r] = r < rows ? numbers[r * row_step + tap] : std::uint8_t{0};
}

// Where the word of a tile of rows, a group and tap 0 stands; the next tap's is tap_step further.
struct Packed {
  std::uint8_t* data;
  InputBlocks blocks;
  std::int64_t tiles;
  std::int64_t taps;
  std::int64_t tap_step() const { return tiles * blocks.groups * 8; }
  std::uint8_t* word(std::int64_t block, std::int64_t tile, std::int64_t group) const {
    return data + block * taps * tap_step() + (tile * blocks.groups + group) * 8;
  }
};

Packed packed(std::uint8_t* data, std::int64_t c_in, std::int64_t c_out, std::int64_t taps) {
  return {data, input_blocks(c_in), ceil_div(c_out, kTileRows), taps};
}

// Channels of a group that exist: the last block may lack some.
std::int64_t group_channels(const InputBlocks& blocks, std::int64_t block, std::int64_t group, std::int64_t c_in) {
  const std::int64_t begin = block * blocks.channels + binary_leaf::group_begin(blocks.channels, blocks.groups, group);
  const std::int64_t end = block * blocks.channels + binary_leaf::group_begin(blocks.channels, blocks.groups, group + 1);
  return std::clamp<std::int64_t>(c_in - begin, 0, end - begin);
}

// Input channels are w's rows, output channels lie inside a row.
void pack_for_big(const binary_leaf::Leaves& leaves, const ConvWeightShape& shape, const float* w, std::uint8_t* to) {
  const Packed p = packed(to, shape.c_small, shape.c_big, shape.taps());
  const std::int64_t row = shape.c_big * shape.taps();
  parallel_items(p.blocks.count * p.blocks.groups, [&](std::int64_t item) {
    const std::int64_t block = item / p.blocks.groups;
    const std::int64_t group = item % p.blocks.groups;
    const std::int64_t channels = group_channels(p.blocks, block, group, shape.c_small);
    const std::int64_t begin = block * p.blocks.channels + binary_leaf::group_begin(p.blocks.channels, p.blocks.groups, group);
    const ThreadScratch scratch(channels * row + kChunk + whole_chunks(row));
    std::uint8_t* const signs = scratch.bytes();
    std::uint8_t* const numbers = signs + channels * row + kChunk;
    if (channels > 0) leaves.sign_bytes(channels * row, w + begin * row, signs);
    row_numbers(channels, whole_chunks(row), signs, row, numbers);
    for (std::int64_t tile = 0; tile < p.tiles; ++tile)
      store_words(std::min(kTileRows, shape.c_big - tile * kTileRows), p.taps, numbers + tile * kTileRows * p.taps, p.taps,
                  p.word(block, tile, group), p.tap_step());
  }, min_piece_of(binary_leaf::kGroupChannels * row));
}

// Output channels are w's rows, input channels lie inside a row.
void pack_for_small(const binary_leaf::Leaves& leaves, const ConvWeightShape& shape, const float* w, std::uint8_t* to) {
  const Packed p = packed(to, shape.c_big, shape.c_small, shape.taps());
  const std::int64_t row = shape.c_big * shape.taps();
  parallel_items(p.tiles, [&](std::int64_t tile) {
    const std::int64_t rows = std::min(kTileRows, shape.c_small - tile * kTileRows);
    const std::int64_t step = whole_chunks(p.taps);
    const ThreadScratch scratch(rows * row + kChunk + kTileRows * step);
    std::uint8_t* const signs = scratch.bytes();
    std::uint8_t* const numbers = signs + rows * row + kChunk;
    leaves.sign_bytes(rows * row, w + tile * kTileRows * row, signs);
    for (std::int64_t block = 0; block < p.blocks.count; ++block)
      for (std::int64_t group = 0; group < p.blocks.groups; ++group) {
        const std::int64_t begin = block * p.blocks.channels + binary_leaf::group_begin(p.blocks.channels, p.blocks.groups, group);
        const std::int64_t channels = group_channels(p.blocks, block, group, shape.c_big);
        for (std::int64_t r = 0; r < rows; ++r)
          row_numbers(channels, step, signs + r * row + begin * p.taps, p.taps, numbers + r * step);
        store_words(rows, p.taps, numbers, step, p.word(block, tile, group), p.tap_step());
      }
  }, min_piece_of(kTileRows * row));
}

}  // namespace

InputBlocks input_blocks(std::int64_t c_in) {
  const std::int64_t count = ceil_div(c_in, binary_leaf::kBlockChannels);
  const std::int64_t channels = ceil_div(c_in, count);
  return {count, channels, ceil_div(channels, binary_leaf::kGroupChannels)};
}

std::int64_t packed_bytes(std::int64_t c_in, std::int64_t c_out, std::int64_t taps) {
  const InputBlocks blocks = input_blocks(c_in);
  return blocks.count * blocks.groups * taps * ceil_div(c_out, kTileRows) * 8;
}

void pack(const binary_leaf::Leaves& leaves, const ConvWeightShape& shape, const float* w, std::uint8_t* for_big, std::uint8_t* for_small) {
  pack_for_big(leaves, shape, w, for_big);
  pack_for_small(leaves, shape, w, for_small);
}

}  // namespace pbgen::binary_pack
