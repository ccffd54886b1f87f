#include "tools/lib/image_output.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "core/check.h"
#include "core/file.h"
#include "core/parallel.h"
#include "data/image_io.h"

namespace pbgen {
namespace {

std::string numbered_path(const std::string& folder, const std::string& prefix, std::int64_t number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%06lld", static_cast<long long>(number));
  return concat(folder, "/", prefix, "_", digits, ".png");
}

bool write_unsynced(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return !file.fail();
}

}  // namespace

void claim_output_folder(const std::string& path, bool force) {
  make_directories(path);
  std::error_code error;
  const bool empty = std::filesystem::is_empty(path, error);
  if (error) fail(ErrorKind::input_output, path, ": ", error.message());
  if (!empty && !force) fail(ErrorKind::usage, "--out ", path, " is not empty: choose a new folder, or add --force to write into it");
}

std::int64_t images_at_a_time(std::int64_t bytes_per_image) {
  constexpr std::int64_t kMostBytes = std::int64_t{1} << 26;
  constexpr std::int64_t kMost = 512;
  return std::clamp<std::int64_t>(kMostBytes / bytes_per_image, 1, kMost);
}

void write_numbered_pngs(const std::string& folder, const std::string& prefix, const ImageSet& images, std::int64_t first) {
  std::atomic<std::int64_t> failed{-1};
  parallel_items(images.count(), [&](std::int64_t i) {
    const std::vector<std::uint8_t> png = encode_png(images.image(i), images.size(), images.size(), images.channels());
    if (!write_unsynced(numbered_path(folder, prefix, first + i), png)) failed = first + i;
  });
  if (failed >= 0) {
    fail(ErrorKind::input_output, numbered_path(folder, prefix, failed),
         ": cannot be written; is the disk full, or the folder not yours?");
  }
}

}  // namespace pbgen
