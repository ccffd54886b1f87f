// The layouts of generator_leaf.h.
#include "gan/edge/generator.h"

namespace pbgen::edge {
namespace {

constexpr std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

std::size_t pixel_vectors(int side) { return (static_cast<std::size_t>(side) * side + kLanes - 1) / kLanes; }

// Output vectors of the linear layer, whole tiles.
std::size_t linear_vectors(int channels, int side) { return round_up(pixel_vectors(side) * channels, kLinearVectors); }

// The feature in a lane of an output vector; -1 where the lane is padding.
std::ptrdiff_t feature_of(std::size_t vector, int lane, int channels, int side) {
  const std::size_t pixels = static_cast<std::size_t>(side) * side;
  const std::size_t channel = vector % channels;
  const std::size_t pixel = vector / channels * kLanes + lane;
  return pixel < pixels ? static_cast<std::ptrdiff_t>(channel * pixels + pixel) : -1;
}

int word_count(int z_dim) { return (z_dim + kWordInputs * kWordGroups - 1) / (kWordInputs * kWordGroups); }

}  // namespace

std::size_t linear_floats_size(int z_dim, int channels, int side) { return linear_vectors(channels, side) * kLanes * z_dim; }

void pack_linear_floats(const float* from, int z_dim, int channels, int side, float* to) {
  const std::size_t vectors = linear_vectors(channels, side);
  for (std::size_t vector = 0; vector < vectors; ++vector)
    for (int lane = 0; lane < kLanes; ++lane) {
      const std::ptrdiff_t feature = feature_of(vector, lane, channels, side);
      float* const tile = to + vector / kLinearVectors * kLinearVectors * kLanes * z_dim;
      for (int i = 0; i < z_dim; ++i)
        tile[(i * kLinearVectors + vector % kLinearVectors) * kLanes + lane] = feature < 0 ? 0.0f : from[feature * z_dim + i];
    }
}

std::size_t linear_signs_size(int z_dim, int channels, int side) { return linear_vectors(channels, side) * kLanes * word_count(z_dim); }

void pack_linear_signs(const float* from, int z_dim, int channels, int side, std::uint32_t* to) {
  const std::size_t vectors = linear_vectors(channels, side);
  const int words = word_count(z_dim);
  for (std::size_t vector = 0; vector < vectors; ++vector)
    for (int word = 0; word < words; ++word)
      for (int lane = 0; lane < kLanes; ++lane) {
        const std::ptrdiff_t feature = feature_of(vector, lane, channels, side);
        std::uint32_t bits = 0;
        for (int b = 0; b < kWordInputs * kWordGroups && feature >= 0; ++b) {
          const int i = word * kWordInputs * kWordGroups + b;
          if (i < z_dim && from[feature * z_dim + i] >= 0.0f) bits |= std::uint32_t{1} << b;
        }
        to[((vector / kWordVectors * words + word) * kWordVectors + vector % kWordVectors) * kLanes + lane] = bits;
      }
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
  const int channels = channels_in_lanes(c_out, side) ? channel_tiles(c_out) * kChannelLanes : c_out;
  return static_cast<std::size_t>(c_in) * channels * kTaps;
}

void pack_deconv_floats(const float* from, int c_in, int c_out, int side, float* to) {
  const auto weight = [&](int c, int o, int tap) { return from[(static_cast<std::size_t>(c) * c_out + o) * kTaps + tap]; };
  if (channels_in_lanes(c_out, side)) {
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
  const int groups = group_count(c_in);
  const std::ptrdiff_t rows = kernel_rows(c_out);
  // The table row's number for a product row of ky; 0 where the row is padding.
  const auto number_of = [&](int group, int ky, std::ptrdiff_t row) {
    const std::ptrdiff_t o = row / kKernel;
    unsigned number = 0;
    for (int c = group_begin(c_in, group); c < group_begin(c_in, group + 1) && o < c_out; ++c)
      if (from[(static_cast<std::ptrdiff_t>(c) * c_out + o) * kTaps + ky * kKernel + row % kKernel] >= 0.0f)
        number |= 1u << (c - group_begin(c_in, group));
    return number;
  };
  for (int block = 0; block < block_count(groups); ++block)
    for (int ky = 0; ky < kKernel; ++ky)
      for (std::ptrdiff_t first = 0; first < rows; first += kRowBlock)
        for (int group = block_begin(groups, block); group < block_begin(groups, block + 1); ++group)
          for (std::ptrdiff_t row = first; row < first + kRowBlock; ++row) *to++ = static_cast<std::uint8_t>(4 * number_of(group, ky, row));
}

}  // namespace pbgen::edge
