// An exported model's layers expanded to floats, for tests that compare them with those that were packed.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/freestanding/half.h"
#include "gan/folded_generator.h"
#include "gan/packed_model.h"

namespace pbgen {

// Weight k of a layer of version 2, found as gan/packed_model.h describes it.
inline bool packed_sign(const edge::ModelLayer& layer, bool linear, std::int64_t k) {
  const auto ceil_of = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  // Which of `parts` parts of [0, count) holds i, part p being from p count / parts on.
  const auto part_of = [](std::int64_t i, std::int64_t count, std::int64_t parts) { return ((i + 1) * parts - 1) / count; };
  const std::int64_t c_in = layer.c_in;
  const std::int64_t c_out = layer.c_out;
  if (linear) {
    const std::int64_t pixels = std::int64_t{layer.side} * layer.side;
    const std::int64_t feature = k / c_in;
    const std::int64_t vector = feature % pixels / 8 * c_out + feature / pixels;
    const std::int64_t lane = feature % pixels % 8;
    const std::int64_t word = ((vector / 4 * ceil_of(c_in, 30) + k % c_in / 30) * 4 + vector % 4) * 8 + lane;
    const std::int64_t bit = 32 * word + k % c_in % 30;
    return (layer.weights[bit / 8] >> bit % 8 & 1) != 0;
  }
  const std::int64_t c = k / (25 * c_out);
  const std::int64_t row = k / 25 % c_out * 5 + k % 5;
  const std::int64_t rows = 8 * ceil_of(5 * c_out, 8);
  const std::int64_t groups = ceil_of(c_in, 6);
  const std::int64_t blocks = ceil_of(groups, 11);
  const std::int64_t group = part_of(c, c_in, groups);
  const std::int64_t block = part_of(group, groups, blocks);
  const std::int64_t first = block * groups / blocks;
  const std::int64_t width = (block + 1) * groups / blocks - first;
  const std::int64_t byte = rows * (5 * first + k / 5 % 5 * width) + (row / 8 * width + group - first) * 8 + row % 8;
  return (layer.weights[byte] >> (2 + c - group * c_in / groups) & 1) != 0;
}

inline FoldedGenerator unpacked(const PackedModel& model) {
  FoldedGenerator folded = zero_generator(model.network());
  for (int i = 0; i < FoldedGenerator::kLayers; ++i) {
    const edge::ModelLayer& from = model.layers().layers[i];
    FoldedLayer& to = folded.layers[i];
    for (std::int64_t k = 0; k < to.weights.size(); ++k) {
      if (from.kind == edge::Weights::floats) {
        std::memcpy(&to.weights[k], from.weights + 4 * k, 4);
      } else if (from.kind == edge::Weights::halves) {
        Half half;
        std::memcpy(&half, from.weights + 2 * k, 2);
        to.weights[k] = float_of_half(half);
      } else if (from.kind == edge::Weights::packed_signs) {
        to.weights[k] = packed_sign(from, i == 0, k) ? 1.0f : -1.0f;
      } else {
        to.weights[k] = (from.weights[k / 8] >> k % 8 & 1) != 0 ? 1.0f : -1.0f;
      }
    }
    for (std::int64_t k = 0; k < to.scale.size(); ++k) to.scale[k] = from.scale[k];
    for (std::int64_t k = 0; k < to.shift.size(); ++k) to.shift[k] = from.shift[k];
  }
  return folded;
}

}  // namespace pbgen
