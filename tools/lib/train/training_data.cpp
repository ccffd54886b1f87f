#include "tools/lib/train/training_data.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "core/base/check.h"
#include "core/files/crc64.h"
#include "data/faces/synthetic_faces.h"
#include "data/folder/load_images.h"
#include "data/split.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/images/loaded_images.h"
#include "tools/lib/images/score.h"

namespace pbgen {
namespace {

// Takes evenly spread images: reading all of a mapped cache at every start would cost minutes on a slow disk.
std::string pixel_fingerprint(const ImageSet& images) {
  constexpr std::int64_t kMaxHashed = 512;
  const std::int64_t hashed = std::min(images.count(), kMaxHashed);
  Crc64 crc;
  for (std::int64_t i = 0; i < hashed; ++i) crc.add(images.image(i * images.count() / hashed));
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(crc.value()));
  return concat(images.count(), "x", images.size(), "x", images.channels(), "-", digits);
}

ImageSet draw_synthetic(const RunConfig& config, std::string& summary) {
  ImageSet images = synthetic_faces(config.trainer.seed, 0, config.data.synthetic_images, config.network().size, config.network().channels);
  summary = concat(images.count(), " synthetic faces of seed ", config.trainer.seed, ", ",
                   format_bytes(images.count() * images.bytes_per_image()), " in memory");
  return images;
}

ImageSet read_folder(const RunConfig& config, std::string& summary) {
  FolderOptions options;
  options.folder = config.data.folder;
  options.size = config.network().size;
  options.channels = config.network().channels;
  options.crop = config.data.crop;
  options.contrast_stretch = config.data.contrast_stretch;
  options.on_bad = config.data.on_bad;
  std::optional<Progress> progress;
  const auto showing = [&](const char* what) {
    return [&progress, what](std::int64_t done, std::int64_t total) {
      if (done == 0) progress.emplace(what, total);
      progress->update(done);
      if (done == total) progress->finish();
    };
  };
  const auto waiting = [](const std::string& path) {
    say(stderr, concat(path, ": another process is writing this cache; waiting for it"));
  };
  const LoadedImages loaded = load_images(options, config.data.cache, showing("decoding"), showing("comparing with the cache"), waiting);
  for (const std::string& note : loading_notes(loaded)) say(stderr, note);
  const std::string bytes = format_bytes(loaded.images.count() * loaded.images.bytes_per_image());
  summary = concat(loaded.images.count(), " images of ", config.data.folder, loading_summary(loaded.report, loaded.unread), ", ", bytes,
                   loaded.cache_path.empty() ? " in memory" : loaded.from_cache ? " mapped from " : " cached in ", loaded.cache_path,
                   loaded.verified ? ", its files' bytes compared" : "");
  return loaded.images;
}

void require_a_batch(const RunConfig& config, std::int64_t train) {
  if (train >= config.trainer.batch) return;
  fail(ErrorKind::data, config.data.folder.empty() ? "--synthetic-images" : config.data.folder, ": ", train,
       " images are left for training, a batch has ", config.trainer.batch, "; lower --batch or --holdout, or add images");
}

}  // namespace

ImageSource TrainingData::training_source() const { return subset(image_source(images), {train.begin(), train.end()}); }

ImageSource TrainingData::held_out_source() const { return subset(image_source(images), {held_out.begin(), held_out.end()}); }

DataCount count_training_data(const RunConfig& config) {
  DataCount count;
  const DataConfig& data = config.data;
  count.images = data.folder.empty() ? data.synthetic_images : static_cast<std::int64_t>(list_some_images(data.folder).files.size());
  count.train = static_cast<std::int64_t>(split_holdout(count.images, config.data.holdout, config.trainer.seed).train.size());
  require_a_batch(config, count.train);
  return count;
}

TrainingData load_training_data(const RunConfig& config) {
  TrainingData data;
  data.images = config.data.folder.empty() ? draw_synthetic(config, data.summary) : read_folder(config, data.summary);
  Split split = split_holdout(data.images.count(), config.data.holdout, config.trainer.seed);
  data.train = std::move(split.train);
  data.held_out = std::move(split.held_out);
  data.fingerprint = pixel_fingerprint(data.images);
  require_a_batch(config, static_cast<std::int64_t>(data.train.size()));
  return data;
}

}  // namespace pbgen
