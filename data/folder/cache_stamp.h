// Which contents a folder's files are known to have: beside a cache, so that they need not be read again while the file system
// says that nothing has touched them.
//
//   offset  bytes
//   0       8      "PBGENSRC"
//   8       8 each, little-endian: version, key (image_cache_key), stamp (listing_stamp), content (content_checksum)
//   40      8      CRC-64 of the 40 bytes before
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/folder/image_folder.h"

namespace pbgen {

struct CacheStamp {
  std::uint64_t key = 0;
  std::uint64_t stamp = 0;
  std::uint64_t content = 0;
  bool operator==(const CacheStamp&) const = default;
};

// Nothing where there is no such file, or none that is whole and of this version: what it says can be found out anew.
std::optional<CacheStamp> read_cache_stamp(const std::string& path);

// Error(input_output) where it cannot be written.
void write_cache_stamp(const std::string& path, const CacheStamp& stamp);

// Whether the listing, begun at now_ns (CLOCK_REALTIME), can be told from what its files become later: a file that was changed within
// the last two seconds may be changed again under the same time, the file system's clock being coarse.
bool is_settled(const FolderListing& listing, std::int64_t now_ns);

}  // namespace pbgen
