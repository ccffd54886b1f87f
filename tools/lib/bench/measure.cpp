#include "tools/lib/bench/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/rng.h"
#include "core/gemm/fma_peak.h"

namespace pbgen {

Times statistics(std::vector<double> samples) {
  check(!samples.empty(), "bench: statistics of no samples");
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples.front()};
}

double seconds_of(FunctionRef<void()> body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Times measure(int repeats, FunctionRef<void()> body) {
  std::vector<double> samples;
  for (int i = 0; i < repeats; ++i) samples.push_back(seconds_of(body));
  return statistics(std::move(samples));
}

#if defined(__x86_64__)
double fma_peak() {
  if (!machine_supports(Isa::avx2)) return 0.0;
  constexpr std::int64_t kSteps = 1'000'000;  // a few milliseconds
  std::vector<float> sums(static_cast<std::size_t>(thread_count()));
  const Times times = measure(7, [&] {
    parallel_items(thread_count(), [&](std::int64_t thread) { sums[static_cast<std::size_t>(thread)] = run_fma_steps_avx2(kSteps); });
  });
  const bool finite = std::all_of(sums.begin(), sums.end(), [](float sum) { return std::isfinite(sum); });
  check(finite, "bench: the FMA chain left the finite numbers");
  return static_cast<double>(thread_count() * kSteps * kFlopsPerFmaStep) / times.best;
}
#else
double fma_peak() { return 0.0; }
#endif

AlignedBuffer<float> random_values(std::int64_t count, std::uint64_t seed, double scale) {
  constexpr std::int64_t kPeriod = 10007;
  const CounterRng rng(seed, Stream::test);
  std::vector<float> pattern(kPeriod);
  for (std::int64_t i = 0; i < kPeriod; ++i) pattern[static_cast<std::size_t>(i)] = static_cast<float>(rng.uniform(i, -scale, scale));
  AlignedBuffer<float> values(count);
  for (std::int64_t i = 0; i < count; ++i) values[i] = pattern[static_cast<std::size_t>(i % kPeriod)];
  return values;
}

}  // namespace pbgen
