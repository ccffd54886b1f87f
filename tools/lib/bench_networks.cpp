#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "core/check.h"
#include "core/rng.h"
#include "gan/latents.h"
#include "gan/accounting.h"
#include "gan/networks.h"
#include "gan/trainer.h"
#include "tools/lib/bench_case.h"
#include "tools/lib/bench_measure.h"
#include "tools/lib/edge_generator.h"

namespace pbgen {
namespace {

// Multiply-adds of one image in one network, the linear layers left out: the unit in which the work of an iteration is counted.
double multiply_adds(const NetworkConfig& config) {
  std::int64_t sum = 0;
  for (const LayerRow& row : layer_table(config))
    if (row.network == "generator" && row.kind != LayerKind::linear) sum += row.multiply_adds();
  return static_cast<double>(sum);
}

NetworkConfig paper_network(const char* setting) {
  NetworkConfig config;
  config.binarized = parse_setting(setting);
  return config;
}

ConvAlgorithm other(ConvAlgorithm algorithm) { return algorithm == ConvAlgorithm::direct ? ConvAlgorithm::im2col : ConvAlgorithm::direct; }

Sequential generator_with(ConvAlgorithm algorithm, const NetworkConfig& config) {
  const AlgorithmScope scope(algorithm);
  return make_generator(config);
}

// The generator in inference mode.
class Inference {
 public:
  Inference(const NetworkConfig& config, std::int64_t batch, ConvAlgorithm algorithm)
      : network_(generator_with(algorithm, config)),
        latent_(config.latent_shape(batch)),
        scratch_(network_.make_scratch(latent_.shape())),
        workspace_(network_.workspace_floats(latent_.shape())) {
    initialise(network_, 1, kGeneratorFirstNumber);
    std::vector<float> z(static_cast<std::size_t>(latent_.floats()));
    draw_latents(CounterRng(1, Stream::generate), 0, batch, config.z_dim, z.data());
    latents_to_lanes(z.data(), batch, latent_.view());
    // Moving statistics that fit the weights: with the initial ones the images would be grey, whatever is computed.
    Sequential::Record record = network_.make_record(latent_.shape());
    network_.forward(std::as_const(latent_).view(), record, workspace_, Mode::train);
    for (int i = 0; i < 100; ++i) network_.update_moving_statistics(record);
  }

  const Sequential& network() const { return network_; }
  // Image 0's latent vector.
  std::vector<float> first_latent() const {
    std::vector<float> z;
    for (std::int64_t c = 0; c < latent_.shape().channels; ++c) z.push_back(latent_.data()[latent_.shape().index(0, 0, 0, c)]);
    return z;
  }
  ConstTensorView run() { return network_.infer(std::as_const(latent_).view(), scratch_, workspace_); }

 private:
  Sequential network_;
  Tensor latent_;
  Sequential::Scratch scratch_;
  Workspace workspace_;
};

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
  one.flops = 2.0 * multiply_adds(config) * static_cast<double>(batch);
  one.shows_rate = true;
  one.prepare = [config, batch, algorithm] {
    const auto state = std::make_shared<Inference>(config, batch, algorithm);
    PreparedCase prepared;
    prepared.run = [state] { state->run(); };
    // Layers are held to their formulas one by one; the whole is held to the other algorithm's, in [-1, 1] and after four layers.
    prepared.check = [state, config, batch, algorithm] {
      const ConstTensorView images = state->run();
      Inference reference(config, batch, other(algorithm));
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

// One image through gan/edge, pixels in the lanes.
class EdgeInference {
 public:
  explicit EdgeInference(const NetworkConfig& config)
      : batch_(config, kLanes, ConvAlgorithm::im2col),
        edge_(batch_.network(), config),
        z_(batch_.first_latent()),
        image_(static_cast<std::size_t>(config.image_shape(1).floats())) {}

  void run() { edge_.generate(z_.data(), image_.data()); }

  // Against the same latent vector's image in a batch.
  void check_image() {
    const ConstTensorView images = batch_.run();
    const LaneShape& shape = images.shape;
    for (std::size_t i = 0; i < image_.size(); ++i) {
      const std::int64_t pixel = static_cast<std::int64_t>(i) % shape.pixels();
      const std::int64_t channel = static_cast<std::int64_t>(i) / shape.pixels();
      const float expected = images.data[shape.index(0, pixel / shape.width, pixel % shape.width, channel)];
      check(std::fabs(image_[i] - expected) <= 1e-3f, "bench: one image: value ", i, " is ", image_[i], ", in a batch ", expected);
    }
  }

 private:
  Inference batch_;
  EdgeGenerator edge_;
  std::vector<float> z_;
  std::vector<float> image_;
};

BenchCase edge_case(const char* setting) {
  const NetworkConfig config = paper_network(setting);
  BenchCase one;
  one.section = "network";
  one.layer = "generator";
  one.op = "inference";
  one.path = concat(setting, " edge");
  if (!config.binarized.generator.empty()) one.float_path = "A edge";
  one.shape = concat(config.z_dim, " -> ", config.channels, "x", config.size, "x", config.size);
  one.batch = 1;
  one.flops = 2.0 * multiply_adds(config);
  one.shows_rate = true;
  one.least_repeats = 50;
  one.prepare = [config] {
    const auto state = std::make_shared<EdgeInference>(config);
    return PreparedCase{[state] { state->run(); }, [state] { state->check_image(); }};
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
  one.flops = 2.0 * kUnits * multiply_adds(config) * static_cast<double>(batch);
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
      const StepReport expected = Training(config, batch, other(algorithm)).step();
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
  for (const char* const setting : {"A", "F"}) cases.push_back(edge_case(setting));
  for (const ConvAlgorithm algorithm : sizes.algorithms)
    for (const char* const setting : {"A", "H"}) cases.push_back(training_case(setting, sizes.batch, algorithm));
  return cases;
}

}  // namespace pbgen
