// What a path does for the products of convolutions: a table of functions for each, chosen in dispatch.cpp.
#pragma once

#include <cstdint>

#include "core/base/cpu.h"
#include "core/base/workspace.h"
#include "core/conv/conv_cuts.h"
#include "core/conv/conv_geometry.h"
#include "core/conv/conv_operands.h"
#include "core/conv/im2col_leaf.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// What packed weights take, in elements, for each of the two products; 0: the path reads the weights as they are.
struct PackedSizes {
  std::int64_t for_big = 0;
  std::int64_t for_small = 0;
};

// The weights of one product, T being float or, of signs, row numbers of tables.
template <class T>
struct ConvOperand {
  ConvWeightShape shape;
  const float* plain;  // w[c_small][c_big][taps]
  const T* packed;     // what pack wrote for this product
};

// Operands were checked.  The contracts are those of conv_direct.h, binary_conv.h, conv_cuts.h and im2col.h.
struct ConvKernels {
  Isa path;
  bool packs;  // else it reads weights as they are, whatever path they were packed for

  PackedSizes (*packed_floats)(const ConvWeightShape& shape);
  void (*pack)(const ConvWeightShape& shape, const float* w, float* for_big, float* for_small);
  void (*to_small)(const ConvGeometry& g, const ConvOperand<float>& weights, const float* bias, ConstTensorView big, TensorView small);
  void (*to_big)(const ConvGeometry& g, const ConvOperand<float>& weights, const float* bias, ConstTensorView small, TensorView big);
  std::int64_t (*weight_gradient_floats)(const ConvGeometry& g, const LaneShape& small, const LaneShape& big);
  void (*weight_gradient)(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw, Workspace& workspace);

  PackedSizes (*packed_sign_bytes)(const ConvWeightShape& shape);
  void (*pack_signs)(const ConvWeightShape& shape, const float* w, std::uint8_t* for_big, std::uint8_t* for_small);
  void (*signs_to_small)(const ConvGeometry& g, const ConvOperand<std::uint8_t>& weights, const ConvScales& scales, ConstTensorView big,
                         TensorView small);
  void (*signs_to_big)(const ConvGeometry& g, const ConvOperand<std::uint8_t>& weights, const ConvScales& scales, ConstTensorView small,
                       TensorView big);

  DealtWork (*dealt)(ConvProduct product, const ConvGeometry& g, const LaneShape& small, const LaneShape& big);

  const im2col_leaf::Leaves* streaming;  // null: none
};

// The table of the path in force.
const ConvKernels& conv_kernels();

}  // namespace pbgen
