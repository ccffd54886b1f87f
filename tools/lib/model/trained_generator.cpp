#include "tools/lib/model/trained_generator.h"

#include <optional>
#include <utility>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"
#include "core/base/parallel.h"
#include "core/files/file.h"
#include "core/files/regular_file.h"
#include "core/files/safetensors.h"
#include "gan/checkpoint.h"
#include "gan/expanded_generator.h"
#include "gan/packed_model.h"
#include "tools/lib/model/sample_images.h"

namespace pbgen {

TrainedGenerator::TrainedGenerator(const std::string& path) {
  if (is_expanded_generator(path))
    fail(ErrorKind::model_file, path, ": weights for other programs (export --to safetensors or npz): give the checkpoint, or export it ",
         "--to packed");
  std::optional<PackedModel> exported;
  std::optional<SafetensorsFile> file;
  {
    const std::vector<std::uint8_t> bytes = read_file(path, kMaxSafetensorsBytes);
    if (PackedModel::is_format_of(bytes)) exported = PackedModel::parse(bytes, path);
    else file = SafetensorsFile::parse(bytes, path);
  }
  if (exported) {
    config_ = exported->network();
    edge_ = std::make_unique<EdgeGenerator>(std::move(*exported));
  } else {
    const Checkpoint checkpoint(std::move(*file));
    config_ = checkpoint.network();
    run_options_ = checkpoint.note("options");
    sampler_.emplace(config_, checkpoint.generator());
  }
}

void TrainedGenerator::calibrate(int batches, std::uint64_t seed) {
  check(sampler_.has_value(), "an exported model has no moving statistics");
  sampler_->calibrate(batches, kCalibrationBatch, seed);
}

ImageSet TrainedGenerator::draw(const float* z, std::int64_t count) {
  return sampler_.has_value() ? sample_images(*sampler_, z, count) : draw_exported(z, count);
}

ImageSet TrainedGenerator::draw_exported(const float* z, std::int64_t count) {
  const std::int64_t plane = std::int64_t{config_.size} * config_.size;
  const int channels = config_.channels;
  const auto pixels = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(count * plane * channels));
  // Each image by one thread: threads that share an image wait for each other a dozen times, which a busy machine makes long.
  parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> image(static_cast<std::size_t>(plane * channels));
    AlignedBuffer<unsigned char> scratch(edge_->scratch_bytes_alone());
    for (std::int64_t i = begin; i < end; ++i) {
      edge_->generate_alone(z + i * config_.z_dim, image.data(), scratch.data());
      require_drawn(image);
      edge_->to_bytes(image.data(), pixels->data() + i * plane * channels);
    }
  });
  return {pixels, pixels->data(), count, config_.size, channels};
}

bool begins_as_generator(const std::string& path) {
  constexpr std::size_t kBehindLength = 8;  // a safetensors file's header begins there
  const std::string begin = first_bytes(path, kBehindLength + 1);
  return (begin.size() > kBehindLength && begin.back() == '{') || is_expanded_generator(path);
}

}  // namespace pbgen
