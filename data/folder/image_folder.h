// A folder of image files, made into images of one size for the networks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "data/image.h"

namespace pbgen {

// Which part of a picture is kept before it is resized.
struct Crop {
  enum class Kind {
    largest_square,  // centred, of the shorter side: resizing all of an oblong picture would distort it
    rectangle,       // width x height from (left, top); an oblong one is resized to a square as it is, as the reference does
    centre,          // a centred square of width pixels
  };
  Kind kind = Kind::largest_square;
  int width = 0;
  int height = 0;
  int left = 0;
  int top = 0;

  bool operator==(const Crop&) const = default;
};

// --celeba: the reference's crop of the 178x218 aligned faces, 108x108+35+55.
inline constexpr Crop kCelebaCrop{Crop::Kind::rectangle, 108, 108, 35, 55};

// "WxH+X+Y" (X from the left, Y from the top), "center:S", or "" for the largest centred square.  Error(usage) otherwise.
Crop parse_crop(const std::string& text);
// The inverse, for a report or a configuration.
std::string to_string(const Crop& crop);

// What happens when files cannot be used.
enum class OnBad {
  one_percent,  // they are skipped; more than 1% of all files is an error
  skip,
  fail,  // the first one is an error
};

// "1%", "skip" or "fail"; Error(usage) otherwise.
OnBad parse_on_bad(const std::string& text);

struct FolderOptions {
  std::string folder = {};
  int size = 64;     // side in pixels; 0: the side that the crop has, which must be the same for every file
  int channels = 3;  // 3: grey becomes RGB; 1: colour becomes Rec. 601 luma
  Crop crop = {};
  bool contrast_stretch = false;  // each crop's minimum..maximum is stretched to 0..255 (spec, section 3)
  OnBad on_bad = OnBad::one_percent;
};

struct BadFile {
  std::string path;  // relative to the folder
  std::string reason;
  bool operator==(const BadFile&) const = default;
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

struct SourceFile {
  std::string path;  // relative to the folder, with '/'
  std::int64_t bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  // ctime, which no program can set
  std::uint64_t inode = 0;
};

struct FolderListing {
  std::vector<SourceFile> files;                    // sorted by path, byte by byte
  std::vector<BadFile> bad;                         // dangling links, what is no regular file, folders that cannot be read
  std::map<std::string, std::int64_t> other_files;  // extension in lower case ("" for none): count
};

// The names of files that are read end so, in any case.
inline constexpr const char* kImageExtensions = "jpg, jpeg, jpe, jfif, jif, png, bmp, dib, ppm, pgm, pnm";

// All files below the folder whose names end in one of kImageExtensions.  Symbolic links are followed, and every folder is read once,
// however many links (or a cycle of them) lead there.  Passed over, because they hold thumbnails, copies and what was deleted: names that
// begin with a dot, and folders that photo libraries, archivers and file systems make (@eaDir, __MACOSX, #recycle, $RECYCLE.BIN,
// lost+found, *.lrdata and the like).  Error(data) where the folder is none or cannot be read.
FolderListing list_images(const std::string& folder);

// Those of listing.other_files that are pictures by their extension, but of a format that is not read: webp, heic, gif, raw photographs ...
std::map<std::string, std::int64_t> unread_pictures(const FolderListing& listing);

// "200 .webp, 3 .gif", the most frequent first, at most 8 of them; "" for none.
std::string count_by_extension(const std::map<std::string, std::int64_t>& counts);

// done of total files.  Called from the calling thread, between files; may throw, which ends the work.
using LoadProgress = std::function<void(std::int64_t done, std::int64_t total)>;

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
