// Ten iterations of a small GAN against the same ten by PyTorch: losses, settings, the order of the updates.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/base/cpu.h"
#include "gan/trainer.h"
#include "tests/support/golden.h"
#include "tests/support/gradcheck.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

constexpr std::int64_t kIterations = 10;
constexpr std::int64_t kColumns = 5;  // loss_d, loss_g of both steps, d_real, d_fake

TrainerOptions small_gan(Loss loss, const std::string& setting) {
  TrainerOptions options;
  options.network.size = 32;
  options.network.z_dim = 8;
  options.network.g_widths = NetworkConfig::generator_widths(4);
  options.network.d_widths = NetworkConfig::discriminator_widths(4);
  options.network.binarized = parse_setting(setting);
  options.loss = loss;
  options.batch = 8;
  options.learning_rate = 5e-4;
  if (loss == Loss::wgan) {
    options.d_steps = 2;
    options.beta1 = 0.0;
    options.clip = 0.1;
  }
  return options;
}

// Tensor number i of those stacked along the first dimension.
Tensor stacked(const std::vector<double>& values, const LaneShape& shape, std::int64_t i) {
  Tensor tensor(shape);
  Golden::fill_lanes(tensor.view(), values.data() + i * shape.floats());
  return tensor;
}

void expect_golden_run(Loss loss, const std::string& setting) {
  const Golden weights("gan_weights.safetensors");
  const Golden run("gan_run.safetensors");
  const std::string name = concat(loss_name(loss), "_", setting);
  SCOPED_TRACE(name);
  // Results do not depend on the thread count, and layers this small gain nothing from a second one.
  set_thread_count(1);
  Trainer trainer(small_gan(loss, setting));
  for (Sequential* const network : {&trainer.generator(), &trainer.discriminator()}) {
    for (Param* const param : network->params()) weights.fill(*param, param->name);
    network->weights_loaded();
  }
  const std::vector<double> real = run.values("real");
  const std::vector<double> z = run.values(name + ".z");
  const std::vector<double> log = run.values(name + ".log");
  ASSERT_EQ(log.size(), static_cast<std::size_t>(kIterations * kColumns));
  const NetworkConfig& network = trainer.options().network;
  Tensor images;
  Tensor latents;
  std::int64_t update = 0;
  const auto next_real = [&]() -> ConstTensorView {
    images = stacked(real, network.image_shape(8), update % 2);
    return std::as_const(images).view();
  };
  const auto next_z = [&]() -> ConstTensorView {
    latents = stacked(z, network.latent_shape(8), update++);
    return std::as_const(latents).view();
  };
  for (std::int64_t i = 0; i < kIterations; ++i) {
    const StepReport report = trainer.step(next_real, next_z);
    ASSERT_EQ(report.loss_g.size(), 2u);
    const double actual[kColumns] = {report.loss_d, report.loss_g[0], report.loss_g[1], report.d_real, report.d_fake};
    for (std::int64_t column = 0; column < kColumns; ++column) {
      const double expected = log[static_cast<std::size_t>(i * kColumns + column)];
      // An output of D may be anywhere near 0; a loss may not, but for a critic's, which is a difference of outputs of about 0.2.
      double scale = column < 3 ? std::fabs(expected) : std::fmax(std::fabs(expected), 1.0);
      if (loss == Loss::wgan) scale = 0.2;
      ASSERT_TRUE(std::fabs(actual[column] - expected) <= 1e-4 * scale)
          << "iteration " << i << ", column " << column << " is " << actual[column] << ", expected " << expected;
    }
  }
  // Moving means are not compared: they hold the biases in front of batch normalisation, whose gradients are rounding alone.
  for (const NamedArray* const buffer : trainer.generator().buffers())
    if (buffer->name.ends_with("running_var"))
      expect_near_all(to_double(buffer->value.span()), run.values(name + "." + buffer->name), 1e-4, buffer->name);
}

// Each test runs on each path that this machine has.
class GoldenTraining : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, GoldenTraining, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(GoldenTraining, SigmoidCrossEntropyInFullPrecision) { expect_golden_run(Loss::dcgan, "a"); }
TEST_P(GoldenTraining, SigmoidCrossEntropyUnderSettingH) { expect_golden_run(Loss::dcgan, "h"); }
TEST_P(GoldenTraining, LeastSquaresInFullPrecision) { expect_golden_run(Loss::lsgan, "a"); }
TEST_P(GoldenTraining, LeastSquaresUnderSettingH) { expect_golden_run(Loss::lsgan, "h"); }
TEST_P(GoldenTraining, ClippedCriticInFullPrecision) { expect_golden_run(Loss::wgan, "a"); }
TEST_P(GoldenTraining, ClippedCriticUnderSettingH) { expect_golden_run(Loss::wgan, "h"); }

}  // namespace
}  // namespace pbgen
