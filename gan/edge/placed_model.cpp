#include "gan/edge/placed_model.h"

#include <bit>

#include "gan/edge/pack.h"

namespace pbgen::edge {
namespace {

// Both return the bytes that hold numbers made of one-bit weights.
std::uint64_t place_linear(const ModelLayer& from, Arena& arena, LinearLayer& layer) {
  layer.z_dim = from.c_in;
  layer.channels = from.c_out;
  layer.side = from.side;
  layer.scale = from.scale;
  float* const shift = arena.take<float>(linear_shift_size(layer.channels, layer.side));
  layer.shift = shift;
  if (!arena.measures()) pack_linear_shift(from.shift, layer.channels, layer.side, shift);
  if (from.kind == Weights::floats) layer.rows = reinterpret_cast<const float*>(from.weights);
  if (from.kind == Weights::halves) layer.half_rows = reinterpret_cast<const std::uint16_t*>(from.weights);
  if (from.kind != Weights::signs) return 0;
  const std::uint64_t before = arena.used();
  auto* const words = arena.take<std::uint32_t>(linear_signs_size(layer.z_dim, layer.channels, layer.side));
  layer.sign_words = words;
  if (!arena.measures()) pack_linear_signs(from.weights, layer.z_dim, layer.channels, layer.side, words);
  return arena.used() - before;
}

std::uint64_t place_deconv(const ModelLayer& from, Arena& arena, DeconvLayer& layer) {
  layer.c_in = from.c_in;
  layer.c_out = from.c_out;
  layer.side = from.side;
  layer.scale = from.scale;
  layer.shift = from.shift;
  if (from.kind == Weights::floats) {
    float* const weights = arena.take<float>(deconv_floats_size(layer.c_in, layer.c_out, layer.side));
    layer.weights = weights;
    if (!arena.measures())
      pack_deconv_floats(reinterpret_cast<const float*>(from.weights), layer.c_in, layer.c_out, layer.side, weights);
    return 0;
  }
  const std::uint64_t before = arena.used();
  auto* const numbers = arena.take<std::uint8_t>(deconv_signs_size(layer.c_in, layer.c_out));
  layer.row_numbers = numbers;
  if (!arena.measures()) pack_deconv_signs(from.weights, layer.c_in, layer.c_out, numbers);
  return arena.used() - before;
}

// NaN is found and masked by bits, since compilers make vectors of that.
std::uint8_t byte_of(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  const std::int32_t within = -std::int32_t{(bits & 0x7fffffff) <= std::bit_cast<std::int32_t>(1.0f)};
  const std::int32_t kept = (bits & within) | (std::bit_cast<std::int32_t>(-1.0f) & ~within);
  const float scaled = 127.5f * std::bit_cast<float>(kept) + 127.5f;
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(scaled + 0.5f));
}

}  // namespace

std::uint64_t place_generator(const Model& model, Path path, Arena& arena, Generator& generator) {
  generator = {};
  generator.path = path;
  generator.deconv_count = kModelLayers - 1;
  std::uint64_t row_number_bytes = place_linear(model.layers[0], arena, generator.linear);
  for (int i = 1; i < kModelLayers; ++i) row_number_bytes += place_deconv(model.layers[i], arena, generator.deconvs[i - 1]);
  generator.deconvs[kModelLayers - 2].activation = Activation::tanh;
  return row_number_bytes;
}

// Some pixels at a time, so that what is made of them stays in registers and the first-level cache.
void write_bytes(const float* image, int channels, int pixels, std::uint8_t* to) {
  constexpr int kBlock = 256;
  std::uint8_t block[kBlock];
  for (int first = 0; first < pixels; first += kBlock) {
    const int count = pixels - first < kBlock ? pixels - first : kBlock;
    for (int c = 0; c < channels; ++c) {
      const float* const from = image + static_cast<std::ptrdiff_t>(c) * pixels + first;
      for (int i = 0; i < count; ++i) block[i] = byte_of(from[i]);
      std::uint8_t* const place = to + static_cast<std::ptrdiff_t>(first) * channels + c;
      for (int i = 0; i < count; ++i) place[static_cast<std::ptrdiff_t>(i) * channels] = block[i];
    }
  }
}

}  // namespace pbgen::edge
