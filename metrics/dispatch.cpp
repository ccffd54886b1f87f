// Which loops a path has.  Another instruction set is its leaves, a table here, and a line in metric_kernels.
#include "core/base/cpu.h"
#include "metrics/metric_kernels.h"

namespace pbgen {
namespace {

constexpr MetricKernels kRef = {level_planes_leaf::kRef, nullptr, nullptr};
#if defined(__x86_64__)
constexpr MetricKernels kAvx2 = {level_planes_leaf::kAvx2, &patch_projection_leaf::kAvx2, &fixed_wasserstein_leaf::kAvx2};
#endif

}  // namespace

const MetricKernels& metric_kernels() {
#if defined(__x86_64__)
  if (isa() != Isa::ref) return kAvx2;
#endif
  return kRef;
}

}  // namespace pbgen
