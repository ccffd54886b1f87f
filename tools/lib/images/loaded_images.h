// What was found in a folder of images, said to people.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/folder/load_images.h"

namespace pbgen {

// Lines about what was skipped (each file with its reason, a few of many), what was converted, pictures that are not read, and
// the cache.
std::vector<std::string> loading_notes(const LoadedImages& loaded);

// What a line about the images must not leave out, in brackets behind a space: " (3 turned as their EXIF says; not read: 200 .webp)"; ""
// where there is nothing of the kind.
std::string loading_summary(const FolderReport& report, const std::map<std::string, std::int64_t>& unread);

}  // namespace pbgen
