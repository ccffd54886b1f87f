// The training step: it learns, does not depend on threads, and spends no more work than it must.
#include "gan/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/base/workspace.h"
#include "core/conv/conv_algorithm.h"
#include "core/tensor/tensor.h"
#include "gan/latents.h"
#include "gan/losses.h"
#include "gan/sampler.h"
#include "layers/sequential.h"
#include "layers/weighted_layer.h"
#include "tests/support/allocations.h"
#include "tests/support/contains.h"
#include "tests/support/isa_paths.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

TrainerOptions small_options() {
  TrainerOptions options;
  options.network.size = 16;
  options.network.z_dim = 8;
  options.network.g_widths = {16, 12, 8, 8};
  options.network.d_widths = {8, 8, 12, 16};
  options.batch = 8;
  options.seed = 3;
  return options;
}

Tensor images(const TrainerOptions& options, std::uint64_t seed) {
  Tensor batch(options.network.image_shape(options.batch));
  const CounterRng rng(seed, Stream::test);
  for (std::int64_t i = 0; i < batch.floats(); ++i)
    batch.data()[i] = static_cast<float>(rng.uniform(static_cast<std::uint64_t>(i), -1.0, 1.0));
  return batch;
}

std::vector<float> weights(Trainer& trainer) {
  std::vector<float> all;
  for (Sequential* const network : {&trainer.generator(), &trainer.discriminator()}) {
    for (const Param* const param : network->params()) all.insert(all.end(), param->value.begin(), param->value.end());
    for (const NamedArray* const buffer : network->buffers()) all.insert(all.end(), buffer->value.begin(), buffer->value.end());
  }
  return all;
}

bool same_bytes(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// What depends on kernels runs on each path that this machine has.
class TrainerOnEachPath : public OnEachPath {};
class SamplerOnEachPath : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, TrainerOnEachPath, testing::ValuesIn(kIsas), isa_of_test);
INSTANTIATE_TEST_SUITE_P(Paths, SamplerOnEachPath, testing::ValuesIn(kIsas), isa_of_test);

TEST(Trainer, TheDiscriminatorOverfitsOneBatchAgainstAFrozenGenerator) {
  for (const Loss loss : {Loss::dcgan, Loss::lsgan}) {
    TrainerOptions options = small_options();
    options.loss = loss;
    options.learning_rate = 5e-3;
    Trainer trainer(options);
    const Tensor real = images(options, 1);
    const std::vector<Param*> params = trainer.generator().params();
    std::vector<std::vector<float>> frozen;
    frozen.reserve(params.size());
    for (const Param* const param : params) frozen.emplace_back(param->value.begin(), param->value.end());
    Tensor z(options.network.latent_shape(options.batch));
    std::vector<float> latents(static_cast<std::size_t>(z.floats()));
    draw_latents(CounterRng(1, Stream::test), 0, options.batch, options.network.z_dim, latents.data());
    latents_to_lanes(latents.data(), options.batch, z.view());
    const double first = trainer.step(real.view(), z.view()).loss_d;
    double last = first;
    for (int i = 0; i < 150; ++i) {
      for (std::size_t p = 0; p < params.size(); ++p) std::copy(frozen[p].begin(), frozen[p].end(), params[p]->value.begin());
      trainer.generator().weights_loaded();
      last = trainer.step(real.view(), z.view()).loss_d;
    }
    EXPECT_LT(last, 0.2 * first) << loss_name(loss);
  }
}

TEST_P(TrainerOnEachPath, ResultsAreTheSameBytesForAnyNumberOfThreads) {
  std::vector<std::vector<float>> results;
  const EagerScope eager;
  for (const int threads : {1, 2, 3, 16, 32}) {
    set_thread_count(threads);
    TrainerOptions options = small_options();
    options.network.binarized = {{0, 1, 2}, {1, 3}};
    options.ema_decay = 0.9;
    options.clip = 0.02;
    options.smooth = 2.0;
    Trainer trainer(options);
    const Tensor real = images(options, 2);
    for (int i = 0; i < 4; ++i) trainer.step(real.view());
    results.push_back(weights(trainer));
  }
  for (const std::vector<float>& result : results) EXPECT_TRUE(same_bytes(results[0], result));
}

