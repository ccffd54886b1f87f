// An exported model's layers expanded to floats, for tests that compare them with those that were packed.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/freestanding/half.h"
#include "gan/folded_generator.h"
#include "gan/packed_model.h"

namespace pbgen {

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
