// Which loops a path has.  Another instruction set is its leaves, a table here, and a line in layer_kernels.
#include "core/base/cpu.h"
#include "layers/layer_kernels.h"

namespace pbgen {
namespace {

constexpr activations_leaf::Leaves kActivationsRef = {
    .tanh = activations_leaf::tanh_ref,
    .tanh_backward = activations_leaf::tanh_backward_ref,
    .rectify = activations_leaf::rectify_ref,
    .rectify_backward = activations_leaf::rectify_backward_ref,
};
constexpr LayerKernels kRef = {kActivationsRef, batchnorm_leaf::kRef, binary_weight_leaf::kRef, lane_matrix_leaf::kRef};
#if defined(__x86_64__)
constexpr activations_leaf::Leaves kActivationsAvx2 = {
    .tanh = activations_leaf::tanh_avx2,
    .tanh_backward = activations_leaf::tanh_backward_ref,
    .rectify = activations_leaf::rectify_ref,
    .rectify_backward = activations_leaf::rectify_backward_ref,
};
constexpr activations_leaf::Leaves kActivationsAvx512 = {
    .tanh = activations_leaf::tanh_avx512,
    .tanh_backward = activations_leaf::tanh_backward_avx512,
    .rectify = activations_leaf::rectify_avx512,
    .rectify_backward = activations_leaf::rectify_backward_avx512,
};
constexpr LayerKernels kAvx2 = {kActivationsAvx2, batchnorm_leaf::kAvx2, binary_weight_leaf::kAvx2, lane_matrix_leaf::kAvx2};
constexpr LayerKernels kAvx512 = {kActivationsAvx512, batchnorm_leaf::kAvx512, binary_weight_leaf::kAvx2, lane_matrix_leaf::kAvx2};
#endif

}  // namespace

const LayerKernels& layer_kernels() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512;
  if (isa() == Isa::avx2) return kAvx2;
#endif
  return kRef;
}

}  // namespace pbgen
