#include "tools/lib/train/run_config.h"

#include <cmath>

#include "core/base/check.h"
#include "core/base/option_error.h"

namespace pbgen {

std::int64_t total_iterations(const RunConfig& config, std::int64_t training_images) {
  if (config.cadence.iterations) return *config.cadence.iterations;
  const double epochs = config.cadence.epochs.value_or(1.0);
  const std::int64_t batches = training_images / config.trainer.batch;  // of an epoch
  double iterations = std::ceil(epochs * static_cast<double>(batches) / config.trainer.d_steps);
  if (!config.cadence.epochs) iterations = std::fmax(iterations, static_cast<double>(kDefaultIterations));
  if (iterations > static_cast<double>(kMaxIterations)) {
    throw InvalidOption("epochs", epochs, concat("at most ", kMaxIterations, " iterations; of these images they are ", iterations));
  }
  return static_cast<std::int64_t>(iterations);
}

std::int64_t images_per_iteration(const RunConfig& config) { return std::int64_t{config.trainer.batch} * config.trainer.d_steps; }

}  // namespace pbgen
