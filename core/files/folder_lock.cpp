#include "core/files/folder_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/file_lock.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLockName = ".pbgen.lock";
constexpr int kAttempts = 1000;  // more than there are processes that could take turns in between

// "process 123 on host", as whoever holds the lock has written; a lock's file may be anybody's.
std::string holder(int descriptor) {
  std::array<char, 160> text = {};
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  std::string_view line(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  line = line.substr(0, line.find('\n'));
  const bool plain = std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return line.starts_with("process ") && plain ? std::string(line) : "another process";
}

std::string own_name() {
  std::array<char, 100> host = {};
  if (::gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') return concat("process ", ::getpid());
  return concat("process ", ::getpid(), " on ", host.data());
}

// The folder and those above it that are not there, the innermost first.
std::vector<std::string> missing_folders(const std::string& folder) {
  std::vector<std::string> missing;
  std::error_code error;
  for (fs::path path = fs::path(folder); !path.empty() && fs::status(path, error).type() == fs::file_type::not_found;) {
    missing.push_back(path.string());
    path = path.parent_path();
  }
  return missing;
}

Descriptor open_lock(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) : folder_(folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::exists(status) && !fs::is_directory(status)) fail(ErrorKind::usage, folder, ": is no folder; choose another");
  take();
}

FolderLock::FolderLock(const std::string& folder, std::vector<std::string> made) : folder_(folder), made_(std::move(made)) { take(); }

FolderLock::FolderLock(FolderLock&& other) noexcept
    : folder_(std::move(other.folder_)), descriptor_(std::move(other.descriptor_)), made_(std::move(other.made_)) {}

std::optional<FolderLock> FolderLock::make(const std::string& folder) {
  const std::string parent = fs::path(folder).parent_path().string();
  std::vector<std::string> made = missing_folders(folder);
  // Another process may remove the parent that it made, and that it left empty, just now: then it is made again.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (!parent.empty()) make_directories(parent);
    if (::mkdir(folder.c_str(), 0777) == 0) return FolderLock(folder, std::move(made));
    if (errno == EEXIST) return std::nullopt;
    if (errno != ENOENT) break;
  }
  fail(ErrorKind::input_output, folder, ": cannot create the folder (", std::strerror(errno), ")");
}

// Whoever gives a lock back removes its file, and perhaps the folder: what was opened before that is not what the next one opens.
void FolderLock::take() {
  for (int attempt = 0; !try_to_take();)
    if (++attempt == kAttempts) fail(ErrorKind::input_output, folder_, ": cannot be locked: it is removed again and again");
  const std::string text = own_name() + "\n";
  // For people alone: a full disk does not matter here.
  if (::ftruncate(descriptor_.get(), 0) != 0 || ::pwrite(descriptor_.get(), text.data(), text.size(), 0) < 0) errno = 0;
  remove_stale_partials(folder_);
}

bool FolderLock::try_to_take() {
  const std::string path = concat(folder_, '/', kLockName);
  std::error_code error;
  if (!fs::exists(folder_, error)) {
    if (made_.empty()) made_ = missing_folders(folder_);
    make_directories(folder_);
  }
  Descriptor file = open_lock(path);
  if (!file.is_open() && errno == ENOENT) return false;
  if (!file.is_open()) fail(ErrorKind::input_output, folder_, ": cannot lock it (", kLockName, ": ", std::strerror(errno), ")");
  if (!try_lock(file.get(), folder_))
    fail(ErrorKind::usage, folder_, ": ", holder(file.get()), " is writing into it; wait for it, end it, or choose another folder");
  if (!is_named(file.get(), path)) return false;
  const Descriptor second = open_lock(path);
  if (second.is_open() && try_lock(second.get(), folder_)) fail_without_locks(folder_, "it grants one to everybody");
  descriptor_ = std::move(file);
  return true;
}

FolderLock::~FolderLock() {
  if (!descriptor_.is_open()) return;
  ::unlink(concat(folder_, '/', kLockName).c_str());
  for (const std::string& folder : made_)
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) break;  // refused where something is in it
}

bool holds_nothing(const std::string& folder) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    if (entry->path().filename() != kLockName) return false;
  if (error) fail(ErrorKind::input_output, folder, ": cannot be read (", error.message(), ")");
  return true;
}

}  // namespace pbgen
