#include "gan/training_memory.h"

#include <algorithm>

#include "core/tensor/tensor.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {
namespace {

constexpr std::int64_t kFloat = sizeof(float);

// Floats of Sequential::make_record, and of one of the two buffers of make_scratch.
struct PassFloats {
  std::int64_t record = 0;
  std::int64_t scratch = 0;
};

PassFloats pass_floats(const Sequential& network, LaneShape shape) {
  PassFloats floats;
  floats.scratch = shape.floats();
  for (std::size_t i = 0; i < network.layer_count(); ++i) {
    const Layer& layer = network.layer(i);
    const LaneShape output = layer.output_shape(shape);
    if (!layer.in_place()) floats.record += output.floats();
    floats.record += layer.record_floats(shape);
    floats.scratch = std::max(floats.scratch, output.floats());
    shape = output;
  }
  return floats;
}

std::int64_t parameters(const Sequential& network) {
  std::int64_t count = 0;
  for (const Param* const param : network.params()) count += param->value.size();
  return count;
}

}  // namespace

TrainingMemory training_memory(const TrainerOptions& options) {
  // Untouched, these take no memory to speak of: what is large is mapped (core/base/aligned_buffer.h).
  const Sequential generator = make_generator(options.network);
  const Sequential discriminator = make_discriminator(options.network);
  const LaneShape latents = options.network.latent_shape(options.batch);
  const LaneShape images = options.network.image_shape(options.batch);
  const PassFloats of_generator = pass_floats(generator, latents);
  const PassFloats of_discriminator = pass_floats(discriminator, images);
  const std::int64_t workspace =
      Workspace::round_up(std::max(generator.workspace_floats(latents), discriminator.workspace_floats(images)));

  TrainingMemory memory;
  memory.weights = 4 * kFloat * (parameters(generator) + parameters(discriminator));
  if (options.ema_decay > 0.0) memory.weights += kFloat * parameters(generator);
  memory.activations = kFloat * (latents.floats() + of_generator.record + of_discriminator.record +
                                 2 * std::max(of_generator.scratch, of_discriminator.scratch) + workspace);
  return memory;
}

}  // namespace pbgen
