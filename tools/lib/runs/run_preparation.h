// How a run of train_gan prepared its pictures, found from what it left.
#pragma once

#include <optional>
#include <string>

#include "data/folder/image_folder.h"

namespace pbgen {

struct RunPreparation {
  std::string source;  // the file that says so
  Crop crop = {};
  int size = 0;
  int channels = 3;
  bool contrast_stretch = false;
};

// How the run that samples, a checkpoint or an exported model belong to prepared its images: from the config.json in the folder (of a
// file: in its folder) or in one of the two above.  Nothing where there is none of ours, or where the run drew synthetic faces.
std::optional<RunPreparation> run_preparation(const std::string& path);

// The same from a configuration's text: of config.json, or of the options that a checkpoint holds, which do not name the data; those tell
// of a preparation only where they have a crop or stretch.  Nothing where it is not ours.
std::optional<RunPreparation> parse_run_preparation(const std::string& text, const std::string& source);

// "--crop center:160 --size 64 --channels 3 --contrast-stretch", for people.
std::string preparation_text(const RunPreparation& preparation);

}  // namespace pbgen
