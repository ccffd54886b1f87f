#include "data/folder/cache_stamp.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "data/folder/fingerprint.h"

namespace pbgen {
namespace {

constexpr std::string_view kMagic = "PBGENSRC";
constexpr std::uint64_t kFormatVersion = 1;
constexpr std::size_t kBytes = 48;
constexpr std::int64_t kCoarsestClockNs = 2'000'000'000;  // FAT's

}  // namespace

std::optional<CacheStamp> read_cache_stamp(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  try {
    bytes = read_file(path, kBytes);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (bytes.size() != kBytes || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) return std::nullopt;
  const auto number = [&](std::size_t i) { return load_number(bytes.data() + kMagic.size() + 8 * i); };
  if (number(0) != kFormatVersion || number(4) != checksum_of(std::span(bytes).first(kBytes - 8))) return std::nullopt;
  return CacheStamp{number(1), number(2), number(3)};
}

void write_cache_stamp(const std::string& path, const CacheStamp& stamp) {
  std::array<std::uint8_t, kBytes> bytes = {};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  std::uint8_t* at = bytes.data() + kMagic.size();
  for (const std::uint64_t number : {kFormatVersion, stamp.key, stamp.stamp, stamp.content}) {
    store_number(number, at);
    at += 8;
  }
  store_number(checksum_of(std::span(bytes).first(kBytes - 8)), at);
  write_file_atomically(path, bytes);
}

bool is_settled(const FolderListing& listing, std::int64_t now_ns) {
  return std::all_of(listing.files.begin(), listing.files.end(),
                     [&](const SourceFile& file) { return file.changed_ns < now_ns - kCoarsestClockNs; });
}

}  // namespace pbgen
