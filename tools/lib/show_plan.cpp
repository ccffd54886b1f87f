#include <chrono>
#include <cstdio>

#include "core/cpu.h"
#include "core/rng.h"
#include "gan/trainer.h"
#include "tools/lib/format.h"
#include "tools/lib/layer_report.h"
#include "tools/lib/text_table.h"
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
  Trainer trainer(trainer_options(flags));
  std::printf("Would train in %s\n\n%s\n", plan.run_path.c_str(), text_table(layer_report(trainer.options().network)).c_str());
  for (const std::string& remark : redundancy_remarks(trainer.options().network)) std::printf("%s\n", remark.c_str());

  std::int64_t parameters = 0;
  for (Sequential* const network : {&trainer.generator(), &trainer.discriminator()})
    for (const Param* const param : network->params()) parameters += param->value.size();
  // Each parameter is a value, a gradient and two moments.
  const std::int64_t weights = 4 * 4 * parameters;
  const std::int64_t activations = 4 * trainer.activation_floats();
  std::printf("\nMemory: %s of parameters, gradients and moments, %s of activations and scratch\n", format_bytes(weights).c_str(),
              format_bytes(activations).c_str());
  if (flags.data.empty()) {
    std::printf("        %s of synthetic faces\n", format_bytes(flags.synthetic_images * flags.size * flags.size * flags.channels).c_str());
  } else {
    std::printf("        %s an image of %s, unless --cache maps them\n", format_bytes(std::int64_t{flags.size} * flags.size * flags.channels).c_str(),
                flags.data.c_str());
  }

  const double seconds = measured_seconds(trainer);
  std::printf("Time:   %.3f s an iteration (%.1f img/s) on %d threads, %s kernels", seconds, flags.batch / seconds, thread_count(), name(isa()));
  if (flags.iterations) {
    std::printf("; %lld iterations: about %s, sampling and scoring not counted\n", static_cast<long long>(*flags.iterations),
                format_duration(seconds * static_cast<double>(*flags.iterations)).c_str());
  } else {
    std::printf("; 10,000 images: about %s\n", format_duration(seconds * 10000.0 / flags.batch).c_str());
  }
}

}  // namespace pbgen
