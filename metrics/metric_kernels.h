// What a path does inside the metrics, chosen in dispatch.cpp.
#pragma once

#include "metrics/fixed_wasserstein_leaf.h"
#include "metrics/level_planes_leaf.h"
#include "metrics/patch_projection_leaf.h"

namespace pbgen {

struct MetricKernels {
  const level_planes_leaf::Leaves& level_planes;
  // Null: the path has none, and patches.h with sorted projections, the definition, takes the place of what these serve.
  const patch_projection_leaf::Leaves* patch_projection;
  const fixed_wasserstein_leaf::Leaves* fixed_wasserstein;
};

// The table of the path in force.
const MetricKernels& metric_kernels();

}  // namespace pbgen
