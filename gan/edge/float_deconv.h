// How a float deconvolution is computed.  Its shape alone decides, since the order of the weights depends on it.
#pragma once

#include "gan/edge/generator_leaf.h"
#include "gan/edge/winograd.h"

namespace pbgen::edge {

enum class FloatDeconv : std::uint8_t {
  pixels,    // input pixels in the lanes, and an assembly
  channels,  // output channels in the lanes
  winograd,  // output channels in the lanes, at Winograd's points
};

// Whether output channels in the lanes take fewer multiplications than pixels, which multiply every tap by an even number of vectors.
// From sixteen pixels a row on those leave out the rows outside, and so is nearly all of their work exact.
constexpr bool channels_in_lanes(int c_out, int side) {
  if (side >= 2 * kLanes) return false;
  int valid = 0;
  for (int k = 0; k < kKernel; ++k) valid += valid_end(k, side) - valid_begin(k);
  const int pixel_pairs = (side * side + 2 * kLanes - 1) / (2 * kLanes);
  return static_cast<std::int64_t>(channel_tiles(c_out)) * kChannelVectors * valid * valid <
         static_cast<std::int64_t>(c_out) * kTaps * 2 * pixel_pairs;
}

// Whether Winograd's points take less than direct sums: a tile's products, and its sums of inputs and outputs (13^2 and 10^2 terms, each
// worth about one and a half multiplications), against 100 taps less those that meet no output.  At 4x4 it would pay in
// multiplications too, but all weights pass for one image, and there are twice as many.
constexpr bool takes_winograd(int c_in, int c_out, int side) {
  constexpr std::int64_t kInputTerms = 13 * 13;
  constexpr std::int64_t kOutputTerms = 10 * 10;
  constexpr std::int64_t kDirect = 85;
  const std::int64_t lanes = std::int64_t{channel_tiles(c_out)} * kChannelLanes;
  return side >= kLanes && kPoints * c_in * lanes + (kInputTerms * c_in + kOutputTerms * lanes) * 3 / 2 < kDirect * c_in * c_out;
}

constexpr FloatDeconv float_deconv(int c_in, int c_out, int side) {
  if (takes_winograd(c_in, c_out, side)) return FloatDeconv::winograd;
  return channels_in_lanes(c_out, side) ? FloatDeconv::channels : FloatDeconv::pixels;
}

}  // namespace pbgen::edge
