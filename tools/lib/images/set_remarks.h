// What two sets of images have in common that no distance tells.
#pragma once

#include <string>
#include <vector>

#include "data/image_set.h"

namespace pbgen {

// A line each: a set that is one picture many times over, images that both sets hold, byte for byte.  The first kMaxScoredImages of
// each are looked at.
std::vector<std::string> set_remarks(const ImageSet& real, const std::string& real_name, const ImageSet& fake,
                                     const std::string& fake_name);

}  // namespace pbgen
