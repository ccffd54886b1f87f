#include "tools/lib/train/run_sampler.h"

namespace pbgen {

Sampler run_sampler(Trainer& trainer, const TrainFlags& flags) {
  Sampler sampler(trainer.options().network, trainer.sampling_generator(), trainer.idle_memory());
  if (flags.bn_calibrate > 0) sampler.calibrate(flags.bn_calibrate, flags.batch, flags.seed);
  return sampler;
}

}  // namespace pbgen