// Maps that Winograd's algorithm takes: deconvolutions 1 to 3, convolutions 2 to 4.
TrainerOptions wide_options() {
  TrainerOptions options = small_options();
  options.network.size = 64;
  options.network.g_widths = {64, 32, 32, 16};
  options.network.d_widths = {16, 32, 32, 64};
  options.batch = 24;
  return options;
}

class AlgorithmScope {
 public:
  explicit AlgorithmScope(ConvAlgorithm algorithm) : before_(conv_algorithm()) { set_conv_algorithm(algorithm); }
  ~AlgorithmScope() { set_conv_algorithm(before_); }

 private:
  ConvAlgorithm before_;
};

TEST_P(TrainerOnEachPath, ByWinogradsAlgorithmResultsAreTheSameBytesForAnyNumberOfThreads) {
  if (GetParam() == Isa::ref) GTEST_SKIP() << "the definition has no such algorithm";
  const AlgorithmScope scope(ConvAlgorithm::winograd);
  const EagerScope eager;
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    TrainerOptions options = wide_options();
    options.network.binarized = {{2}, {3}};
    Trainer trainer(options);
    const Tensor real = images(options, 2);
    for (int i = 0; i < 2; ++i) trainer.step(real.view());
    results.push_back(weights(trainer));
  }
  EXPECT_TRUE(same_bytes(results[0], results[1]));
  EXPECT_TRUE(same_bytes(results[0], results[2]));
}

TrainerOptions critic_options() {
  TrainerOptions options = small_options();
  options.loss = Loss::wgan;
  options.d_steps = 3;
  options.g_steps = 1;
  options.beta1 = 0.0;
  options.clip = 0.05;
  return options;
}

// The z of an update as the header has it.
Tensor drawn_latents(const TrainerOptions& options, std::uint32_t iteration, std::int64_t update) {
  Tensor z(options.network.latent_shape(options.batch));
  std::vector<float> latents(static_cast<std::size_t>(z.floats()));
  const CounterRng rng(options.seed, Stream::latent, iteration);
  draw_latents(rng, update * options.batch, options.batch, options.network.z_dim, latents.data());
  latents_to_lanes(latents.data(), options.batch, z.view());
  return z;
}

TEST_P(TrainerOnEachPath, EveryDiscriminatorUpdateTakesAnotherBatchAndAnotherZ) {
  for (const int d_steps : {1, 3}) {
    TrainerOptions options = critic_options();
    options.d_steps = d_steps;
    Trainer drawing(options);
    Trainer given(options);
    Trainer swapped(options);
    std::vector<Tensor> real;
    for (std::uint64_t i = 0; i < 6; ++i) real.push_back(images(options, i));
    std::size_t taken[3] = {};
    std::uint32_t iteration = 0;
    std::int64_t update = 0;
    Tensor z;
    const auto next_z = [&]() -> ConstTensorView {
      z = drawn_latents(options, iteration, update++);
      return std::as_const(z).view();
    };
    for (; iteration < 2; ++iteration) {
      drawing.step([&] { return std::as_const(real[taken[0]++]).view(); });
      update = 0;
      given.step([&] { return std::as_const(real[taken[1]++]).view(); }, next_z);
      swapped.step([&] { return std::as_const(real[5 - taken[2]++]).view(); });
    }
    EXPECT_EQ(taken[0], static_cast<std::size_t>(2 * d_steps));
    EXPECT_EQ(taken[1], taken[0]);
    EXPECT_EQ(drawing.discriminator_adam().step_count(), 2 * d_steps);
    EXPECT_EQ(drawing.generator_adam().step_count(), 2);
    EXPECT_TRUE(same_bytes(weights(drawing), weights(given))) << d_steps;
    EXPECT_FALSE(same_bytes(weights(drawing), weights(swapped))) << d_steps;
  }
}

