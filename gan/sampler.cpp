#include "gan/sampler.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "gan/latents.h"
#include "layers/batchnorm2d.h"

namespace pbgen {
namespace {

template <class Visit>
void for_each_batch_norm(Sequential& network, Visit visit) {
  for (std::size_t i = 0; i < network.layer_count(); ++i)
    if (auto* const norm = dynamic_cast<BatchNorm2d*>(&network.layer(i))) visit(*norm);
}

}  // namespace

Sampler::Sampler(const NetworkConfig& config, const Sequential& source, const SamplerLoan& loan)
    : config_(config), loan_(loan), generator_(make_generator(config)) {
  copy_weights(source, generator_);
}

void Sampler::calibrate(int batches, int batch, std::uint64_t seed) {
  check(batches >= 1, "calibration over ", batches, " batches, expected at least 1");
  Tensor latents(config_.latent_shape(batch));
  std::optional<Sequential::Record> made;
  Sequential::Record& record = loan_.record != nullptr ? *loan_.record : made.emplace(generator_.make_record(latents.shape()));
  Workspace workspace(generator_.workspace_floats(latents.shape()));
  std::vector<float> z(static_cast<std::size_t>(latents.floats()));
  for_each_batch_norm(generator_, [](BatchNorm2d& norm) { norm.begin_calibration(); });
  for (int i = 0; i < batches; ++i) {
    draw_latents(CounterRng(seed, Stream::calibrate, static_cast<std::uint32_t>(i)), 0, batch, config_.z_dim, z.data());
    latents_to_lanes(z.data(), batch, latents.view());
    generator_.forward(latents.view(), record, workspace, Mode::train);
    generator_.update_moving_statistics(record);
  }
  for_each_batch_norm(generator_, [](BatchNorm2d& norm) { norm.finish_calibration(); });
}

void Sampler::generate(const float* z, std::int64_t count,
                       FunctionRef<void(std::int64_t first, ConstTensorView images, std::int64_t n)> consume) {
  if (!room_) {
    const LaneShape shape = config_.latent_shape(kBatch);
    room_.emplace(Room{.latents = Tensor(shape),
                       .scratch = generator_.make_scratch(shape),
                       .workspace = Workspace(generator_.workspace_floats(shape))});
    if (loan_.scratch != nullptr && loan_.scratch->floats() < room_->scratch.floats()) loan_.scratch = nullptr;
    if (loan_.scratch != nullptr) room_->scratch = {};
  }
  Sequential::Scratch& scratch = loan_.scratch != nullptr ? *loan_.scratch : room_->scratch;
  for (std::int64_t first = 0; first < count; first += kBatch) {
    const std::int64_t n = std::min(kBatch, count - first);
    latents_to_lanes(z + first * config_.z_dim, n, room_->latents.view());
    consume(first, generator_.infer(std::as_const(room_->latents).view(), scratch, room_->workspace), n);
  }
}

void copy_weights(const Sequential& from, Sequential& to) {
  const auto copy = [](const auto& sources, const auto& targets) {
    check_equal(targets.size(), sources.size(), "number of arrays");
    for (std::size_t i = 0; i < sources.size(); ++i) {
      check(sources[i]->name == targets[i]->name && sources[i]->dims == targets[i]->dims, "array ", sources[i]->name,
            " does not correspond to ", targets[i]->name);
      std::copy(sources[i]->value.begin(), sources[i]->value.end(), targets[i]->value.begin());
    }
  };
  copy(from.params(), to.params());
  copy(from.buffers(), to.buffers());
  to.weights_loaded();
}

}  // namespace pbgen
