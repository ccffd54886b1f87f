#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "gan/networks.h"
#include "gan/trainer.h"
#include "tools/lib/bench/case.h"
#include "tools/lib/bench/inference.h"
#include "tools/lib/bench/random_values.h"

namespace pbgen {
namespace {

NetworkConfig paper_network(const char* setting) {
  NetworkConfig config;
  config.binarized = parse_setting(setting);
  return config;
}

BenchCase inference_case(const char* setting, std::int64_t batch, ConvAlgorithm algorithm) {
  const NetworkConfig config = paper_network(setting);
  BenchCase one;
  one.section = "network";
  one.layer = "generator";
  one.op = "inference";
  one.path = concat(setting, " ", name(algorithm));
  if (!config.binarized.generator.empty()) one.float_path = concat("A ", name(algorithm));
  one.shape = concat(config.z_dim, " -> ", config.channels, "x", config.size, "x", config.size);
  one.batch = batch;
  one.flops = 2.0 * generator_multiply_adds(config) * static_cast<double>(batch);
  one.shows_rate = true;
  one.prepare = [config, batch, algorithm] {
    const auto state = std::make_shared<Inference>(config, batch, algorithm);
    PreparedCase prepared;
    prepared.run = [state] { state->run(); };
    // Layers are held to their formulas one by one; the whole is held to the other algorithm's, in [-1, 1] and after four layers.
    prepared.check = [state, config, batch, algorithm] {
      const ConstTensorView images = state->run();
      Inference reference(config, batch, other_algorithm(algorithm));
      const ConstTensorView expected = reference.run();
      for (std::int64_t i = 0; i < images.shape.floats(); ++i) {
        const float difference = std::fabs(images.data[i] - expected.data[i]);
        check(difference <= 1e-3f, "bench: inference: value ", i, " is ", images.data[i], ", by the other algorithm ", expected.data[i]);
      }
    };
    return prepared;
  };
  return one;
}

class Training {
 public:
  Training(const NetworkConfig& config, std::int64_t batch, ConvAlgorithm algorithm) : real_(config.image_shape(batch)) {
    TrainerOptions options;
    options.network = config;
    options.batch = static_cast<int>(batch);
    const AlgorithmScope scope(algorithm);
    trainer_ = std::make_unique<Trainer>(options);
    const AlignedBuffer<float> values = random_values(real_.floats(), 5);
    std::copy(values.begin(), values.end(), real_.data());
  }

  StepReport step() { return trainer_->step(std::as_const(real_).view()); }

 private:
  std::unique_ptr<Trainer> trainer_;
  Tensor real_;
};

BenchCase training_case(const char* setting, std::int64_t batch, ConvAlgorithm algorithm) {
  constexpr double kUnits = 16.0;  // gan/trainer.h
  const NetworkConfig config = paper_network(setting);
  BenchCase one;
  one.section = "network";
  one.layer = "iteration";
  one.op = "training";
  one.path = concat(setting, " ", name(algorithm));
  if (!config.binarized.generator.empty()) one.float_path = concat("A ", name(algorithm));
  one.shape = "1 D + 2 G steps, 16 units";
  one.batch = batch;
  one.flops = 2.0 * kUnits * generator_multiply_adds(config) * static_cast<double>(batch);
  one.shows_rate = true;
  one.most_repeats = 5;
  one.prepare = [config, batch, algorithm] {
    const auto state = std::make_shared<Training>(config, batch, algorithm);
    const auto first = std::make_shared<std::optional<StepReport>>();
    PreparedCase prepared;
    prepared.run = [state, first] {
      const StepReport report = state->step();
      if (!*first) *first = report;
    };
    // The losses of the first iteration, by both algorithms: before any update, after the discriminator's, after the generator's.
    prepared.check = [first, config, batch, algorithm] {
      const StepReport expected = Training(config, batch, other_algorithm(algorithm)).step();
      const auto expect = [](const char* what, double got, double by_other, double tolerance) {
        check(std::fabs(got - by_other) <= tolerance * std::fabs(by_other), "bench: training: ", what, " is ", got,
              ", by the other algorithm ", by_other);
      };
      expect("loss D", (*first)->loss_d, expected.loss_d, 1e-4);
      expect("loss G", (*first)->loss_g[0], expected.loss_g[0], 1e-2);
      expect("loss G of the second step", (*first)->loss_g[1], expected.loss_g[1], 1e-2);
    };
    return prepared;
  };
  return one;
}

}  // namespace

std::vector<BenchCase> network_cases(const BenchSizes& sizes) {
  std::vector<BenchCase> cases;
  for (const ConvAlgorithm algorithm : sizes.algorithms)
    for (const char* const setting : {"A", "F"}) cases.push_back(inference_case(setting, sizes.batch, algorithm));
  for (const ConvAlgorithm algorithm : sizes.algorithms)
    for (const char* const setting : {"A", "H"}) cases.push_back(training_case(setting, sizes.batch, algorithm));
  return cases;
}

}  // namespace pbgen
