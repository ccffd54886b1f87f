#include "tools/lib/bench/inference.h"

#include <utility>

#include "core/base/rng.h"
#include "core/freestanding/half.h"
#include "gan/accounting.h"
#include "gan/latents.h"
#include "tools/lib/bench/case.h"

namespace pbgen {
namespace {

Sequential generator_with(ConvAlgorithm algorithm, const NetworkConfig& config) {
  const AlgorithmScope scope(algorithm);
  return make_generator(config);
}

void round_linear_to_half(Sequential& network) {
  for (Param* const param : network.params())
    if (param->name.ends_with("linear.weight"))
      for (float& weight : param->value) weight = float_of_half(half_of_float(weight));
  network.weights_loaded();
}

}  // namespace

double generator_multiply_adds(const NetworkConfig& config) {
  std::int64_t sum = 0;
  for (const LayerRow& row : layer_table(config))
    if (row.network == "generator" && row.kind != LayerKind::linear) sum += row.multiply_adds();
  return static_cast<double>(sum);
}

ConvAlgorithm other_algorithm(ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::direct ? ConvAlgorithm::im2col : ConvAlgorithm::direct;
}

std::vector<float> row_major(ConstTensorView images) {
  const LaneShape& shape = images.shape;
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(shape.floats()));
  for (std::int64_t image = 0; image < shape.batch; ++image)
    for (std::int64_t c = 0; c < shape.channels; ++c)
      for (std::int64_t pixel = 0; pixel < shape.pixels(); ++pixel)
        values.push_back(images.data[shape.index(image, pixel / shape.width, pixel % shape.width, c)]);
  return values;
}

Inference::Inference(const NetworkConfig& config, std::int64_t batch, ConvAlgorithm algorithm, bool half_linear)
    : network_(generator_with(algorithm, config)),
      latent_(config.latent_shape(batch)),
      scratch_(network_.make_scratch(latent_.shape())),
      workspace_(network_.workspace_floats(latent_.shape())) {
  initialise(network_, 1, kGeneratorFirstNumber);
  if (half_linear) round_linear_to_half(network_);
  std::vector<float> z(static_cast<std::size_t>(latent_.floats()));
  draw_latents(CounterRng(1, Stream::generate), 0, batch, config.z_dim, z.data());
  latents_to_lanes(z.data(), batch, latent_.view());
  // Moving statistics that fit the weights: with the initial ones the images would be grey, whatever is computed.
  Sequential::Record record = network_.make_record(latent_.shape());
  network_.forward(std::as_const(latent_).view(), record, workspace_, Mode::train);
  for (int i = 0; i < 100; ++i) network_.update_moving_statistics(record);
}

ConstTensorView Inference::run() { return network_.infer(std::as_const(latent_).view(), scratch_, workspace_); }

}  // namespace pbgen
