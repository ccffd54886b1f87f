#include "tools/lib/training_data.h"

#include <algorithm>
#include <cstdio>

#include "core/check.h"
#include "core/cpu.h"
#include "core/rng.h"
#include "data/holdout.h"
#include "data/load_images.h"
#include "data/synthetic_faces.h"
#include "tools/lib/loaded_images.h"
#include "tools/lib/progress.h"
#include "tools/lib/score.h"
#include "tools/lib/text.h"

namespace pbgen {
namespace {

// FNV-1a over evenly spread images: reading all of a mapped cache at every start would cost minutes on a slow disk.
std::string pixel_fingerprint(const ImageSet& images) {
  constexpr std::int64_t kMaxHashed = 512;
  const std::int64_t hashed = std::min(images.count(), kMaxHashed);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::int64_t i = 0; i < hashed; ++i) {
    for (const std::uint8_t byte : images.image(i * images.count() / hashed)) {
      hash ^= byte;
      hash *= 0x100000001b3u;
    }
  }
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return concat(images.count(), "x", images.size(), "x", images.channels(), "-", digits);
}

ImageSet draw_synthetic(const TrainFlags& flags, std::string& summary) {
  Progress progress("drawing faces", 0);
  ImageSet images = synthetic_faces(flags.seed, 0, flags.synthetic_images, flags.size, flags.channels);
  summary = concat(images.count(), " synthetic faces of seed ", flags.seed, ", ", format_bytes(images.count() * images.bytes_per_image()), " in memory");
  return images;
}

ImageSet read_folder(const TrainFlags& flags, std::string& summary) {
  FolderOptions options;
  options.folder = flags.data;
  options.size = flags.size;
  options.channels = flags.channels;
  options.crop = parse_crop(flags.crop);
  options.contrast_stretch = flags.contrast_stretch;
  options.on_bad = parse_on_bad(flags.on_bad);
  return load_images_with_report(options, flags.cache, summary);
}

}  // namespace

ImageSource TrainingData::training_source() const { return subset(image_source(images), train); }

ImageSource TrainingData::held_out_source() const { return subset(image_source(images), held_out); }

TrainingData load_training_data(const TrainFlags& flags) {
  TrainingData data;
  data.images = flags.data.empty() ? draw_synthetic(flags, data.summary) : read_folder(flags, data.summary);
  const Holdout split = split_holdout(data.images.count(), flags.holdout, flags.seed);
  data.train = split.train;
  data.held_out = split.held_out;
  data.fingerprint = pixel_fingerprint(data.images);
  if (static_cast<std::int64_t>(data.train.size()) < flags.batch) {
    fail(ErrorKind::data, flags.data.empty() ? "--synthetic-images" : flags.data, ": ", data.train.size(),
         " images are left for training, a batch has ", flags.batch, "; lower --batch or --holdout, or add images");
  }
  return data;
}

}  // namespace pbgen
