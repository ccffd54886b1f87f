// A folder's prepared images as one file of bytes that is mapped, not read: 200,000 images start at once and take only
// the memory that is in use.
//
//   offset  bytes
//   0       8      "PBGENIMG"
//   8       8 each, little-endian: version, key, count, size, channels, bytes of pixels, bytes of report, CRC-64 of the
//                  report, files, grey, alpha, sixteen_bit, turned, content
//   120     8      CRC-64 (core/files/crc64.h) of the 120 bytes before
//   128            pixels [count][size][size][channels]
//   then           report: for every bad file its path and the reason, each closed by a zero byte
//
// Versions: whatever changes the bytes or what they mean gets a new number, and a build reads its own number alone; a cache of
// another is made anew.
//
// Freshness.  A cache belongs to its files by two numbers: the key, of their names, lengths and the options, and the content, of all
// their bytes.  It is used where both are right, wherever it lies and wherever the files lie: a copy on another machine, a moved
// folder, a restored backup and a touch are verified, not decoded again.  Reading all bytes is far cheaper than decoding, but not
// free, so a stamp (data/folder/cache_stamp.h) beside the cache remembers the content for as long as names, lengths, times of change and
// inodes stay what they were.  What identifies a run's data is neither, but the pixels.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/files/file.h"
#include "data/folder/image_folder.h"
#include "data/image_set.h"

namespace pbgen {

struct ImageCache {
  ImageSet images;       // keeps the file mapped
  FolderReport report;   // of the run that wrote it
  std::uint64_t key = 0;
};

// Maps a cache file.  Error(data) with the path where it is broken (everything is checked against the file's size before
// use), Error(input_output) where it cannot be opened.
ImageCache open_image_cache(const std::string& path);

// Writes a cache image by image.  Nothing appears at path before finish(); Error(input_output) where it cannot be written.
class ImageCacheWriter {
 public:
  // waiting, where there is one: told before it waits for another process that writes the same cache.
  ImageCacheWriter(const std::string& path, std::uint64_t key, int size, int channels, const std::function<void()>& waiting = {});
  // pixels [size][size][channels].
  void append(std::span<const std::uint8_t> pixels);
  void finish(const FolderReport& report);

 private:
  AtomicFile file_;
  std::uint64_t key_;
  int size_;
  int channels_;
  std::int64_t count_ = 0;
};

// Differs whenever a file's path or length or an option that decides about pixels does.
std::uint64_t image_cache_key(const FolderListing& listing, const FolderOptions& options);

// Where load_images writes the cache of these options: one file for a folder and its options, replaced when stale.
std::string image_cache_path(const std::string& cache_folder, const FolderOptions& options);

// Where it remembers what that folder's files hold.
std::string cache_stamp_path(const std::string& cache_folder, const FolderOptions& options);

// The folder's files that are named as caches are, sorted; none where it cannot be read.
std::vector<std::string> cache_files(const std::string& cache_folder);

}  // namespace pbgen
