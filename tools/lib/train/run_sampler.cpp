#include "tools/lib/train/run_sampler.h"

namespace pbgen {

Sampler run_sampler(Trainer& trainer, const RunConfig& config) {
  // A calibration passes whole batches, of which each of several ranks has memory for its part.
  const SamplerLoan loan = trainer.ranks().count() == 1 ? trainer.idle_memory() : SamplerLoan();
  Sampler sampler(trainer.options().network, trainer.sampling_generator(), loan);
  const int batches = config.scoring.calibration_batches;
  if (batches > 0) sampler.calibrate(batches, config.trainer.batch, config.trainer.seed);
  return sampler;
}

}  // namespace pbgen
