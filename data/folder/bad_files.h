// How the bad files of a folder are told in one line.
#pragma once

#include <span>
#include <string>

#include "data/folder/list_images.h"

namespace pbgen {

// The kinds of reasons, the most frequent first, each with its first file: "36 as a.png (178x218 pixels: the crop center:300 does not
// fit), x.jpg (is text, not a JPEG ..)".  Reasons that differ in their numbers alone are one kind; three kinds at most.
std::string name_bad_files(std::span<const BadFile> bad);

}  // namespace pbgen
