// What a run trains on and what it is scored against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/image_set.h"
#include "metrics/image_source.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {

struct TrainingData {
  ImageSet images;
  std::vector<std::uint32_t> train;    // numbers of the images that are trained on
  std::vector<std::uint32_t> held_out; // never trained on
  std::string fingerprint;             // of the pixels: what must not change on resume
  std::string summary;                 // one line for people

  // The training images, or the held-out ones, for scoring.
  ImageSource training_source() const;
  ImageSource held_out_source() const;
};

// What load_training_data will find, without decoding: files, or synthetic faces, and how many of them are to train on.
// Error(data) as there, but for what only decoding shows.
struct DataCount {
  std::int64_t images = 0;
  std::int64_t train = 0;
};
DataCount count_training_data(const RunConfig& config);

// Reads the folder of images, or draws synthetic faces; says on stderr how far it is and what it skipped.
// Error(data) as load_images has it, and where fewer images than a batch are left for training.
TrainingData load_training_data(const RunConfig& config);

}  // namespace pbgen
