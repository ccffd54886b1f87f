// What training takes, known before anything of it is allocated.
#pragma once

#include <cstdint>

#include "gan/trainer.h"

namespace pbgen {

// Bytes.
struct TrainingMemory {
  std::int64_t weights = 0;  // values, gradients and both moments of both networks; the averaged generator's values; what ranks exchange
  std::int64_t derived = 0;      // what the layers keep of their weights: packings, signs, scales
  std::int64_t activations = 0;  // 4 * Trainer::activation_floats()

  std::int64_t total() const { return weights + derived + activations; }
};

// What a Trainer of these options takes in each of so many ranks, which divide its shards; its networks and batch are valid.
TrainingMemory training_memory(const TrainerOptions& options, int ranks = 1);

}  // namespace pbgen
