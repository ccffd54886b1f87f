#include "data/load_images.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "core/check.h"
#include "data/image_cache.h"

namespace pbgen {
namespace {

[[noreturn]] void fail_without_images(const FolderListing& listing, const std::string& folder) {
  const std::string found = count_by_extension(listing.other_files);
  fail(ErrorKind::data, folder, ": no images in it or below; looked for ", kImageExtensions, ", found ",
       found.empty() ? "no other files either" : found);
}

[[noreturn]] void fail_without_usable_images(const FolderReport& report, const std::string& folder) {
  fail(ErrorKind::data, folder, ": none of its ", report.files, " image files can be used; the first: ", report.bad.front().path, " (",
       report.bad.front().reason, ")");
}

void check_usable(std::int64_t count, const FolderReport& report, const std::string& folder) {
  if (count == 0) fail_without_usable_images(report, folder);
}

LoadedImages load_into_memory(const FolderListing& listing, const FolderOptions& options, const LoadProgress& progress) {
  const int size = resolve_size(listing, options);
  const std::int64_t image_bytes = static_cast<std::int64_t>(size) * size * options.channels;
  const auto files = static_cast<std::int64_t>(listing.files.size());
  std::shared_ptr<std::uint8_t[]> pixels;
  try {
    if (files > std::numeric_limits<std::int64_t>::max() / image_bytes) throw std::bad_alloc();
    pixels = std::make_shared_for_overwrite<std::uint8_t[]>(static_cast<std::size_t>(files * image_bytes));
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::input_output, options.folder, ": no memory for ", files, " images of ", image_bytes,
         " bytes: give --cache DIR or a smaller --size, or allow more (ulimit -v)");
  }
  LoadedImages loaded;
  std::int64_t count = 0;
  loaded.report = decode_images(
      listing, options, size,
      [&](std::span<const std::uint8_t> image) { std::copy(image.begin(), image.end(), pixels.get() + count++ * image_bytes); }, progress);
  check_usable(count, loaded.report, options.folder);
  const std::uint8_t* const begin = pixels.get();
  loaded.images = ImageSet(std::move(pixels), begin, count, size, options.channels);
  return loaded;
}

void write_cache(const std::string& path, std::uint64_t key, const FolderListing& listing, const FolderOptions& options,
                 const LoadProgress& progress) {
  const int size = resolve_size(listing, options);
  ImageCacheWriter writer(path, key, size, options.channels);
  std::int64_t count = 0;
  const FolderReport report = decode_images(
      listing, options, size,
      [&](std::span<const std::uint8_t> image) {
        writer.append(image);
        ++count;
      },
      progress);
  check_usable(count, report, options.folder);
  writer.finish(report);
}

// Takes the cache over into loaded where it is there, whole and fresh.
bool use_cache(std::uint64_t key, LoadedImages& loaded) {
  std::error_code error;
  if (!std::filesystem::exists(loaded.cache_path, error)) return false;
  try {
    ImageCache cache = open_image_cache(loaded.cache_path);
    if (cache.key != key)
      fail(ErrorKind::data, loaded.cache_path, ": stale image cache: files or options have changed since it was written");
    loaded.images = std::move(cache.images);
    loaded.report = std::move(cache.report);
    return true;
  } catch (const Error& reason) {
    loaded.cache_message = concat(reason.what(), "; ignored and written anew");
    return false;
  }
}

}  // namespace

FolderListing list_some_images(const std::string& folder) {
  FolderListing listing = list_images(folder);
  if (listing.files.empty() && listing.bad.empty()) fail_without_images(listing, folder);
  return listing;
}

LoadedImages load_images(const FolderOptions& options, const std::string& cache_folder, const LoadProgress& progress) {
  check(options.channels == 1 || options.channels == 3, "channels is ", options.channels, ", expected 1 or 3");
  const FolderListing listing = list_some_images(options.folder);
  LoadedImages loaded;
  if (cache_folder.empty()) {
    loaded = load_into_memory(listing, options, progress);
    loaded.unread = unread_pictures(listing);
    return loaded;
  }
  loaded.unread = unread_pictures(listing);
  const std::uint64_t key = image_cache_key(listing, options);
  loaded.cache_path = image_cache_path(cache_folder, options);
  loaded.from_cache = use_cache(key, loaded);
  if (!loaded.from_cache) {
    write_cache(loaded.cache_path, key, listing, options, progress);
    ImageCache cache = open_image_cache(loaded.cache_path);
    loaded.images = std::move(cache.images);
    loaded.report = std::move(cache.report);
  }
  judge_bad_files(loaded.report, options);
  return loaded;
}

}  // namespace pbgen
