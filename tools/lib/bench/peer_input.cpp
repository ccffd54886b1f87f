#include "tools/lib/bench/peer_input.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "core/files/npz.h"
#include "gan/expanded_generator.h"
#include "gan/folded_generator.h"
#include "gan/latents.h"
#include "gan/networks.h"
#include "gan/trainer.h"
#include "tools/lib/bench/inference.h"
#include "tools/lib/bench/random_values.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {
namespace {

bool wants(const BenchFilter& filter, const char* section, const char* layer, const char* op) {
  BenchCase one;
  one.section = section;
  one.layer = layer;
  one.op = op;
  return filter.matches(one);
}

std::vector<std::int64_t> image_dims(const NetworkConfig& config, std::int64_t count) {
  return {count, config.channels, config.size, config.size};
}

void write_images(const std::string& stem, const FoldedGenerator& folded, const std::vector<float>& z, const std::vector<float>& images) {
  const NetworkConfig& config = folded.config;
  const auto count = static_cast<std::int64_t>(z.size()) / config.z_dim;
  save_expanded_generator(stem + ".npz", folded, ExpandedFormat::npz);
  NpzWriter writer;
  writer.add("z", {count, config.z_dim}, z);
  writer.add("images", image_dims(config, count), images);
  writer.write(stem + "_images.npz");
}

// One by one, as a device draws them.
void write_edge(const std::string& stem, const NetworkConfig& config) {
  const Inference model(config, kLanes, ConvAlgorithm::im2col);
  const FoldedGenerator folded = fold_generator(model.network(), config);
  EdgeGenerator generator(folded);
  const std::vector<float> z = model.latents();
  const std::size_t values = static_cast<std::size_t>(config.channels) * config.size * config.size;
  std::vector<float> images(kLanes * values);
  for (std::size_t i = 0; i < kLanes; ++i) generator.generate(z.data() + i * config.z_dim, images.data() + i * values);
  write_images(stem, folded, z, images);
}

void write_network(const std::string& stem, const NetworkConfig& config, const BenchSizes& sizes) {
  Inference model(config, sizes.batch, sizes.algorithms.front());
  write_images(stem, fold_generator(model.network(), config), model.latents(), row_major(model.run()));
}

void write_training(const std::string& path, const NetworkConfig& config, const BenchSizes& sizes) {
  TrainerOptions options;
  options.network = config;
  options.batch = static_cast<int>(sizes.batch);
  const AlgorithmScope scope(sizes.algorithms.front());
  // The writer borrows weights, which a step changes: the losses are those of another trainer with the same ones.
  Trainer untrained(options);
  Trainer trainer(options);

  const AlignedBuffer<float> real = random_values(config.image_shape(sizes.batch).floats(), 5);
  Tensor images(config.image_shape(sizes.batch));
  std::copy(real.begin(), real.end(), images.data());
  std::vector<float> z(static_cast<std::size_t>(sizes.batch * config.z_dim));
  draw_latents(CounterRng(1, Stream::test), 0, sizes.batch, config.z_dim, z.data());
  Tensor latents(config.latent_shape(sizes.batch));
  latents_to_lanes(z.data(), sizes.batch, latents.view());

  const StepReport& report = trainer.step(std::as_const(images).view(), std::as_const(latents).view());
  const std::vector<float> losses{static_cast<float>(report.loss_d), static_cast<float>(report.loss_g[0]),
                                  static_cast<float>(report.loss_g[1])};
  const std::vector<float> image_values = row_major(std::as_const(images).view());
  NpzWriter writer;
  for (const Sequential* const network : {&untrained.generator(), &untrained.discriminator()})
    for (const Param* const param : network->params()) writer.add(param->name, param->dims, param->value.span());
  writer.add("real", image_dims(config, sizes.batch), image_values);
  writer.add("z", {sizes.batch, config.z_dim}, z);
  writer.add("losses", {3}, losses);
  writer.write(path);
}

}  // namespace

void write_peer_input(const std::string& folder, const BenchFilter& filter, const BenchSizes& sizes) {
  const NetworkConfig paper;
  if (wants(filter, "edge", "generator", "inference")) write_edge(folder + "/edge", sizes.edge_network);
  if (wants(filter, "network", "generator", "inference")) write_network(folder + "/network", paper, sizes);
  if (wants(filter, "network", "iteration", "training")) write_training(folder + "/training.npz", paper, sizes);
}

}  // namespace pbgen