TEST(Trainer, ClippingHoldsEveryParameterOfTheDiscriminatorAndNoneOfTheGenerator) {
  for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    TrainerOptions options = critic_options();
    options.network.binarized = {{1}, {1, 3}};
    options.network.recipe = recipe;
    options.clip = 0.01;
    Trainer trainer(options);
    const Tensor real = images(options, 2);
    for (int i = 0; i < 2; ++i) trainer.step(real.view());
    const float bound = static_cast<float>(options.clip);
    for (const Param* const param : trainer.discriminator().params()) {
      for (const float value : param->value) ASSERT_LE(std::fabs(value), bound) << param->name;
      // Gammas begin at 1, and a third of the weights above 0.01.
      const bool begins_at_zero = param->name.ends_with("bias") || param->name.ends_with("beta");
      EXPECT_TRUE(begins_at_zero || std::count(param->value.begin(), param->value.end(), bound) > 0) << param->name;
    }
    // What the layer multiplies by follows: the mean of what is within the bound.
    const auto& conv = dynamic_cast<const WeightedLayer&>(trainer.discriminator().layer(0));
    ASSERT_TRUE(conv.weight().binarized());
    for (const float scale : conv.weight().scale()) {
      EXPECT_LE(scale, bound * 1.000001f);
      EXPECT_GT(scale, 0.25f * bound);
    }
    bool beyond = false;
    for (const Param* const param : trainer.generator().params())
      for (const float value : param->value) beyond |= std::fabs(value) > 2.0f * bound;
    EXPECT_TRUE(beyond);
  }
}

TEST(Trainer, TheCriticDrivesItsTwoMeansApartAsFarAsTheClippingLets) {
  TrainerOptions options = critic_options();
  options.d_steps = 60;
  const Tensor real = images(options, 1);
  const Tensor z = drawn_latents(options, 0, 0);
  const auto loss_at = [&](double learning_rate) {
    options.learning_rate = learning_rate;
    const StepReport report = Trainer(options).step(real.view(), z.view());
    EXPECT_EQ(report.loss_d, report.d_fake - report.d_real);
    return report.loss_d;
  };
  const double clipped_alone = loss_at(1e-12);
  const double trained = loss_at(2e-3);
  EXPECT_LT(trained, -5.0 * std::fabs(clipped_alone));
  // The last layer has 16 inputs.  Batch normalisation over 8 images of one pixel leaves each within sqrt(8 - 1) deviations of the
  // mean, times gamma and plus beta at most 0.05 (sqrt(7) + 1); times a weight of at most 0.05; and both means may be so far from 0.
  EXPECT_GT(trained, -2.0 * 16.0 * 0.05 * 0.05 * (std::sqrt(7.0) + 1.0));
}

TEST_P(TrainerOnEachPath, SamplingLeavesNoTraceInTraining) {
  TrainerOptions options = small_options();
  options.network.binarized = parse_setting("H");
  Trainer plain(options);
  Trainer watched(options);
  const Tensor real = images(options, 2);
  for (int i = 0; i < 3; ++i) {
    plain.step(real.view());
    watched.step(real.view());
    Sampler sampler(options.network, watched.sampling_generator(), watched.idle_memory());
    sampler.calibrate(2, options.batch, 9);
    sampler.generate(watched.fixed_latents().value.data(), Trainer::kFixedLatents, [](std::int64_t, ConstTensorView, std::int64_t) {});
  }
  EXPECT_TRUE(same_bytes(weights(plain), weights(watched)));
}

// core/base/workspace.h's promise, for all that a step does: scratch grows in the first ones, and then stands.
TEST_P(TrainerOnEachPath, AStepAllocatesNothingOnceItsScratchHasGrown) {
  if (GetParam() == Isa::ref) GTEST_SKIP() << "the definitions allocate";
  const auto allocations_of_a_step = [](const TrainerOptions& options) {
    Trainer trainer(options);
    const Tensor real = images(options, 5);
    for (int warm = 0; warm < 2; ++warm) trainer.step(real.view());
    const std::int64_t before = allocation_count();
    trainer.step(real.view());
    return allocation_count() - before;
  };
  TrainerOptions options = small_options();
  options.network.size = 32;
  for (const char* const setting : {"A", "H"}) {
    options.network.binarized = parse_setting(setting);
    EXPECT_EQ(allocations_of_a_step(options), 0) << setting;
  }
  options.ema_decay = 0.9;
  EXPECT_EQ(allocations_of_a_step(options), 0) << "with an average";
  options.loss = Loss::wgan;
  options.clip = 0.01;
  EXPECT_EQ(allocations_of_a_step(options), 0) << "with clipping";
  const AlgorithmScope scope(ConvAlgorithm::winograd);
  options = wide_options();
  for (const char* const setting : {"A", "H"}) {
    options.network.binarized = parse_setting(setting);
    EXPECT_EQ(allocations_of_a_step(options), 0) << setting << " by Winograd's algorithm";
  }
}

