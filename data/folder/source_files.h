// What tells a folder's files from others: cheaply, by what the file system says of them, and surely, by their bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/folder/fingerprint.h"
#include "data/folder/list_images.h"

namespace pbgen {

// The checksum of several files' contents, in the listing's order.
class ContentChecksum {
 public:
  // checksum: CRC-64 of the file's bytes; nothing where it cannot be read.
  void add(std::optional<std::uint64_t> checksum);
  std::uint64_t value() const { return fingerprint_.value(); }

 private:
  Fingerprint fingerprint_;
};

// Reads every byte of every listed file, in parallel, which takes a small part of the time of decoding them.  Equals
// decode_images' FolderReport::content of the same files.
std::uint64_t content_checksum(const std::string& folder, const FolderListing& listing, const LoadProgress& progress);

// A checksum of names, lengths, times and inodes.  No program can set a file's time of change (ctime) back, so that on one machine equal
// stamps are equal files; a copy, a restored backup or a touch has another stamp and may have the same content.
std::uint64_t listing_stamp(const FolderListing& listing);

}  // namespace pbgen
