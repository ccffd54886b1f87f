// train_gan --dry-run.
#pragma once

#include "tools/lib/train/run_plan.h"

namespace pbgen {

// --dry-run: layers, memory and an estimate of the time from a few measured iterations, on stdout.  The images are counted,
// not decoded.  Error(data) where there are none.
void show_plan(const RunPlan& plan);

}  // namespace pbgen
