#include "core/gemm/fma_peak.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "core/base/timing.h"
#include "core/gemm/gemm_kernels.h"

namespace pbgen {

double fma_peak(Isa isa) {
  const FmaChain* const chain = fma_chain(isa);
  if (chain == nullptr) return 0.0;
  constexpr std::int64_t kSteps = 1'000'000;  // a few milliseconds
  std::vector<float> sums(static_cast<std::size_t>(thread_count()));
  const Times times = measure(7, [&] {
    parallel_items(thread_count(), [&](std::int64_t thread) { sums[static_cast<std::size_t>(thread)] = chain->run(kSteps); });
  });
  const bool finite = std::all_of(sums.begin(), sums.end(), [](float sum) { return std::isfinite(sum); });
  check(finite, "the FMA chain left the finite numbers");
  return static_cast<double>(thread_count() * kSteps * chain->flops_per_step) / times.best;
}

FmaPeaks fma_peaks() { return {fma_peak(Isa::avx2), fma_peak(Isa::avx512)}; }

}  // namespace pbgen
