#include "data/folder/source_files.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <vector>

#include "core/base/parallel.h"
#include "core/files/file.h"
#include "data/formats/image_io.h"

namespace pbgen {
namespace {

constexpr std::int64_t kFilesAtATime = 128;

// Nothing where the file cannot be read: as decode_images judges it, and with the same bound.
std::optional<std::uint64_t> file_checksum(const std::string& path) {
  try {
    return checksum_of(read_file(path, kMaxImageFileBytes));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

void ContentChecksum::add(std::optional<std::uint64_t> checksum) {
  fingerprint_.add(static_cast<std::uint64_t>(checksum.has_value()));
  fingerprint_.add(checksum.value_or(0));
}

std::uint64_t content_checksum(const std::string& folder, const FolderListing& listing, const LoadProgress& progress) {
  const auto files = static_cast<std::int64_t>(listing.files.size());
  ContentChecksum content;
  if (progress) progress(0, files);
  for (std::int64_t begin = 0; begin < files; begin += kFilesAtATime) {
    std::vector<std::optional<std::uint64_t>> checksums(static_cast<std::size_t>(std::min(kFilesAtATime, files - begin)));
    const auto number = static_cast<std::int64_t>(checksums.size());
    parallel_items(number, [&](std::int64_t i) {
      checksums[static_cast<std::size_t>(i)] = file_checksum(folder + "/" + listing.files[static_cast<std::size_t>(begin + i)].path);
    });
    for (const std::optional<std::uint64_t>& checksum : checksums) content.add(checksum);
    if (progress) progress(begin + number, files);
  }
  return content.value();
}

std::uint64_t listing_stamp(const FolderListing& listing) {
  Fingerprint stamp;
  for (const SourceFile& file : listing.files) {
    stamp.add(file.path);
    for (const std::int64_t number : {file.bytes, file.modified_ns, file.changed_ns}) stamp.add(static_cast<std::uint64_t>(number));
    stamp.add(file.inode);
  }
  for (const BadFile& file : listing.bad) stamp.add(file.path);
  return stamp.value();
}

}  // namespace pbgen
