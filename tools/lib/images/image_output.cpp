#include "tools/lib/images/image_output.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "core/files/file_batch.h"
#include "data/formats/image_io.h"
#include "tools/lib/cli/output_path.h"

namespace pbgen {
namespace {

constexpr int kJpegQuality = 95;

std::string numbered_name(const std::string& prefix, std::int64_t number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%06lld", static_cast<long long>(number));
  return concat(prefix, "_", digits, ".png");
}

bool is_picture_name(const std::string& path) {
  const std::string ending = name_ending(path);
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

}  // namespace

FolderLock claim_output_folder(const std::string& path, bool force) {
  FolderLock lock(path);
  if (!force && !holds_nothing(path))
    fail(ErrorKind::usage, "--out ", path, " is not empty: choose a new folder, or add --force to write into it");
  return lock;
}

std::int64_t images_at_a_time(std::int64_t bytes_per_image) {
  constexpr std::int64_t kMostBytes = std::int64_t{1} << 26;
  constexpr std::int64_t kMost = 512;
  return std::clamp<std::int64_t>(kMostBytes / bytes_per_image, 1, kMost);
}

void write_numbered_pngs(const std::string& folder, const std::string& prefix, const ImageSet& images, std::int64_t first) {
  FileBatch batch(folder, images.count());
  parallel_items(images.count(), [&](std::int64_t i) {
    const std::vector<std::uint8_t> png = encode_png(images.image(i), images.size(), images.size(), images.channels());
    batch.write(i, numbered_name(prefix, first + i), png);
  });
  batch.commit();
}

void require_picture_name(const std::string& flag, const std::string& path) {
  if (!path.empty() && !is_picture_name(path))
    fail(ErrorKind::usage, flag, ' ', path, ": its name says no format that is written; end it in .png or .jpg");
}

void write_picture(const std::string& path, const Image& image, Existing existing) {
  check(is_picture_name(path), "write_picture: ", path);
  const bool png = name_ending(path) == ".png";
  write_file_atomically(path, png ? encode_png(image.pixels, image.width, image.height, image.channels) : encode_jpeg(image, kJpegQuality),
                        existing);
}

}  // namespace pbgen
