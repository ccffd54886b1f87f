#include "core/base/timing.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/check.h"

namespace pbgen {

Times statistics(std::vector<double> samples) {
  check(!samples.empty(), "statistics of no samples");
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

}  // namespace pbgen
