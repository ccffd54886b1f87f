// How long a training run will take, measured or estimated within seconds, however large it is.
#pragma once

#include "gan/trainer.h"

namespace pbgen {

struct RunEstimate {
  double iteration_seconds = 0.0;
  // What was run: the network itself, or one of its kind that is small enough.
  TrainerOptions measured;
  int iterations = 0;
  bool scaled = false;  // the time is that of `measured`, times the ratio of the operations
};

// Runs a few iterations on noise: of the run itself where they take a second or two, else of the largest that does, with a smaller
// size, batch and, where there are very many weights, narrower layers.  Some 5 s, whatever the options, and less than about 1 GB; on a
// busy machine longer.
RunEstimate estimate_run(const TrainerOptions& options);

}  // namespace pbgen
