#include "gan/training_memory.h"

#include <algorithm>

#include "core/tensor/tensor.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {
namespace {

constexpr std::int64_t kFloat = sizeof(float);

// What passes of one input through a network take.
struct PassMemory {
  std::int64_t record_floats = 0;   // of Sequential::make_record
  std::int64_t scratch_floats = 0;  // of one of the two buffers of make_scratch
  std::int64_t derived_bytes = 0;
};

PassMemory pass_memory(const Sequential& network, LaneShape shape) {
  PassMemory memory;
  memory.scratch_floats = shape.floats();
  for (std::size_t i = 0; i < network.layer_count(); ++i) {
    const Layer& layer = network.layer(i);
    const LaneShape output = layer.output_shape(shape);
    if (!layer.in_place()) memory.record_floats += output.floats();
    memory.record_floats += layer.record_floats(shape);
    memory.scratch_floats = std::max(memory.scratch_floats, output.floats());
    memory.derived_bytes += layer.derived_bytes(network.seen_by(layer, shape));
    shape = output;
  }
  return memory;
}

std::int64_t parameters(const Sequential& network) {
  std::int64_t count = 0;
  for (const Param* const param : network.params()) count += param->value.size();
  return count;
}

}  // namespace

TrainingMemory training_memory(const TrainerOptions& options, int ranks) {
  // Untouched, these take no memory to speak of: what is large is mapped (core/base/aligned_buffer.h).
  Sequential generator = make_generator(options.network);
  Sequential discriminator = make_discriminator(options.network);
  const int shards = options.shards / ranks;
  generator.share({.shards = shards});
  discriminator.share({.shards = shards});
  const LaneShape latents = options.network.latent_shape(options.batch / ranks);
  const LaneShape images = options.network.image_shape(options.batch / ranks);
  const PassMemory of_generator = pass_memory(generator, latents);
  const PassMemory of_discriminator = pass_memory(discriminator, images);
  const std::int64_t workspace = Workspace::round_up(std::max(generator.workspace_floats(latents), discriminator.workspace_floats(images)));

  TrainingMemory memory;
  const std::int64_t all = parameters(generator) + parameters(discriminator);
  const std::int64_t own = all / ranks;
  memory.weights = kFloat * ((1 + shards) * all + 2 * own);
  // The part's values and gradients; gradients that go out and come in; weights that do, at most in floats; and where rank 0 saves, whole
  // moments.
  if (ranks > 1) memory.weights += kFloat * (2 * own + (all - own) + all + (own + all) + 2 * all);
  if (options.ema_decay > 0.0) memory.weights += kFloat * parameters(generator);
  memory.derived = of_generator.derived_bytes + of_discriminator.derived_bytes;
  memory.activations = kFloat * (latents.floats() + of_generator.record_floats + of_discriminator.record_floats +
                                 2 * std::max(of_generator.scratch_floats, of_discriminator.scratch_floats) + workspace);
  return memory;
}

}  // namespace pbgen