// From the same weights, by the same batches: what the generator draws is smoother where roughness is part of its loss.
TEST_P(TrainerOnEachPath, AWeightOnRoughnessMakesSmootherImages) {
  const auto roughness_after = [](double smooth) {
    TrainerOptions options = small_options();
    options.smooth = smooth;
    Trainer trainer(options);
    const Tensor real = images(options, 2);
    for (int i = 0; i < 30; ++i) trainer.step(real.view());
    const ConstTensorView drawn = trainer.idle_memory().record->output();
    double sum = 0.0;
    for (std::int64_t image = 0; image < drawn.shape.batch; ++image)
      for (std::int64_t row = 0; row < drawn.shape.height; ++row)
        for (std::int64_t column = 1; column + 1 < drawn.shape.width; ++column) {
          const auto at = [&](std::int64_t x) { return static_cast<double>(drawn.data[drawn.shape.index(image, row, x, 0)]); };
          sum += std::abs(at(column - 1) - 2.0 * at(column) + at(column + 1));
        }
    return sum;
  };
  EXPECT_LT(roughness_after(100.0), 0.5 * roughness_after(0.0));
}

TEST_P(TrainerOnEachPath, AFirstGeneratorStepThatReusesTheFakeBatchIsThatOfAFreshForward) {
  TrainerOptions options = small_options();
  options.g_steps = 1;
  options.network.binarized = {{1}, {2}};
  Trainer trainer(options);
  const Tensor real = images(options, 4);
  const StepReport report = trainer.step(real.view());

  // The same iteration by hand, in which no pass knows of another: fake images are drawn anew for the generator's step.
  Trainer copy(options);
  Sequential& g = copy.generator();
  Sequential& d = copy.discriminator();
  const LaneShape image_shape = options.network.image_shape(options.batch);
  const Tensor z = drawn_latents(options, 0, 0);
  Sequential::Record fake_record = g.make_record(z.shape());
  Sequential::Record verdict = d.make_record(image_shape);
  Sequential::Scratch scratch = Sequential::Scratch::larger(g.make_scratch(z.shape()), d.make_scratch(image_shape));
  Workspace workspace(std::max(g.workspace_floats(z.shape()), d.workspace_floats(image_shape)));
  Tensor gradient(d.output_shape(image_shape));
  const auto judge = [&](ConstTensorView judged, double target) {
    const ConstTensorView logits = d.forward(judged, verdict, workspace, Mode::train);
    d.update_moving_statistics(verdict);
    return loss_towards(options.loss, logits, target, gradient.view());
  };
  const auto learn = [&](ConstTensorView judged, double target) {
    const LossResult result = judge(judged, target);
    d.backward(judged, verdict, std::as_const(gradient).view(), Want{.input = false, .params = true}, scratch, workspace);
    return result;
  };
  const LossResult on_real = learn(real.view(), 1.0);
  const ConstTensorView first_fake = g.forward(z.view(), fake_record, workspace, Mode::train);
  g.update_moving_statistics(fake_record);
  const LossResult on_fake = learn(first_fake, 0.0);
  copy.discriminator_adam().step();
  d.weights_updated(0.0);
  Sequential::Record fresh_record = g.make_record(z.shape());
  const ConstTensorView fake = g.forward(z.view(), fresh_record, workspace, Mode::train);
  const LossResult on_fresh = judge(fake, 1.0);
  const ConstTensorView fake_gradient =
      d.backward(fake, verdict, std::as_const(gradient).view(), Want{.input = true, .params = false}, scratch, workspace);
  g.backward(z.view(), fresh_record, fake_gradient, Want{.input = false, .params = true}, scratch, workspace);
  copy.generator_adam().step();
  g.weights_updated(0.0);

  EXPECT_TRUE(same_bytes(weights(trainer), weights(copy)));
  EXPECT_EQ(report.loss_g, std::vector<double>{on_fresh.loss});
  EXPECT_EQ(report.loss_d, on_real.loss + on_fake.loss);
  EXPECT_EQ(report.d_real, on_real.mean_output);
  EXPECT_EQ(report.d_fake, on_fake.mean_output);
}

