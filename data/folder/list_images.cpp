#include "data/folder/list_images.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/check.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// The name's ending without the dot, in lower case; "" where there is none.
std::string extension_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return "";
  return lower_case(name.substr(dot + 1));
}

bool is_one_of(std::string_view text, std::span<const std::string_view> texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool is_image_extension(std::string_view extension) {
  constexpr std::string_view kExtensions[] = {"jpg", "jpeg", "jpe", "jfif", "jif", "png", "bmp", "dib", "ppm", "pgm", "pnm"};
  return is_one_of(extension, kExtensions);
}

bool is_unread_picture(std::string_view extension) {
  constexpr std::string_view kExtensions[] = {"webp", "heic", "heif", "hif", "avif", "tif", "tiff", "gif", "jp2", "j2k", "jpf",
                                              "jpx",  "jpm",  "jxl",  "jxr", "wdp",  "ico", "cur",  "tga", "psd", "psb", "xcf",
                                              "pbm",  "pam",  "pfm",  "exr", "hdr",  "svg", "svgz", "eps", "pcx", "xpm", "xbm",
                                              "qoi",  "mng",  "jng",  "dds", "apng", "sgi", "ras"};
  constexpr std::string_view kRawPhotographs[] = {"raw", "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "orf", "rw2",
                                                  "raf", "pef", "srw", "x3f", "3fr", "erf", "kdc", "dcr", "mrw", "iiq", "rwl"};
  return is_one_of(extension, kExtensions) || is_one_of(extension, kRawPhotographs);
}

// Folders in which indexers, archivers and file systems leave copies, thumbnails and what was deleted.
bool is_passed_over(const std::string& folder_name) {
  constexpr std::string_view kNames[] = {"@eadir",       "@tmp",      "@recycle",   "#recycle",                 "#snapshot",
                                         "$recycle.bin", "__macosx", "lost+found", "system volume information"};
  const std::string name = lower_case(folder_name);
  return is_one_of(name, kNames) || name.ends_with(".lrdata") || name.ends_with(".dtrash");
}

// Unsigned, because a file may claim any second.
std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.tv_sec) * 1000000000u + static_cast<std::uint64_t>(time.tv_nsec));
}

class Walk {
 public:
  explicit Walk(const std::string& root) : root_(root) {}

  FolderListing run() {
    struct stat status = {};
    if (::stat(root_.c_str(), &status) != 0)
      fail(ErrorKind::data, root_, ": no such folder (", std::strerror(errno), "); a folder of images is expected");
    if (!S_ISDIR(status.st_mode)) fail(ErrorKind::data, root_, ": not a folder; a folder of images is expected");
    pending_.push_back("");
    seen_.emplace(status.st_dev, status.st_ino);
    // A list in place of recursion, so that no depth of folders exhausts the stack.
    while (!pending_.empty()) {
      const std::string folder = std::move(pending_.back());
      pending_.pop_back();
      read_folder(folder);
    }
    std::sort(listing_.files.begin(), listing_.files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    std::sort(listing_.bad.begin(), listing_.bad.end(), [](const BadFile& a, const BadFile& b) { return a.path < b.path; });
    return std::move(listing_);
  }

 private:
  void read_folder(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator entries(folder.empty() ? root_ : root_ + "/" + folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) names.push_back(entries->path().filename().string());
    if (error) {
      if (folder.empty()) fail(ErrorKind::data, root_, ": cannot be read (", error.message(), ")");
      listing_.bad.push_back({folder, concat("the folder cannot be read (", error.message(), ")")});
      return;
    }
    // Sorted, so that of several links to a folder always the same one counts.
    std::sort(names.begin(), names.end());
    for (const std::string& name : names)
      if (!name.starts_with(".")) add(name, folder.empty() ? name : folder + "/" + name);
  }

  void add(const std::string& name, const std::string& path) {
    struct stat status = {};
    const std::string extension = extension_of(name);
    const bool is_image = is_image_extension(extension);
    if (::stat((root_ + "/" + path).c_str(), &status) != 0) {
      if (is_image) listing_.bad.push_back({path, concat("cannot be opened (", std::strerror(errno), ")")});
    } else if (S_ISDIR(status.st_mode)) {
      if (!is_passed_over(name) && seen_.emplace(status.st_dev, status.st_ino).second) pending_.push_back(path);
    } else if (!is_image) {
      ++listing_.other_files[extension];
    } else if (!S_ISREG(status.st_mode)) {
      listing_.bad.push_back({path, "not a regular file"});
    } else {
      listing_.files.push_back({path, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim), status.st_ino});
    }
  }

  std::string root_;
  std::vector<std::string> pending_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  FolderListing listing_;
};

}  // namespace

FolderListing list_images(const std::string& folder) { return Walk(folder).run(); }

std::map<std::string, std::int64_t> unread_pictures(const FolderListing& listing) {
  std::map<std::string, std::int64_t> unread = listing.other_files;
  std::erase_if(unread, [](const auto& entry) { return !is_unread_picture(entry.first); });
  return unread;
}

std::string count_by_extension(const std::map<std::string, std::int64_t>& counts) {
  constexpr std::size_t kMostNamed = 8;
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  for (const auto& [extension, number] : counts) sorted.emplace_back(-number, extension.empty() ? "without extension" : "." + extension);
  std::sort(sorted.begin(), sorted.end());
  std::string named;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMostNamed); ++i)
    named += concat(i == 0 ? "" : ", ", -sorted[i].first, " ", sorted[i].second);
  return sorted.size() > kMostNamed ? named + ", ..." : named;
}

}  // namespace pbgen
