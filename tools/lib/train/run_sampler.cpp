#include "tools/lib/train/run_sampler.h"

namespace pbgen {

Sampler run_sampler(Trainer& trainer, const RunConfig& config) {
  Sampler sampler(trainer.options().network, trainer.sampling_generator(), trainer.idle_memory());
  const int batches = config.scoring.calibration_batches;
  if (batches > 0) sampler.calibrate(batches, config.trainer.batch, config.trainer.seed);
  return sampler;
}

}  // namespace pbgen