TEST(Trainer, TheAverageFollowsTheGeneratorAtItsDecay) {
  TrainerOptions options = small_options();
  options.ema_decay = 0.75;
  Trainer trainer(options);
  const Tensor real = images(options, 2);
  const float before = trainer.generator().params().front()->value[0];
  trainer.step(real.view());
  const float after = trainer.generator().params().front()->value[0];
  EXPECT_NE(before, after);
  EXPECT_FLOAT_EQ(trainer.averaged_generator()->params().front()->value[0], 0.75f * before + 0.25f * after);
  // Moving variances begin at 1.
  const auto is_variance = [](const NamedArray* array) { return array->name.ends_with(".running_var"); };
  const std::vector<NamedArray*> buffers = trainer.generator().buffers();
  const auto variance = std::find_if(buffers.begin(), buffers.end(), is_variance);
  ASSERT_NE(variance, buffers.end());
  const float current = (*variance)->value[0];
  EXPECT_NE(current, 1.0f);
  EXPECT_FLOAT_EQ(trainer.averaged_generator()->buffers()[variance - buffers.begin()]->value[0], 0.75f + 0.25f * current);
}

TEST(Trainer, TheLatentsOfTheSampleGridsAreOfAStreamOfTheirOwn) {
  const TrainerOptions options = small_options();
  Trainer trainer(options);
  std::vector<float> expected(static_cast<std::size_t>(Trainer::kFixedLatents * options.network.z_dim));
  draw_latents(CounterRng(options.seed, Stream::fixed_latent), 0, Trainer::kFixedLatents, options.network.z_dim, expected.data());
  const auto& latents = trainer.fixed_latents().value;
  EXPECT_EQ(std::vector<float>(latents.begin(), latents.end()), expected);
}

TEST(Latents, LanesBeyondTheImagesAreZero) {
  Tensor lanes({16, 1, 1, 3});
  std::fill_n(lanes.data(), lanes.floats(), 7.0f);
  const std::vector<float> z = {1, 2, 3, 4, 5, 6};
  latents_to_lanes(z.data(), 2, lanes.view());
  for (std::int64_t image = 0; image < 16; ++image)
    for (std::int64_t c = 0; c < 3; ++c)
      EXPECT_EQ(lanes.data()[lanes.shape().index(image, 0, 0, c)], image < 2 ? z[static_cast<std::size_t>(image * 3 + c)] : 0.0f);
}

TEST(Trainer, ANonFiniteInputStopsItWithTheIterationAndTheTensor) {
  TrainerOptions options = small_options();
  Trainer trainer(options);
  Tensor real = images(options, 2);
  trainer.step(real.view());
  real.data()[5] = std::numeric_limits<float>::quiet_NaN();
  const std::string message = expect_refusal(ErrorKind::diverged, "iteration 2: loss_d is ", [&] { trainer.step(real.view()); });
  EXPECT_TRUE(contains(message, "first non-finite gradient: discriminator.")) << message;
}

TEST(Trainer, OptionsOutOfRangeAreRefusedWithFieldValueAndRule) {
  const auto message = [](auto change) {
    TrainerOptions options = small_options();
    change(options);
    return expect_refusal(ErrorKind::usage, "", [&] { Trainer trainer(options); });
  };
  const std::string batch_rule = "a multiple of 8 from 8 to 4096 (eight images share the lanes of a vector)";
  EXPECT_EQ(message([](TrainerOptions& o) { o.batch = 12; }), "batch 12: expected " + batch_rule);
  EXPECT_EQ(message([](TrainerOptions& o) { o.batch = 4104; }), "batch 4104: expected " + batch_rule);
  EXPECT_EQ(message([](TrainerOptions& o) { o.g_steps = 0; }), "g_steps 0: expected 1 to 100");
  EXPECT_EQ(message([](TrainerOptions& o) { o.d_steps = 101; }), "d_steps 101: expected 1 to 100");
  EXPECT_EQ(message([](TrainerOptions& o) { o.clip = -1.0; }), "clip -1: expected at least 0 (off)");
  EXPECT_EQ(message([](TrainerOptions& o) { o.loss = Loss::wgan; }),
            "clip 0: expected a bound on the weights of wgan's critic, such as 0.01");
  EXPECT_EQ(message([](TrainerOptions& o) { o.smooth = -1.0; }), "smooth -1: expected 0 (off) to 1000");
  EXPECT_EQ(message([](TrainerOptions& o) { o.ema_decay = 1.0; }),
            "ema_decay 1: expected a decay of at least 0 (off) and below 1, such as 0.999");
}

