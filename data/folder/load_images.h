// Everything between a folder's name and images in memory: listing, cache, decoding, the rules about bad files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "data/folder/image_folder.h"
#include "data/image_set.h"

namespace pbgen {

using WaitNotice = std::function<void(const std::string& path)>;

struct LoadedImages {
  ImageSet images;  // in the order of the files' relative paths
  FolderReport report;
  bool from_cache = false;     // mapped from a cache that was there before; nothing was decoded
  bool verified = false;       // then: all files were read and hold the bytes that it was made from
  std::string cache_path;      // "" where images are in memory
  std::string cache_message;   // why a cache that was there was ignored, or what could not be kept beside it; "" otherwise
  std::map<std::string, std::int64_t> unread;  // unread_pictures of the folder
};

// cache_folder "": the images stay in memory (images.count() * images.bytes_per_image() bytes).  Otherwise they are mapped from
// a file there, which is written first where it is missing, stale or broken (data/folder/image_cache.h has the rules); never are all
// of them in memory.  progress: of decoding; comparing: of reading the files to compare their bytes with the cache's; waiting: told
// of the cache's path where another process is writing it, for which we wait; its result is then used.
// Error(data): the folder is missing, holds no usable image (named with the extensions that it holds), or options.on_bad
// says so, from a cache just as from the files.  Error(input_output): the cache cannot be written.
LoadedImages load_images(const FolderOptions& options, const std::string& cache_folder, const LoadProgress& progress,
                         const LoadProgress& comparing = {}, const WaitNotice& waiting = {});

// list_images; Error(data) that names the extensions seen where the folder holds no image.
FolderListing list_some_images(const std::string& folder);

}  // namespace pbgen
