#include "core/gemm/isa_rule.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/timing.h"
#include "core/gemm/gemm_kernels.h"

namespace pbgen {
namespace {

// A run is shorter than what a scheduler grants, so that on a busy machine some of them are undisturbed; all runs of a width together
// outlast a change of the clock, which takes half a millisecond.
constexpr std::int64_t kSteps = 50'000;  // 0.1 ms at 3 GHz
constexpr int kRuns = 20;
constexpr int kRounds = 2;

double peak_of(const FmaChain& chain) {
  float sum = 0.0f;
  const Times times = measure(kRuns, [&] { sum += chain.run(kSteps); });
  check(std::isfinite(sum), "the FMA chain left the finite numbers");
  return static_cast<double>(kSteps * chain.flops_per_step) / times.best;
}

}  // namespace

FmaPeaks measure_one_thread() {
  FmaPeaks peaks;
  const FmaChain* const avx2 = fma_chain(Isa::avx2);
  const FmaChain* const avx512 = fma_chain(Isa::avx512);
  // The narrow ones first: no clock is lowered yet.
  for (int round = 0; round < kRounds; ++round) {
    if (avx2 != nullptr) peaks.avx2 = std::max(peaks.avx2, peak_of(*avx2));
    if (avx512 != nullptr) peaks.avx512 = std::max(peaks.avx512, peak_of(*avx512));
  }
  return peaks;
}

Isa isa_by_rule(const FmaPeaks& peaks) {
  if (peaks.avx512 > kWorthOfAvx512 * peaks.avx2) return Isa::avx512;
  return peaks.avx2 > 0.0 ? Isa::avx2 : Isa::ref;
}

}  // namespace pbgen
