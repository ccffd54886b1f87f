// What was found in a folder of images, said to people.
#pragma once

#include <string>
#include <vector>

#include "data/load_images.h"

namespace pbgen {

// Lines about what was skipped (each file with its reason, a few of many), what was converted, and the cache.
std::vector<std::string> loading_notes(const LoadedImages& loaded);

}  // namespace pbgen
