// One training on several ranks: the bytes of a checkpoint depend on the number of shards alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/base/workspace.h"
#include "core/tensor/tensor.h"
#include "gan/checkpoint.h"
#include "gan/losses.h"
#include "gan/rank_traffic.h"
#include "gan/settings.h"
#include "gan/trainer.h"
#include "layers/sequential.h"
#include "tests/support/isa_paths.h"
#include "tests/support/refusal.h"
#include "tests/support/thread_ranks.h"

namespace pbgen {
namespace {

constexpr int kIterations = 4;

// Layers in one bit that are multiplied by tables and such that are not, linear ones, odd widths.
TrainerOptions options_of(const std::string& setting, int shards) {
  TrainerOptions options;
  options.network.size = 16;
  options.network.z_dim = 9;
  options.network.g_widths = {24, 16, 11, 8};
  options.network.d_widths = {8, 11, 16, 24};
  options.network.binarized = parse_setting(setting);
  options.batch = 64;
  options.shards = shards;
  options.ema_decay = 0.9;
  options.smooth = 2.0;
  options.learning_rate = 2e-3;
  options.seed = 5;
  return options;
}

// This rank's part of the batch of an update.
Tensor images(const TrainerOptions& options, Ranks& ranks, std::int64_t update) {
  Tensor whole(options.network.image_shape(options.batch));
  const CounterRng rng(11, Stream::test, static_cast<std::uint32_t>(update));
  for (std::int64_t i = 0; i < whole.floats(); ++i)
    whole.data()[i] = static_cast<float>(rng.uniform(static_cast<std::uint64_t>(i), -1.0, 1.0));
  const TensorView part = part_of_batch(whole.view(), ranks.rank(), ranks.count());
  Tensor here(part.shape);
  std::copy_n(part.data, part.shape.floats(), here.data());
  return here;
}

void train(Trainer& trainer, std::int64_t until) {
  while (trainer.iteration() < until) {
    std::int64_t update = trainer.iteration() * trainer.options().d_steps;
    Tensor batch;
    trainer.step([&]() -> ConstTensorView {
      batch = images(trainer.options(), trainer.ranks(), update++);
      return std::as_const(batch).view();
    });
  }
}

// The checkpoint after `until` iterations on so many ranks, begun anew or from another checkpoint.
std::vector<std::uint8_t> trained(const TrainerOptions& options, int count, std::int64_t until,
                                  const std::vector<std::uint8_t>* from = nullptr, bool weights_alone = false) {
  std::vector<std::uint8_t> bytes;
  on_ranks(count, [&](Ranks& ranks) {
    Trainer trainer(options, ranks);
    if (from != nullptr) {
      const Checkpoint checkpoint = Checkpoint::parse(*from, "memory");
      if (weights_alone) checkpoint.restore_weights(trainer);
      else checkpoint.restore(trainer);
      trainer.distribute();
    }
    train(trainer, until);
    trainer.collect();
    if (ranks.rank() == 0) bytes = encode_checkpoint(trainer, {});
  });
  return bytes;
}

TrainerOptions wgan(int shards) {
  TrainerOptions options = options_of("H", shards);
  options.loss = Loss::wgan;
  options.clip = 0.01;
  options.d_steps = 3;
  options.g_steps = 1;
  return options;
}

TrainerOptions xnor(int shards) {
  TrainerOptions options = options_of("H", shards);
  options.network.recipe = BinaryRecipe::xnor;
  options.network.binarized.generator = {0, 1, 2, 3};
  return options;
}

class SharedTrainingOnEachPath : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, SharedTrainingOnEachPath, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(SharedTrainingOnEachPath, RanksDoNotChangeACheckpoint) {
  for (const int shards : {2, 4, 8})
    for (const TrainerOptions& options : {options_of("A", shards), options_of("H", shards), wgan(shards), xnor(shards)}) {
      const std::vector<std::uint8_t> alone = trained(options, 1, kIterations);
      for (int count = 2; count <= std::min(shards, 4); count *= 2)
        EXPECT_EQ(trained(options, count, kIterations), alone) << shards << " shards on " << count << " ranks";
    }
}

TEST_P(SharedTrainingOnEachPath, ThreadsDoNotChangeIt) {
  const TrainerOptions options = options_of("H", 4);
  const std::vector<std::uint8_t> in_ranks = trained(options, 2, kIterations);
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    const EagerScope eager;
    Trainer trainer(options);
    train(trainer, kIterations);
    EXPECT_EQ(encode_checkpoint(trainer, {}), in_ranks) << threads;
  }
}

TEST(SharedTraining, GoesOnOnAnotherNumberOfRanks) {
  for (const TrainerOptions& options : {options_of("A", 4), options_of("H", 4), wgan(4), xnor(4)}) {
    const std::vector<std::uint8_t> straight = trained(options, 1, kIterations);
    for (const int before : {1, 2, 4})
      for (const int after : {1, 2, 4}) {
        const std::vector<std::uint8_t> half = trained(options, before, kIterations / 2);
        EXPECT_EQ(trained(options, after, kIterations, &half), straight) << before << " ranks, then " << after;
      }
  }
}

TEST(SharedTraining, BeginsFromWeights) {
  for (TrainerOptions options : {options_of("H", 4), xnor(4)}) {
    options.ema_decay = 0.0;
    const std::vector<std::uint8_t> weights = trained(options, 1, 1);
    const std::vector<std::uint8_t> alone = trained(options, 1, kIterations, &weights, true);
    for (const int count : {2, 4}) EXPECT_EQ(trained(options, count, kIterations, &weights, true), alone) << count;
  }
}

// A shard's sums round as those of a batch of its size, so that other shards give other bytes.
TEST(SharedTraining, ShardsDecideTheRounding) {
  std::set<std::vector<std::uint8_t>> all;
  for (const int shards : {1, 2, 4, 8}) all.insert(trained(options_of("H", shards), 1, kIterations));
  EXPECT_EQ(all.size(), 4u);
}

// A gradient of eight shards is that of the whole batch but for rounding: through losses, convolutions and batch normalisation.
TEST(SharedTraining, ShardsAreTheSameSums) {
  for (const Loss loss : {Loss::dcgan, Loss::lsgan, Loss::wgan}) {
    const auto gradients_of = [&](int shards) {
      const TrainerOptions options = options_of("A", shards);
      Trainer trainer(options);
      Sequential& network = trainer.discriminator();
      const Tensor batch = images(options, trainer.ranks(), 0);
      Sequential::Record record = network.make_record(batch.shape());
      Sequential::Scratch scratch = network.make_scratch(batch.shape());
      Workspace workspace(network.workspace_floats(batch.shape()));
      const ConstTensorView logits = network.forward(std::as_const(batch).view(), record, workspace, Mode::train);
      Tensor dlogits(logits.shape);
      const LossResult result = loss_towards(loss, logits, 1.0, dlogits.view(), {.shards = shards});
      network.backward(std::as_const(batch).view(), record, dlogits.view(), {.input = false, .params = true}, scratch, workspace);
      network.sum_shard_gradients();
      std::vector<std::vector<float>> all{{static_cast<float>(result.loss), static_cast<float>(result.mean_output)}};
      for (const Param* const param : network.params()) all.emplace_back(param->gradient.begin(), param->gradient.end());
      return all;
    };
    const std::vector<std::vector<float>> whole = gradients_of(1);
    const std::vector<std::vector<float>> cut = gradients_of(8);
    ASSERT_EQ(cut.size(), whole.size());
    // Over all arrays: the gradient of a bias in front of batch normalisation is nothing but rounding.
    float largest = 0.0f;
    for (const std::vector<float>& array : whole)
      for (const float value : array) largest = std::max(largest, std::fabs(value));
    for (std::size_t array = 0; array < whole.size(); ++array) {
      ASSERT_EQ(cut[array].size(), whole[array].size());
      // Some hundred roundings of 2^-24 of the largest through five layers.
      for (std::size_t i = 0; i < whole[array].size(); ++i) EXPECT_NEAR(cut[array][i], whole[array][i], 1e-5 * largest) << array;
    }
  }
}

TEST(SharedTraining, EveryRankReportsTheWholeBatch) {
  const TrainerOptions options = options_of("H", 4);
  StepReport alone;
  Trainer trainer(options);
  alone = trainer.step(images(options, trainer.ranks(), 0).view());
  on_ranks(4, [&](Ranks& ranks) {
    Trainer shared(options, ranks);
    const StepReport report = shared.step(images(options, ranks, 0).view());
    EXPECT_EQ(report.loss_d, alone.loss_d);
    EXPECT_EQ(report.loss_g, alone.loss_g);
    EXPECT_EQ(report.d_real, alone.d_real);
    EXPECT_EQ(report.d_fake, alone.d_fake);
  });
}

// A one-bit layer's update travels in two bits a weight.
TEST(SharedTraining, OneBitLayersSendFewerBytes) {
  const auto bytes_of_updates = [](const std::string& setting) {
    std::int64_t bytes = 0;
    on_ranks(2, [&](Ranks& ranks) {
      Trainer trainer(options_of(setting, 2), ranks);
      const std::int64_t before = ranks.bytes_sent();
      train(trainer, 1);
      if (ranks.rank() == 0) bytes = ranks.bytes_sent() - before;
    });
    return bytes;
  };
  EXPECT_LT(bytes_of_updates("H"), bytes_of_updates("A") * 3 / 4);
}

TEST(SharedTraining, ItsTrafficIsKnownBeforehand) {
  for (const TrainerOptions& options : {options_of("A", 4), options_of("H", 4), wgan(4), xnor(4)})
    for (const int count : {2, 4})
      on_ranks(count, [&](Ranks& ranks) {
        Trainer trainer(options, ranks);
        auto& counting = dynamic_cast<ThreadRanks&>(ranks);
        const std::int64_t before = ranks.bytes_sent();
        const std::int64_t waits_before = counting.waits();
        train(trainer, 2);
        EXPECT_EQ(counting.waits() - waits_before, 2 * rank_traffic(options, count).waits) << count;
        if (ranks.rank() != 0) return;
        EXPECT_EQ(ranks.bytes_sent() - before, 2 * rank_traffic(options, count).bytes()) << count;
      });
}

// 1 GB at 1 GB/s, and ten waits of three hops of a millisecond.
TEST(SharedTraining, TrafficTakesItsTime) {
  EXPECT_DOUBLE_EQ(
      traffic_seconds({.gradients = 500'000'000, .weights = 300'000'000, .statistics = 200'000'000, .waits = 10}, 8, 1e9, 1e-3), 1.03);
}

TEST(SharedTraining, ADivergedRankStopsAllWithTheMessageOfOneProcess) {
  const TrainerOptions options = options_of("A", 2);
  const auto message_of = [&](Ranks& ranks) {
    Trainer trainer(options, ranks);
    Tensor batch = images(options, ranks, 0);
    if (ranks.rank() == ranks.count() - 1) batch.data()[batch.floats() - 1] = std::numeric_limits<float>::quiet_NaN();
    return refusal(ErrorKind::diverged, [&] { trainer.step(std::as_const(batch).view()); });
  };
  const std::string alone = message_of(one_process());
  EXPECT_NE(alone.find("loss_d is nan, first non-finite gradient: discriminator.conv1.weight"), std::string::npos) << alone;
  on_ranks(2, [&](Ranks& ranks) { EXPECT_EQ(message_of(ranks), alone); });
}

TEST(SharedTraining, ShardsThatFitNeitherBatchNorRanksAreRefused) {
  for (const int shards : {0, 3, 16, -2}) {
    TrainerOptions options = options_of("A", shards);
    EXPECT_NE(refusal(ErrorKind::usage, [&] { Trainer trainer(options); }).find("a power of two that divides 8"), std::string::npos)
        << shards;
  }
  on_ranks(4, [](Ranks& ranks) {
    EXPECT_NE(refusal(ErrorKind::usage, [&] { Trainer trainer(options_of("A", 2), ranks); }).find("a multiple of the 4 ranks: 4, 8"),
              std::string::npos);
  });
  on_ranks(3, [](Ranks& ranks) {
    EXPECT_NE(refusal(ErrorKind::usage, [&] { Trainer trainer(options_of("A", 2), ranks); }).find("has none"), std::string::npos);
  });
}

}  // namespace
}  // namespace pbgen
