// Pictures that make_faces and generate write: folders full of them, and single ones.
#pragma once

#include <cstdint>
#include <string>

#include "core/files/file.h"
#include "core/files/folder_lock.h"
#include "data/image.h"
#include "data/image_set.h"

namespace pbgen {

// Makes the folder of --out, and locks it while the result lives.  Error(usage) where it is not empty, unless force: then files of the
// same name are replaced and others stay; or where another process writes into it.
FolderLock claim_output_folder(const std::string& path, bool force);

// How many images of so many bytes are made before they are written: memory stays small, and progress shows.
std::int64_t images_at_a_time(std::int64_t bytes_per_image);

// Writes PREFIX_000000.png and so on, the first one numbered `first`, encoded in parallel, each whole or not at all (FileBatch).
// Error(input_output) with the path.
void write_numbered_pngs(const std::string& folder, const std::string& prefix, const ImageSet& images, std::int64_t first);

// Error(usage) with the flag where a picture cannot have that name, which ends in .png, .jpg or .jpeg; "" is none.
void require_picture_name(const std::string& flag, const std::string& path);
// Writes what the name says, a JPEG of high quality or a PNG.  Error(input_output).
void write_picture(const std::string& path, const Image& image, Existing existing);

}  // namespace pbgen
