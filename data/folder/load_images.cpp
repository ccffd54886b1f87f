#include "data/folder/load_images.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/option_error.h"
#include "data/folder/bad_files.h"
#include "data/folder/cache_stamp.h"
#include "data/folder/image_cache.h"
#include "data/folder/source_files.h"

namespace pbgen {
namespace {

[[noreturn]] void fail_without_images(const FolderListing& listing, const std::string& folder) {
  const std::string found = count_by_extension(listing.other_files);
  fail(ErrorKind::data, folder, ": no images in it or below; looked for ", kImageExtensions, ", found ",
       found.empty() ? "no other files either" : found);
}

[[noreturn]] void fail_without_usable_images(const FolderReport& report, const std::string& folder) {
  fail(ErrorKind::data, folder, ": none of its ", report.files, " image files can be used: ", name_bad_files(report.bad));
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
    fail_naming_options(ErrorKind::input_output, options.folder, ": no memory for ", files, " images of ", image_bytes, " bytes: give ",
                        OptionName{"cache"}, " DIR or a smaller ", OptionName{"size"}, ", or allow more (ulimit -v)");
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

// appeared: told that no other process writes to path any more, whether one has just written this cache; then nothing is left to do.
void write_cache(const std::string& path, std::uint64_t key, const FolderListing& listing, const FolderOptions& options,
                 const WaitNotice& waiting, FunctionRef<bool()> appeared, const LoadProgress& progress) {
  const int size = resolve_size(listing, options);
  ImageCacheWriter writer(path, key, size, options.channels, [&] {
    if (waiting) waiting(path);
  });
  if (appeared()) return;
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

// The wall clock, as files' times have it.
std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The search for a cache that holds what the files hold.
class CacheSearch {
 public:
  CacheSearch(const FolderOptions& options, const FolderListing& listing, std::string stamp_path, bool settled,
              const LoadProgress& comparing)
      : options_(options),
        listing_(listing),
        comparing_(comparing),
        stamp_path_(std::move(stamp_path)),
        settled_(settled),
        now_{image_cache_key(listing, options), listing_stamp(listing), 0} {
    const std::optional<CacheStamp> known = read_cache_stamp(stamp_path_);
    if (known && known->key == now_.key && known->stamp == now_.stamp) content_ = known->content;
  }

  std::uint64_t key() const { return now_.key; }

  // Takes a cache over into loaded where it is whole and fresh.  Returns why not.
  std::string take(const std::string& path, LoadedImages& loaded) {
    try {
      ImageCache cache = open_image_cache(path);
      if (cache.key != now_.key) return path + ": stale image cache: files or options have changed since it was written";
      if (cache.report.content != content()) return path + ": stale image cache: bytes of files have changed since it was written";
      loaded.images = std::move(cache.images);
      loaded.report = std::move(cache.report);
      loaded.cache_path = path;
      loaded.from_cache = true;
      loaded.verified = compared_;
      return "";
    } catch (const Error& reason) {
      return reason.what();
    }
  }

  // For the next time.  Returns why it cannot be kept: a cache can be used all the same where nothing can be written.
  std::string remember(std::uint64_t content) {
    if (!settled_) return "";
    now_.content = content;
    try {
      if (read_cache_stamp(stamp_path_) != now_) write_cache_stamp(stamp_path_, now_);
      return "";
    } catch (const Error& reason) {
      return concat(reason.what(), "; the files will be compared again");
    }
  }

 private:
  std::uint64_t content() {
    if (!content_) {
      content_ = content_checksum(options_.folder, listing_, comparing_);
      compared_ = true;
    }
    return *content_;
  }

  const FolderOptions& options_;
  const FolderListing& listing_;
  const LoadProgress& comparing_;
  std::string stamp_path_;
  bool settled_;
  CacheStamp now_;
  std::optional<std::uint64_t> content_;
  bool compared_ = false;  // the files were read here
};

// The cache in its place, else any in the folder: it may have been made for files that lay elsewhere.
void use_cache(CacheSearch& search, const std::string& own_path, const std::string& cache_folder, LoadedImages& loaded) {
  std::error_code error;
  std::string reason;
  if (std::filesystem::exists(own_path, error)) reason = search.take(own_path, loaded);
  if (loaded.from_cache) return;
  for (const std::string& path : cache_files(cache_folder))
    if (path != own_path && search.take(path, loaded).empty()) return;
  if (!reason.empty()) loaded.cache_message = concat(reason, "; ignored and written anew");
}

}  // namespace

FolderListing list_some_images(const std::string& folder) {
  FolderListing listing = list_images(folder);
  if (listing.files.empty() && listing.bad.empty()) fail_without_images(listing, folder);
  return listing;
}

LoadedImages load_images(const FolderOptions& options, const std::string& cache_folder, const LoadProgress& progress,
                         const LoadProgress& comparing, const WaitNotice& waiting) {
  check(options.channels == 1 || options.channels == 3, "channels is ", options.channels, ", expected 1 or 3");
  const std::int64_t begin_ns = now_ns();
  const FolderListing listing = list_some_images(options.folder);
  LoadedImages loaded;
  if (cache_folder.empty()) {
    loaded = load_into_memory(listing, options, progress);
    loaded.unread = unread_pictures(listing);
    return loaded;
  }
  loaded.unread = unread_pictures(listing);
  const std::string path = image_cache_path(cache_folder, options);
  CacheSearch search(options, listing, cache_stamp_path(cache_folder, options), is_settled(listing, begin_ns), comparing);
  use_cache(search, path, cache_folder, loaded);
  std::error_code error;
  if (!loaded.from_cache) {
    const auto appeared = [&] { return std::filesystem::exists(path, error) && search.take(path, loaded).empty(); };
    write_cache(path, search.key(), listing, options, waiting, appeared, progress);
  }
  if (!loaded.from_cache) {
    ImageCache cache = open_image_cache(path);
    loaded.images = std::move(cache.images);
    loaded.report = std::move(cache.report);
    loaded.cache_path = path;
  }
  const std::string not_kept = search.remember(loaded.report.content);
  if (!not_kept.empty()) loaded.cache_message = not_kept;
  judge_bad_files(loaded.report, options);
  return loaded;
}

}  // namespace pbgen
