// The two sets of images that swd_eval compares: found, brought to one size, and cut to what is needed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/folder/image_folder.h"
#include "data/image_set.h"

namespace pbgen {

// The most that --num-images may ask for: 128 patches of each must be fewer than 2^31.
inline constexpr std::int64_t kMostScoredImages = 10'000'000;

// A set is named by a folder, a cache file, `synthetic` or `synthetic:SEED`; FAKE also by a checkpoint, a run's folder or an exported
// model, which then draws the images that `generate` with the same seed and calibration writes.
struct ScoredImagesOptions {
  std::string real;
  std::string fake;
  std::optional<Crop> crop;            // of REAL
  bool contrast_stretch = false;       // of REAL
  int size = 0;                        // side to compare at; 0: the side that FAKE has
  int channels = 0;                    // 1 or 3; 0: a cache's own, else 3
  std::optional<std::int64_t> num_images;
  int repeats = 1;                     // each draws other images, where there are more
  std::uint64_t seed = 1;              // which images are taken, and synthetic faces
  std::optional<int> bn_calibrate;     // batches, of a checkpoint; 0: its moving averages; nothing: kCalibrationBatches
  OnBad on_bad = OnBad::one_percent;   // files of either folder that cannot be read
  LoadProgress progress;               // of decoding a folder, or of drawing
};

struct ScoredImages {
  ImageSet real;  // up to twice num_images for each repeat, for the noise floor
  ImageSet fake;
  std::int64_t num_images = 0;
  std::vector<std::string> notes;  // what a user should know, a line each
};

// FAKE is taken as it is, unless another size is asked for.  REAL is cropped and resized as in training; where its pictures
// have FAKE's size already, or FAKE belongs to a run whose config.json tells how its pictures were prepared (run_preparation.h), no
// option is needed.
// Error(usage): more images asked for than there are, a crop for what is no folder, a calibration of what is no checkpoint.  Error(data):
// sizes that differ without crop or size, a side that is not 16 * 2^k, and whatever reading the sets meets.
ScoredImages load_scored_images(const ScoredImagesOptions& options);

}  // namespace pbgen
