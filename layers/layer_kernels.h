// What a path does inside layers: the innermost loops of each kind, chosen in dispatch.cpp.  All paths give the same bits.
#pragma once

#include "layers/activations_leaf.h"
#include "layers/batchnorm_leaf.h"
#include "layers/binary_weight_leaf.h"
#include "layers/lane_matrix_leaf.h"

namespace pbgen {

struct LayerKernels {
  const activations_leaf::Leaves& activations;
  const batchnorm_leaf::Leaves& batchnorm;
  const binary_weight_leaf::Leaves& binary_weight;
  const lane_matrix_leaf::Leaves& lane_matrix;
};

// The table of the path in force.
const LayerKernels& layer_kernels();

}  // namespace pbgen
