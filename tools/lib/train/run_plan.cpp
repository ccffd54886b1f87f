#include "tools/lib/train/run_plan.h"

#include <cmath>

#include "core/base/check.h"

namespace pbgen {

std::int64_t total_iterations(const TrainFlags& flags, std::int64_t training_images) {
  if (flags.iterations) return *flags.iterations;
  const double iterations = std::ceil(*flags.epochs * static_cast<double>(training_images / flags.batch) / flags.d_steps);
  if (iterations > static_cast<double>(kMaxIterations))
    fail(ErrorKind::usage, "--epochs ", *flags.epochs, ": ", iterations, " iterations of these images, at most ", kMaxIterations,
         " are run");
  return static_cast<std::int64_t>(iterations);
}

std::int64_t images_per_iteration(const TrainFlags& flags) { return std::int64_t{flags.batch} * flags.d_steps; }

}  // namespace pbgen
