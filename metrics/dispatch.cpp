// Which loops a path has.  Another instruction set is its leaves, a table here, and a line in metric_kernels.
#include "core/base/cpu.h"
#include "metrics/metric_kernels.h"

namespace pbgen {
namespace {

constexpr MetricKernels kRef = {level_planes_leaf::kRef, nullptr, nullptr};
#if defined(__x86_64__)
constexpr level_planes_leaf::Leaves kPlanesAvx2 = {level_planes_leaf::split_rgb_avx2, level_planes_leaf::add_plane_ref};
constexpr level_planes_leaf::Leaves kPlanesAvx512 = {level_planes_leaf::split_rgb_avx2, level_planes_leaf::add_plane_avx512};
constexpr fixed_wasserstein_leaf::Leaves kWassersteinAvx2 = {fixed_wasserstein_leaf::add_to_bins_avx2,
                                                             fixed_wasserstein_leaf::collect_marked_avx2};
// One addition to memory a value: wider vectors gain nothing there, nor in splitting channels.
constexpr fixed_wasserstein_leaf::Leaves kWassersteinAvx512 = {fixed_wasserstein_leaf::add_to_bins_avx2,
                                                               fixed_wasserstein_leaf::collect_marked_avx512};
constexpr MetricKernels kAvx2 = {kPlanesAvx2, &patch_projection_leaf::kAvx2, &kWassersteinAvx2};
constexpr MetricKernels kAvx512 = {kPlanesAvx512, &patch_projection_leaf::kAvx512, &kWassersteinAvx512};
#endif

}  // namespace

const MetricKernels& metric_kernels() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kAvx512;
  if (isa() == Isa::avx2) return kAvx2;
#endif
  return kRef;
}

}  // namespace pbgen
