// Which loops a path has.  Another instruction set is its leaves, a table here, and a line in layer_kernels.
#include "core/base/cpu.h"
#include "layers/layer_kernels.h"

namespace pbgen {
namespace {

constexpr LayerKernels kRef = {activations_leaf::kRef, batchnorm_leaf::kRef, binary_weight_leaf::kRef, lane_matrix_leaf::kRef};
#if defined(__x86_64__)
constexpr LayerKernels kAvx2 = {activations_leaf::kAvx2, batchnorm_leaf::kAvx2, binary_weight_leaf::kAvx2, lane_matrix_leaf::kAvx2};
#endif

}  // namespace

const LayerKernels& layer_kernels() {
#if defined(__x86_64__)
  if (isa() != Isa::ref) return kAvx2;
#endif
  return kRef;
}

}  // namespace pbgen
