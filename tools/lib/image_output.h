// Folders full of pictures, written by make_faces and generate.
#pragma once

#include <cstdint>
#include <string>

#include "data/image_set.h"

namespace pbgen {

// Makes the folder of --out.  Error(usage) where it is not empty, unless force: then files of the same name are
// replaced and others stay.
void claim_output_folder(const std::string& path, bool force);

// How many images of so many bytes are made before they are written: memory stays small, and progress shows.
std::int64_t images_at_a_time(std::int64_t bytes_per_image);

// Writes PREFIX_000000.png and so on, the first one numbered `first`, encoded in parallel.  Not synced one by one: what a crash
// loses is made again by the same command, and thousands of syncs take minutes.  Error(input_output) with the path.
void write_numbered_pngs(const std::string& folder, const std::string& prefix, const ImageSet& images, std::int64_t first);

}  // namespace pbgen
