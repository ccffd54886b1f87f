#include "gan/edge/placed_model.h"

#include "gan/edge/pack.h"

namespace pbgen::edge {
namespace {

// Both return the bytes that hold numbers made of one-bit weights: none where the file holds the numbers themselves.
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
  if (from.kind == Weights::packed_signs) layer.sign_words = reinterpret_cast<const std::uint32_t*>(from.weights);
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
  if (from.kind == Weights::packed_signs) {
    layer.row_numbers = from.weights;
    return 0;
  }
  const std::uint64_t before = arena.used();
  auto* const numbers = arena.take<std::uint8_t>(deconv_signs_size(layer.c_in, layer.c_out));
  layer.row_numbers = numbers;
  if (!arena.measures()) pack_deconv_signs(from.weights, layer.c_in, layer.c_out, numbers);
  return arena.used() - before;
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

}  // namespace pbgen::edge