TEST_P(SamplerOnEachPath, InferenceWithoutARecordGivesTheSameBits) {
  const TrainerOptions options = small_options();
  Trainer trainer(options);
  const Sequential& generator = trainer.generator();
  Tensor z(options.network.latent_shape(16));
  const CounterRng rng(4, Stream::test);
  for (std::int64_t i = 0; i < z.floats(); ++i) z.data()[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  Sequential::Record record = generator.make_record(z.shape());
  Sequential::Scratch scratch = generator.make_scratch(z.shape());
  Workspace workspace(generator.workspace_floats(z.shape()));
  const ConstTensorView kept = generator.forward(std::as_const(z).view(), record, workspace, Mode::inference);
  const ConstTensorView alone = generator.infer(std::as_const(z).view(), scratch, workspace);
  ASSERT_EQ(alone.shape, kept.shape);
  EXPECT_TRUE(std::equal(kept.data, kept.data + kept.shape.floats(), alone.data));
  Sequential::Scratch smaller = generator.make_scratch(options.network.latent_shape(8));
  EXPECT_THROW((void)generator.infer(std::as_const(z).view(), smaller, workspace), std::logic_error);
}

TEST_P(SamplerOnEachPath, AnImageDoesNotDependOnItsNeighbours) {
  const TrainerOptions options = small_options();
  Trainer trainer(options);
  Sampler sampler(options.network, trainer.generator());
  const auto first_image = [&](std::int64_t count) {
    std::vector<float> image;
    sampler.generate(trainer.fixed_latents().value.data(), count, [&](std::int64_t first, ConstTensorView images_, std::int64_t) {
      if (first != 0) return;
      for (std::int64_t i = 0; i < images_.shape.floats_per_image(); ++i) image.push_back(images_.data[i * kLanes]);
    });
    return image;
  };
  EXPECT_TRUE(same_bytes(first_image(1), first_image(64)));
}

TEST(Sampler, CalibratedStatisticsAreExact) {
  // After calibration over one batch, inference on that same batch equals train mode up to the unbiased variance.
  const TrainerOptions options = small_options();
  Trainer trainer(options);
  Sampler sampler(options.network, trainer.generator());
  constexpr int kBatch = 512;
  sampler.calibrate(1, kBatch, 11);
  std::vector<float> z(static_cast<std::size_t>(kBatch * options.network.z_dim));
  draw_latents(CounterRng(11, Stream::calibrate, 0), 0, kBatch, options.network.z_dim, z.data());
  Tensor latents(options.network.latent_shape(kBatch));
  latents_to_lanes(z.data(), kBatch, latents.view());
  Sequential& network = trainer.generator();
  Sequential::Record record = network.make_record(latents.shape());
  Workspace workspace(network.workspace_floats(latents.shape()));
  const ConstTensorView truth = network.forward(latents.view(), record, workspace, Mode::train);
  double worst = 0.0;
  sampler.generate(z.data(), kBatch, [&](std::int64_t first, ConstTensorView images_, std::int64_t n) {
    for (std::int64_t i = 0; i < n * images_.shape.floats_per_image(); ++i)
      worst = std::max(worst, std::fabs(double{images_.data[i]} - truth.data[first * truth.shape.floats_per_image() + i]));
  });
  // Four normalisations, each off by a factor sqrt(1 - 1/n) with n >= 512 on values that tanh keeps below 1.
  EXPECT_LT(worst, 4.0 * 0.5 / 512.0 * 4.0);
  EXPECT_GT(worst, 0.0);
}

TEST(Sampler, EveryBatchOfACalibrationIsAnother) {
  const TrainerOptions options = small_options();
  Trainer trainer(options);
  Sampler sampler(options.network, trainer.generator());
  const auto first_mean = [&](int batches) {
    sampler.calibrate(batches, options.batch, 11);
    return sampler.network().buffers().front()->value[0];
  };
  EXPECT_NE(first_mean(1), first_mean(2));
}

}  // namespace
}  // namespace pbgen
