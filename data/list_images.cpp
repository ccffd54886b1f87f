// The file-system half of image_folder.h: which files there are.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/check.h"
#include "data/image_folder.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

// The name's ending without the dot, in lower case; "" where there is none.
std::string extension_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return "";
  std::string extension = name.substr(dot + 1);
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return extension;
}

bool is_image_extension(std::string_view extension) {
  constexpr std::array<std::string_view, 7> kExtensions = {"jpg", "jpeg", "png", "bmp", "ppm", "pgm", "pnm"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
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
      if (!name.starts_with(".")) add(folder.empty() ? name : folder + "/" + name, extension_of(name));
  }

  void add(const std::string& path, const std::string& extension) {
    struct stat status = {};
    const bool is_image = is_image_extension(extension);
    if (::stat((root_ + "/" + path).c_str(), &status) != 0) {
      if (is_image) listing_.bad.push_back({path, concat("cannot be opened (", std::strerror(errno), ")")});
    } else if (S_ISDIR(status.st_mode)) {
      if (seen_.emplace(status.st_dev, status.st_ino).second) pending_.push_back(path);
    } else if (!is_image) {
      ++listing_.other_files[extension];
    } else if (!S_ISREG(status.st_mode)) {
      listing_.bad.push_back({path, "not a regular file"});
    } else {
      listing_.files.push_back({path, status.st_size, status.st_mtim.tv_sec * std::int64_t{1000000000} + status.st_mtim.tv_nsec});
    }
  }

  std::string root_;
  std::vector<std::string> pending_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  FolderListing listing_;
};

}  // namespace

FolderListing list_images(const std::string& folder) { return Walk(folder).run(); }

}  // namespace pbgen
