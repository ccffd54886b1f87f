#include <chrono>
#include <cstdio>

#include "core/check.h"
#include "core/cpu.h"
#include "core/rng.h"
#include "gan/trainer.h"
#include "tools/lib/format.h"
#include "tools/lib/layer_report.h"
#include "tools/lib/text_table.h"
#include "tools/lib/training_data.h"
#include "tools/lib/training_run.h"

namespace pbgen {
namespace {

constexpr int kMeasuredIterations = 4;

// The fastest of a few iterations on noise, in seconds.
double measured_seconds(Trainer& trainer) {
  Tensor real(trainer.options().network.image_shape(trainer.options().batch));
  const CounterRng rng(trainer.options().seed, Stream::test);
  for (std::int64_t i = 0; i < real.floats(); ++i) real.data()[i] = static_cast<float>(rng.uniform(static_cast<std::uint64_t>(i), -1.0, 1.0));
  double best = 0.0;
  for (int i = 0; i < kMeasuredIterations; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    trainer.step(std::as_const(real).view());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (i == 0 || seconds < best) best = seconds;
  }
  return best;
}

}  // namespace

void show_plan(const RunPlan& plan) {
  const TrainFlags& flags = plan.flags;
  const DataCount data = count_training_data(flags);
  Trainer trainer(trainer_options(flags));
  std::printf("Would train in %s\n\n%s\n", plan.run_path.c_str(), text_table(layer_report(layer_table(trainer.options().network))).c_str());
  for (const std::string& remark : redundancy_remarks(trainer.options().network)) std::printf("%s\n", remark.c_str());

  std::int64_t parameters = 0;
  for (Sequential* const network : {&trainer.generator(), &trainer.discriminator()})
    for (const Param* const param : network->params()) parameters += param->value.size();
  // Each parameter is a value, a gradient and two moments.
  const std::int64_t weights = 4 * 4 * parameters;
  const std::int64_t activations = 4 * trainer.activation_floats();
  std::printf("\nMemory: %s of parameters, gradients and moments, %s of activations and scratch\n", format_bytes(weights).c_str(),
              format_bytes(activations).c_str());
  const std::string pixels = format_bytes(data.images * flags.size * flags.size * flags.channels);
  std::printf("        %s of %lld %s%s\n", pixels.c_str(), static_cast<long long>(data.images),
              flags.data.empty() ? "synthetic faces" : concat("images of ", flags.data).c_str(),
              flags.data.empty() ? "" : flags.cache.empty() ? " (--cache would map them)" : concat(", mapped from ", flags.cache).c_str());

  const double seconds = measured_seconds(trainer);
  const std::int64_t iterations = total_iterations(flags, data.train);
  const double epochs = static_cast<double>(iterations * flags.d_steps) / static_cast<double>(data.train / flags.batch);
  std::printf("Time:   %.3f s an iteration (%.1f img/s) on %d thread%s, %s kernels; %lld iterations (%.1f epochs of %lld images): about %s,\n"
              "        decoding, sampling and scoring not counted\n",
              seconds, static_cast<double>(images_per_iteration(flags)) / seconds, thread_count(), thread_count() == 1 ? "" : "s",
              name(isa()), static_cast<long long>(iterations), epochs, static_cast<long long>(data.train),
              format_duration(seconds * static_cast<double>(iterations)).c_str());
}

}  // namespace pbgen
