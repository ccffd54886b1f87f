// Which files of a folder are images.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace pbgen {

struct BadFile {
  std::string path;  // relative to the folder
  std::string reason;
  bool operator==(const BadFile&) const = default;
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

}  // namespace pbgen
