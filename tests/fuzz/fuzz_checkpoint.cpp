// Training checkpoints, as train_gan, generate, swd_eval and export read them.
#include <optional>
#include <utility>

#include "core/tensor/tensor.h"
#include "gan/checkpoint.h"
#include "gan/folded_generator.h"
#include "gan/trainer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/allocations.h"
#include "tests/support/memory_bounds.h"

namespace pbgen::fuzz {
namespace {

TrainerOptions tiny_options(double ema_decay, Setting binarized) {
  TrainerOptions options;
  options.network.size = 16;
  options.network.channels = 1;
  options.network.z_dim = 1;
  options.network.g_widths = {1, 2, 1, 1};
  options.network.d_widths = {1, 1, 2, 1};
  options.network.binarized = binarized;
  options.batch = 8;
  options.ema_decay = ema_decay;
  return options;
}

Bytes checkpoint_of(const TrainerOptions& options, bool trained) {
  Trainer trainer(options);
  Tensor real(options.network.image_shape(options.batch));
  for (std::int64_t i = 0; i < real.floats(); ++i) real.data()[i] = static_cast<float>(i % 19) / 9.0f - 1.0f;
  if (trained) trainer.step(std::as_const(real).view());
  return encode_checkpoint(trainer, {{"data", "faces"}});
}

std::vector<Bytes> seeds() {
  TrainerOptions other = tiny_options(0.0, {{}, {}});
  other.network.size = 32;
  other.network.channels = 3;
  other.network.recipe = BinaryRecipe::xnor;
  return {checkpoint_of(tiny_options(0.0, {{0, 2}, {1, 3}}), true), checkpoint_of(tiny_options(0.5, {{1, 2, 3, 4}, {}}), false),
          checkpoint_of(other, false)};
}

// The trainer of the network, made once for those of seeds.
void restore(const Checkpoint& checkpoint) {
  static Trainer trainer(tiny_options(0.5, {{0, 2}, {1, 3}}));
  if (checkpoint.network() == trainer.options().network) checkpoint.restore(trainer);
}

void read(std::span<const std::uint8_t> file) {
  std::optional<Checkpoint> checkpoint;
  const auto bytes = static_cast<std::int64_t>(file.size());
  with_peak([&] { checkpoint = Checkpoint::parse(file, kPath); },
            [&](std::int64_t peak) {
              require(peak <= largest_safetensors(bytes, bytes), "memory is bounded as gan/checkpoint.h says", concat(peak));
            });
  require(checkpoint->iteration() >= 0, "iterations are counts");
  static_cast<void>(checkpoint->note("data"));
  static_cast<void>(fold_generator(checkpoint->generator(), checkpoint->network()));
  with_peak([&] { static_cast<void>(checkpoint->raw_generator()); },
            [&](std::int64_t peak) {
              require(peak <= largest_generator(bytes), "networks are bounded as gan/checkpoint.h says", concat(peak));
            });
  restore(*checkpoint);
}

}  // namespace
}  // namespace pbgen::fuzz

using namespace pbgen;
using namespace pbgen::fuzz;

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  make_seeds(*argc, *argv, seeds);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  static const std::vector<Bytes> whole = seeds();
  Draw draw(seed);
  const Bytes file = draw.one_in(kAnewOneIn) ? whole[draw.below(whole.size())] : Bytes(data, data + size);
  return give(mutated_file(file, max_size, draw), data, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    read({data, size});
  } catch (const Error& error) {
    require_refusal(error, {ErrorKind::model_file, ErrorKind::diverged});
  }
  return 0;
}
