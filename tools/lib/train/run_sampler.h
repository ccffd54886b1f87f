// The generator of a run as its samples and scores draw from it.
#pragma once

#include "gan/sampler.h"
#include "gan/trainer.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {

// The averaged generator where there is one, with exact statistics where the configuration asks for them.  In memory that the trainer does
// not need between two steps: the sampler's life ends before the next one.
Sampler run_sampler(Trainer& trainer, const RunConfig& config);

}  // namespace pbgen
