// What training takes is known to the byte before a trainer is made.
#include "gan/training_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "core/base/cpu.h"
#include "core/tensor/tensor.h"
#include "tests/support/algorithm_paths.h"
#include "tests/support/allocations.h"
#include "tests/support/thread_ranks.h"

namespace pbgen {
namespace {

class TrainingMemoryOnEachPath : public OnEachAlgorithmAndPath {};
INSTANTIATE_TEST_SUITE_P(Paths, TrainingMemoryOnEachPath, testing::Combine(testing::ValuesIn(kConvAlgorithms), testing::ValuesIn(kIsas)),
                         path_of_test);

std::vector<TrainerOptions> some_options() {
  std::vector<TrainerOptions> all;
  for (const double ema : {0.0, 0.5})
    for (const LayerSet& one_bit : {LayerSet{}, LayerSet{0, 1, 2, 3, 4}}) {
      TrainerOptions options;
      options.network.size = 32;
      options.network.z_dim = 7;
      options.network.g_widths = {9, 8, 5, 3};
      options.network.d_widths = {3, 5, 8, 9};
      options.network.binarized.generator = one_bit;
      options.batch = 16;
      options.ema_decay = ema;
      all.push_back(options);
      options.shards = 2;
      all.push_back(options);
    }
  return all;
}

TEST_P(TrainingMemoryOnEachPath, IsKnownToTheByte) {
  for (const TrainerOptions& options : some_options()) {
    const TrainingMemory memory = training_memory(options);
    Trainer trainer(options);
    EXPECT_EQ(memory.activations, 4 * trainer.activation_floats());
    std::int64_t of_generator = 0;
    std::int64_t of_discriminator = 0;
    for (const Param* const param : trainer.generator().params()) of_generator += param->value.size();
    for (const Param* const param : trainer.discriminator().params()) of_discriminator += param->value.size();
    const std::int64_t further = 4 * (options.shards - 1) * (of_generator + of_discriminator);  // gradients
    EXPECT_EQ(memory.weights, 16 * (of_generator + of_discriminator) + further + (options.ema_decay > 0.0 ? 4 * of_generator : 0));
    EXPECT_EQ(memory.total(), memory.weights + memory.derived + memory.activations);
  }
}

// One of two ranks has half of the activations of the one process that computes both shards, but for what the exchange of statistics takes;
// their moments are in parts.
TEST_P(TrainingMemoryOnEachPath, RanksDivideIt) {
  for (TrainerOptions options : some_options()) {
    options.shards = 2;
    const TrainingMemory alone = training_memory(options);
    const TrainingMemory shared = training_memory(options, 2);
    on_ranks(2, [&](Ranks& ranks) {
      Trainer trainer(options, ranks);
      constexpr std::int64_t kGathered = 8 * 2 * 2 * 9;  // two doubles of two ranks for each of the most channels
      EXPECT_GE(4 * trainer.activation_floats(), shared.activations);
      EXPECT_LE(4 * trainer.activation_floats(), shared.activations + kGathered + 64);
    });
    EXPECT_LT(shared.activations, alone.activations * 3 / 4);
  }
}

// Both ranks together, and rank 0 with whole moments; names and lists come to little.
TEST_P(TrainingMemoryOnEachPath, RanksHoldNoMore) {
  for (TrainerOptions options : some_options()) {
    options.shards = 2;
    std::int64_t before = 0;
    std::int64_t held = 0;
    on_ranks(2, [&](Ranks& ranks) {
      const auto step_and_look = [&](std::int64_t& bytes) {
        Trainer trainer(options, ranks);
        const Tensor real(options.network.image_shape(trainer.batch_here()));
        trainer.step(real.view());
        trainer.collect();
        ranks.meet();
        if (ranks.rank() == 0) bytes = allocated_bytes();
        ranks.meet();
      };
      std::int64_t unused = 0;
      step_and_look(unused);  // threads' scratch grows in the first
      ranks.meet();
      if (ranks.rank() == 0) before = allocated_bytes();
      ranks.meet();
      step_and_look(held);
    });
    EXPECT_LE(held - before, 2 * training_memory(options, 2).total() + 512 * 1024);
  }
}

// The paper's widths in quarters: at this size Winograd's algorithm takes their deconvolutions.
TEST_P(TrainingMemoryOnEachPath, IsWhatATrainerHoldsAfterAStep) {
  for (const LayerSet& one_bit : {LayerSet{}, LayerSet{1, 2, 3}}) {
    TrainerOptions options;
    options.network.size = isa() == Isa::ref ? 32 : 64;  // the definitions are slow
    options.network.z_dim = 16;
    options.network.g_widths = {128, 64, 32, 16};
    options.network.d_widths = {16, 32, 64, 128};
    options.network.binarized.generator = one_bit;
    options.batch = 8;
    const Tensor real(options.network.image_shape(options.batch));
    const auto held_by_a_trainer = [&] {
      const std::int64_t before = allocated_bytes();
      Trainer trainer(options);
      trainer.step(real.view());
      return allocated_bytes() - before;
    };
    held_by_a_trainer();  // threads' scratch grows in the first
    const std::int64_t held = held_by_a_trainer();
    const TrainingMemory memory = training_memory(options);
    EXPECT_GE(held, memory.total());
    // Names, lists of layers, a batch's latent vectors.
    EXPECT_LE(held, memory.total() + 64 * 1024);
  }
}

}  // namespace
}  // namespace pbgen
