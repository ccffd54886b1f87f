// A folder of image files, made into images of one size for the networks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "data/crop.h"
#include "data/folder/list_images.h"
#include "data/image.h"

namespace pbgen {

// What happens when files cannot be used.
enum class OnBad {
  one_percent,  // they are skipped; more than 1% of all files is an error
  skip,
  fail,  // the first one is an error
};

// "1%", "skip" or "fail"; InvalidOption otherwise.
OnBad parse_on_bad(const std::string& text);
// The inverse.
const char* name(OnBad on_bad);

struct FolderOptions {
  std::string folder = {};
  int size = 64;     // side in pixels; 0: the side that the crop has, which must be the same for every file
  int channels = 3;  // 3: grey becomes RGB; 1: colour becomes Rec. 601 luma
  Crop crop = {};
  bool contrast_stretch = false;  // each crop's minimum..maximum is stretched to 0..255 (spec, section 3)
  OnBad on_bad = OnBad::one_percent;
};

// What a folder's files were.
struct FolderReport {
  std::int64_t files = 0;  // with an image's extension, bad ones included
  std::int64_t grey = 0;
  std::int64_t alpha = 0;        // RGBA, grey with alpha, palettes with transparency
  std::int64_t sixteen_bit = 0;  // samples wider than 8 bits
  std::int64_t turned = 0;       // by an EXIF orientation of 2 to 8
  std::uint64_t content = 0;     // checksum of the listed files' bytes (data/folder/source_files.h)
  std::vector<BadFile> bad = {};
  bool operator==(const FolderReport&) const = default;
};

// Crop, channels, contrast, size; in this order.  size 0 leaves the crop's size.  Error(data) with the bare reason where
// the crop does not fit.
Image prepare_image(const Image& source, const FolderOptions& options, int size);

// The side that every image will have: options.size, or where that is 0 the crop's side of the first usable file.
// Error(data) where no file is usable, or the crop is no square.
int resolve_size(const FolderListing& listing, const FolderOptions& options);

// Decodes all files in parallel and hands each usable one, [size][size][channels], to sink, in the listing's order and
// from the calling thread.  A few hundred at most are in memory at a time.  Error(data) as options.on_bad tells; where
// options.size is 0, also for a file of another size.
FolderReport decode_images(const FolderListing& listing, const FolderOptions& options, int size,
                           FunctionRef<void(std::span<const std::uint8_t> pixels)> sink, const LoadProgress& progress);

// Throws what options.on_bad asks for: Error(data) that names some of the bad files with their reasons.
void judge_bad_files(const FolderReport& report, const FolderOptions& options);

}  // namespace pbgen
