#include "tools/lib/train/run_estimate.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "gan/accounting.h"
#include "gan/training_memory.h"

namespace pbgen {
namespace {

constexpr int kIterations = 4;
constexpr double kSecondsAnIteration = 0.8;     // of what is measured, as predicted
constexpr double kSecondsInAll = 4.0;           // no iteration begins later
constexpr double kMostParameters = 8e6;         // of the first probe
constexpr std::int64_t kMostBytes = 1'000'000'000;
constexpr double kOperationsAParameter = 30.0;  // an update of Adam's, in multiply-adds of convolutions

// What the time depends on.
struct Extent {
  double operations = 0.0;  // of a batch
  double parameters = 0.0;

  double cost() const { return operations + kOperationsAParameter * parameters; }
};

Extent extent_of(const TrainerOptions& options) {
  Extent extent;
  for (const LayerRow& row : layer_table(options.network)) {
    extent.operations += static_cast<double>(options.batch) * static_cast<double>(row.multiply_adds());
    extent.parameters += static_cast<double>(row.weights() + row.other_parameters);
  }
  return extent;
}

struct Measured {
  double seconds = 0.0;  // of the fastest iteration
  int iterations = 0;
};

Measured measure(const TrainerOptions& options) {
  Trainer trainer(options);
  Measured measured;
  Tensor real(options.network.image_shape(options.batch));
  const CounterRng rng(options.seed, Stream::test);
  for (std::int64_t i = 0; i < real.floats(); ++i)
    real.data()[i] = static_cast<float>(rng.uniform(static_cast<std::uint64_t>(i), -1.0, 1.0));
  double all = 0.0;
  while (measured.iterations < kIterations && all < kSecondsInAll) {
    const auto begin = std::chrono::steady_clock::now();
    trainer.step(std::as_const(real).view());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (measured.iterations == 0 || seconds < measured.seconds) measured.seconds = seconds;
    all += seconds;
    ++measured.iterations;
  }
  return measured;
}

// With another batch, and as many shards as divide it.
TrainerOptions with_batch(TrainerOptions options, int batch) {
  options.batch = batch;
  while (batch / kLanes % options.shards != 0) options.shards /= 2;
  return options;
}

// The smallest run of the kind: what surely is quick.
TrainerOptions smallest(TrainerOptions options) {
  constexpr int kLeastWidth = 8;
  options.network.size = 16;
  options = with_batch(options, kLanes);
  while (extent_of(options).parameters > kMostParameters) {
    bool narrower = false;
    for (auto* const widths : {&options.network.g_widths, &options.network.d_widths})
      for (int& width : *widths) {
        if (width <= kLeastWidth) continue;
        width = std::max(kLeastWidth, width / 2);
        narrower = true;
      }
    if (!narrower) break;
  }
  return options;
}

// From the run itself down to the smallest, by falling size, each size with all of the batch and with a part of it.
std::vector<TrainerOptions> candidates(const TrainerOptions& options, const TrainerOptions& least) {
  std::vector<TrainerOptions> list;
  for (const auto& [g_widths, d_widths] : {std::pair(options.network.g_widths, options.network.d_widths),
                                           std::pair(least.network.g_widths, least.network.d_widths)}) {
    for (int size = options.network.size; size >= 16; size /= 2) {
      for (int batch = options.batch; batch >= kLanes; batch = batch / 2 / kLanes * kLanes) {
        TrainerOptions& candidate = list.emplace_back(with_batch(options, batch));
        candidate.network.size = size;
        candidate.network.g_widths = g_widths;
        candidate.network.d_widths = d_widths;
      }
    }
  }
  return list;
}

}  // namespace

RunEstimate estimate_run(const TrainerOptions& options) {
  const Extent whole = extent_of(options);
  RunEstimate estimate;
  estimate.measured = smallest(options);
  Measured measured = measure(estimate.measured);
  const Extent probe = extent_of(estimate.measured);
  const double seconds_a_cost = measured.seconds / probe.cost();
  for (const TrainerOptions& candidate : candidates(options, estimate.measured)) {
    const Extent extent = extent_of(candidate);
    if (seconds_a_cost * extent.cost() > kSecondsAnIteration || training_memory(candidate).total() > kMostBytes) continue;
    estimate.measured = candidate;
    measured = measure(candidate);
    break;
  }
  estimate.iterations = measured.iterations;
  estimate.scaled = estimate.measured.batch != options.batch || estimate.measured.network != options.network;
  estimate.iteration_seconds = measured.seconds * (whole.cost() / extent_of(estimate.measured).cost());
  return estimate;
}

}  // namespace pbgen
