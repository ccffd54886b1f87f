#include "tools/lib/model/sample_images.h"

#include <memory>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "data/lane_images.h"
#include "gan/latents.h"

namespace pbgen {

void require_drawn(std::span<const float> values) {
  bool numbers = true;
  for (const float value : values) numbers &= value == value;
  if (numbers) return;
  fail(ErrorKind::diverged, "the generator draws values that are no numbers, for its weights are too large to compute with: take an ",
       "earlier checkpoint");
}

ImageSet sample_images(Sampler& sampler, const float* z, std::int64_t count) {
  const NetworkConfig& config = sampler.config();
  const std::int64_t bytes = std::int64_t{config.size} * config.size * config.channels;
  const auto pixels = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(count * bytes));
  sampler.generate(z, count, [&](std::int64_t first, ConstTensorView images, std::int64_t n) {
    require_drawn({images.data, static_cast<std::size_t>(images.shape.floats())});
    parallel_for(n, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        lanes_to_image(images, i, {pixels->data() + (first + i) * bytes, static_cast<std::size_t>(bytes)});
    });
  });
  return {pixels, pixels->data(), count, config.size, config.channels};
}

ImageSet sample_images(Sampler& sampler, std::uint64_t seed, Stream stream, std::int64_t first, std::int64_t count) {
  const int z_dim = sampler.config().z_dim;
  std::vector<float> z(static_cast<std::size_t>(count * z_dim));
  draw_latents(CounterRng(seed, stream), first, count, z_dim, z.data());
  return sample_images(sampler, z.data(), count);
}

}  // namespace pbgen
