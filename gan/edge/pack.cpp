#include "gan/edge/pack.h"

#include "core/freestanding/half.h"
#include "core/freestanding/ints.h"
#include "gan/edge/float_deconv.h"

namespace pbgen::edge {
namespace {

// Output vectors of the linear layer, whole tiles.
std::size_t linear_vectors(int channels, int side) {
  return round_up(ceil_div(static_cast<std::size_t>(side) * side, kLanes) * channels, kLinearVectors);
}

// The feature in a lane of an output vector; -1 where the lane is padding.
std::ptrdiff_t feature_of(std::size_t vector, int lane, int channels, int side) {
  const std::size_t pixels = static_cast<std::size_t>(side) * side;
  const std::size_t channel = vector % channels;
  const std::size_t pixel = vector / channels * kLanes + lane;
  return pixel < pixels ? static_cast<std::ptrdiff_t>(channel * pixels + pixel) : -1;
}

constexpr int kTileLanes = kLinearVectors * kLanes;
constexpr int kWordBits = kWordInputs * kWordGroups;

int word_count(int z_dim) { return (z_dim + kWordBits - 1) / kWordBits; }

float float_of(float value) { return value; }
float float_of(std::uint16_t half) { return float_of_half({half}); }

// A tile of the linear layer's weights: rows of z become columns of lanes, a block that stays in the first-level cache at a time.
template <class Value>
void pack_tile(const Value* from, int z_dim, int channels, int side, std::size_t tile, float* to) {
  constexpr int kBlock = 32;
  float block[kLanes][kBlock];
  for (int v = 0; v < kLinearVectors; ++v) {
    const std::size_t vector = tile * kLinearVectors + v;
    for (int first = 0; first < z_dim; first += kBlock) {
      const int count = z_dim - first < kBlock ? z_dim - first : kBlock;
      for (int lane = 0; lane < kLanes; ++lane) {
        const std::ptrdiff_t feature = feature_of(vector, lane, channels, side);
        for (int i = 0; i < count; ++i) block[lane][i] = feature < 0 ? 0.0f : float_of(from[feature * z_dim + first + i]);
      }
      for (int i = 0; i < count; ++i)
        for (int lane = 0; lane < kLanes; ++lane) to[((first + i) * kLinearVectors + v) * kLanes + lane] = block[lane][i];
    }
  }
}

// Up to 32 signs from weight `first` on, the first one lowest.
struct FloatSigns {
  const float* from;
  std::uint32_t operator()(std::uint64_t first, int count) const {
    std::uint32_t bits = 0;
    for (int i = 0; i < count; ++i) bits |= std::uint32_t{from[first + i] >= 0.0f} << i;
    return bits;
  }
};
struct BitSigns {
  const std::uint8_t* from;
  // first: below 2^64, as 32 bits do not count the weights of 512 MB of signs.  Touches no byte behind the last bit.
  std::uint32_t operator()(std::uint64_t first, int count) const {
    const std::uint64_t last = (first + static_cast<std::uint64_t>(count) - 1) / 8;
    std::uint64_t bits = 0;
    int shift = 0;
    for (std::uint64_t byte = first / 8; byte <= last; ++byte, shift += 8) bits |= std::uint64_t{from[byte]} << shift;
    return static_cast<std::uint32_t>(bits >> first % 8 & ((std::uint64_t{1} << count) - 1));
  }
};

template <class Signs>
void pack_words(const Signs& signs, int z_dim, int channels, int side, std::uint32_t* to) {
  const std::size_t vectors = linear_vectors(channels, side);
  const int words = word_count(z_dim);
  for (std::size_t vector = 0; vector < vectors; ++vector)
    for (int lane = 0; lane < kLanes; ++lane) {
      const std::ptrdiff_t feature = feature_of(vector, lane, channels, side);
      for (int word = 0; word < words; ++word) {
        const int left = z_dim - word * kWordBits;
        const std::uint64_t first = static_cast<std::uint64_t>(feature) * static_cast<std::uint64_t>(z_dim) + word * kWordBits;
        to[((vector / kWordVectors * words + word) * kWordVectors + vector % kWordVectors) * kLanes + lane] =
            feature < 0 ? 0 : signs(first, left < kWordBits ? left : kWordBits);
      }
    }
}

// Bit k of five becomes bit 0 of byte k: of the bits at k + 7j the mask keeps those with j = k, and 5 < 7, so none meet.
std::uint64_t one_a_byte(std::uint32_t five) { return five * std::uint64_t{0x10204081} & 0x0101010101; }

// The numbers of five product rows, those of the kx of a ky, are made side by side; rows that are padding get 0.
template <class Signs>
void pack_row_numbers(const Signs& signs, int c_in, int c_out, std::uint8_t* to) {
  const int groups = group_count(c_in);
  const std::ptrdiff_t rows = kernel_rows(c_out);
  for (std::ptrdiff_t i = 0; i < kKernel * rows * groups; ++i) to[i] = 0;
  for (int block = 0; block < block_count(groups); ++block) {
    const int first_group = block_begin(groups, block);
    const int width = block_begin(groups, block + 1) - first_group;
    for (int ky = 0; ky < kKernel; ++ky, to += rows * width)
      for (int group = 0; group < width; ++group) {
        const int begin = group_begin(c_in, first_group + group);
        const int end = group_begin(c_in, first_group + group + 1);
        for (int o = 0; o < c_out; ++o) {
          std::uint64_t numbers = 0;
          for (int c = begin; c < end; ++c)
            numbers |= one_a_byte(signs((static_cast<std::size_t>(c) * c_out + o) * kTaps + ky * kKernel, kKernel)) << (c - begin);
          for (int kx = 0; kx < kKernel; ++kx) {
            const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(o) * kKernel + kx;
            const std::uint64_t number = numbers >> 8 * kx & 0x3f;
            to[(row / kRowBlock * width + group) * kRowBlock + row % kRowBlock] = static_cast<std::uint8_t>(4 * number);
          }
        }
      }
  }
}

// At Winograd's points: [phase][point of the phase][c_out/32][c_in][32].  Factors are powers of two, so that sums round alike with and
// without fused multiplications.
void pack_winograd(const float* from, int c_in, int c_out, float* to) {
  const int tiles = channel_tiles(c_out);
  for (int c = 0; c < c_in; ++c)
    for (int tile = 0; tile < tiles; ++tile) {
      float taps[kTaps][kChannelLanes];
      for (int lane = 0; lane < kChannelLanes; ++lane) {
        const int o = tile * kChannelLanes + lane;
        for (int tap = 0; tap < kTaps; ++tap)
          taps[tap][lane] = o < c_out ? from[(static_cast<std::size_t>(c) * c_out + o) * kTaps + tap] : 0.0f;
      }
      int number = 0;
      for (int phase = 0; phase < 4; ++phase)
        for (int i = kPhasePoints[phase / 2]; i < kPhasePoints[phase / 2 + 1]; ++i)
          for (int j = kPhasePoints[phase % 2]; j < kPhasePoints[phase % 2 + 1]; ++j, ++number) {
            float* const sums = to + ((static_cast<std::size_t>(number) * tiles + tile) * c_in + c) * kChannelLanes;
            for (int lane = 0; lane < kChannelLanes; ++lane) sums[lane] = 0.0f;
            for (int ky = 0; ky < kKernel; ++ky)
              for (int kx = 0; kx < kKernel; ++kx) {
                const float factor = kPointOfWeights[i][ky] * kPointOfWeights[j][kx];
                if (factor == 0.0f) continue;
                for (int lane = 0; lane < kChannelLanes; ++lane) sums[lane] += factor * taps[ky * kKernel + kx][lane];
              }
          }
    }
}

}  // namespace

std::size_t linear_floats_size(int z_dim, int channels, int side) { return linear_vectors(channels, side) * kLanes * z_dim; }

void pack_linear_floats(const float* from, int z_dim, int channels, int side, float* to) {
  const std::size_t tiles = linear_vectors(channels, side) / kLinearVectors;
  for (std::size_t tile = 0; tile < tiles; ++tile, to += static_cast<std::ptrdiff_t>(kTileLanes) * z_dim)
    pack_tile(from, z_dim, channels, side, tile, to);
}

void pack_linear_tile(const float* from, int z_dim, int channels, int side, std::ptrdiff_t tile, float* to) {
  pack_tile(from, z_dim, channels, side, static_cast<std::size_t>(tile), to);
}
void pack_linear_tile(const std::uint16_t* from, int z_dim, int channels, int side, std::ptrdiff_t tile, float* to) {
  pack_tile(from, z_dim, channels, side, static_cast<std::size_t>(tile), to);
}

std::size_t linear_signs_size(int z_dim, int channels, int side) { return linear_vectors(channels, side) * kLanes * word_count(z_dim); }

void pack_linear_signs(const float* from, int z_dim, int channels, int side, std::uint32_t* to) {
  pack_words(FloatSigns{from}, z_dim, channels, side, to);
}
void pack_linear_signs(const std::uint8_t* bits, int z_dim, int channels, int side, std::uint32_t* to) {
  pack_words(BitSigns{bits}, z_dim, channels, side, to);
}

std::size_t linear_shift_size(int channels, int side) { return linear_vectors(channels, side) * kLanes; }

void pack_linear_shift(const float* from, int channels, int side, float* to) {
  const std::size_t vectors = linear_vectors(channels, side);
  for (std::size_t vector = 0; vector < vectors; ++vector)
    for (int lane = 0; lane < kLanes; ++lane) {
      const std::ptrdiff_t feature = feature_of(vector, lane, channels, side);
      to[vector * kLanes + lane] = feature < 0 ? 0.0f : from[feature];
    }
}

std::size_t deconv_floats_size(int c_in, int c_out, int side) {
  const FloatDeconv way = float_deconv(c_in, c_out, side);
  const int channels = way == FloatDeconv::pixels ? c_out : channel_tiles(c_out) * kChannelLanes;
  return static_cast<std::size_t>(c_in) * channels * (way == FloatDeconv::winograd ? kPoints : kTaps);
}

void pack_deconv_floats(const float* from, int c_in, int c_out, int side, float* to) {
  const auto weight = [&](int c, int o, int tap) { return from[(static_cast<std::size_t>(c) * c_out + o) * kTaps + tap]; };
  const FloatDeconv way = float_deconv(c_in, c_out, side);
  if (way == FloatDeconv::winograd) return pack_winograd(from, c_in, c_out, to);
  if (way == FloatDeconv::channels) {
    for (int tile = 0; tile < c_out; tile += kChannelLanes)
      for (int first = 0; first < c_in; first += kChannelBlock)
        for (int tap = 0; tap < kTaps; ++tap)
          for (int c = first; c < c_in && c < first + kChannelBlock; ++c)
            for (int o = tile; o < tile + kChannelLanes; ++o) *to++ = o < c_out ? weight(c, o, tap) : 0.0f;
    return;
  }
  for (int o = 0; o < c_out; ++o)
    for (int ky = 0; ky < kKernel; ++ky)
      for (int c = 0; c < c_in; ++c)
        for (int kx = 0; kx < kKernel; ++kx) *to++ = weight(c, o, ky * kKernel + kx);
}

std::size_t deconv_signs_size(int c_in, int c_out) {
  return static_cast<std::size_t>(kKernel * kernel_rows(c_out)) * static_cast<std::size_t>(group_count(c_in));
}

void pack_deconv_signs(const float* from, int c_in, int c_out, std::uint8_t* to) {
  pack_row_numbers(FloatSigns{from}, c_in, c_out, to);
}
void pack_deconv_signs(const std::uint8_t* bits, int c_in, int c_out, std::uint8_t* to) {
  pack_row_numbers(BitSigns{bits}, c_in, c_out, to);
}

// A group's numbers are those without bits outside of a mask, so that it is enough to look at all bits that any of them has.
bool are_row_numbers(const std::uint8_t* numbers, int c_in, int c_out) {
  const int groups = group_count(c_in);
  const std::ptrdiff_t row_blocks = kKernel * (kernel_rows(c_out) / kRowBlock);
  for (int block = 0; block < block_count(groups); ++block) {
    const int first_group = block_begin(groups, block);
    const int width = block_begin(groups, block + 1) - first_group;
    std::uint64_t met[kBlockGroups] = {};  // eight rows' bytes
    for (std::ptrdiff_t row_block = 0; row_block < row_blocks; ++row_block)
      for (int group = 0; group < width; ++group, numbers += kRowBlock) {
        std::uint64_t word;
        static_assert(sizeof word == kRowBlock, "a word is eight rows' numbers");
        __builtin_memcpy(&word, numbers, sizeof word);
        met[group] |= word;
      }
    for (int group = 0; group < width; ++group) {
      const int channels = group_begin(c_in, first_group + group + 1) - group_begin(c_in, first_group + group);
      const std::uint64_t largest = 4 * ((std::uint64_t{1} << channels) - 1);
      if ((met[group] & ~(largest * 0x0101010101010101)) != 0) return false;
    }
  }
  return true;
}

}  // namespace pbgen::edge
