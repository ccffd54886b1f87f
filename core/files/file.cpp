#include "core/files/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/base/check.h"
#include "core/files/file_lock.h"
#include "core/files/regular_file.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

// The partial file, locked and empty.  Where it cannot be had, one that we made is gone again.
Descriptor open_partial(const std::string& partial, const std::string& path, const std::function<void()>& waiting) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  while (true) {
    Descriptor file(::open(partial.c_str(), kFlags | O_EXCL, 0666));
    const bool is_ours = file.is_open();
    if (!is_ours && errno == EEXIST) file = Descriptor(::open(partial.c_str(), kFlags, 0666));
    if (!file.is_open()) fail(ErrorKind::input_output, path, ": cannot create (", std::strerror(errno), ")");
    try {
      struct stat status = {};
      if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        fail(ErrorKind::input_output, path, ": cannot create: ", partial, " is in the way, ", kind_of_file(status.st_mode));
      wait_for_lock(file.get(), path, waiting);
      // Whoever had it has given it another name or removed it.
      if (!is_named(file.get(), partial)) continue;
      if (::ftruncate(file.get(), 0) != 0) fail(ErrorKind::input_output, path, ": cannot create (", std::strerror(errno), ")");
    } catch (const Error&) {
      if (is_ours) ::unlink(partial.c_str());
      throw;
    }
    return file;
  }
}

// Never over a file that is there.  0, or the reason as in errno.
int rename_to_free_name(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // Not every file system knows that; a second name is refused as well where one is there.
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  ::unlink(from.c_str());
  return 0;
}

// Earlier versions wrote NAME.partial-PID.
bool is_partial_name(std::string_view name) {
  constexpr std::string_view kEarlierMark = ".partial-";
  if (name.ends_with(kPartialEnding)) return true;
  const std::size_t mark = name.rfind(kEarlierMark);
  if (mark == name.npos || mark == 0) return false;
  const std::string_view number = name.substr(mark + kEarlierMark.size());
  return !number.empty() && number.find_first_not_of("0123456789") == number.npos;
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::string& path, std::int64_t max_bytes) {
  const RegularFile file(path);
  if (file.size() > max_bytes) fail(ErrorKind::input_output, path, ": ", file.size(), " bytes, at most ", max_bytes, " are read");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(file.size()));
  if (file.read(0, bytes) < file.size()) fail(ErrorKind::input_output, path, ": became shorter while it was read");
  return bytes;
}

std::string read_text_file(const std::string& path, std::int64_t max_bytes) {
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  return {bytes.begin(), bytes.end()};
}

AtomicFile::AtomicFile(const std::string& path, Existing existing, const std::function<void()>& waiting)
    : path_(path), partial_(concat(path, kPartialEnding)), existing_(existing) {
  const std::string folder = fs::path(path).parent_path().string();
  if (!folder.empty()) make_directories(folder);
  descriptor_ = open_partial(partial_, path_, waiting);
}

AtomicFile::~AtomicFile() {
  if (descriptor_.is_open()) ::unlink(partial_.c_str());
}

void AtomicFile::append(std::span<const std::uint8_t> bytes) { write_all(descriptor_.get(), bytes, path_); }

void AtomicFile::overwrite(std::int64_t offset, std::span<const std::uint8_t> bytes) {
  if (::lseek(descriptor_.get(), offset, SEEK_SET) < 0) fail(ErrorKind::input_output, path_, ": cannot seek (", std::strerror(errno), ")");
  append(bytes);
  if (::lseek(descriptor_.get(), 0, SEEK_END) < 0) fail(ErrorKind::input_output, path_, ": cannot seek (", std::strerror(errno), ")");
}

void AtomicFile::commit() {
  if (::fsync(descriptor_.get()) != 0) fail(ErrorKind::input_output, path_, ": cannot sync (", std::strerror(errno), ")");
  if (existing_ == Existing::keep) {
    const int reason = rename_to_free_name(partial_, path_);
    if (reason == EEXIST)
      fail(ErrorKind::usage, path_, ": appeared while this was written, and is not replaced; choose another name, and start again");
    if (reason != 0) fail(ErrorKind::input_output, path_, ": cannot rename (", std::strerror(reason), ")");
  } else if (std::rename(partial_.c_str(), path_.c_str()) != 0) {
    fail(ErrorKind::input_output, path_, ": cannot rename (", std::strerror(errno), ")");
  }
  // What is synced is safe, so that closing has nothing left to report.
  descriptor_.close();
  // The rename itself must survive a power cut.
  sync_folder(fs::path(path_).parent_path().string());
}

void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes, Existing existing) {
  AtomicFile file(path, existing);
  file.append(bytes);
  file.commit();
}

void write_file_atomically(const std::string& path, std::string_view text, Existing existing) {
  write_file_atomically(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, existing);
}

Descriptor open_to_append(const std::string& path) {
  // A pipe without a reader is refused in place of waited for.
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666));
  if (!file.is_open()) fail(ErrorKind::input_output, path, ": cannot open for appending (", std::strerror(errno), ")");
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    fail(ErrorKind::input_output, path, ": is ", kind_of_file(status.st_mode), ", a regular file is wanted");
  return file;
}

void write_all(int descriptor, std::span<const std::uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(ErrorKind::input_output, path, ": cannot write (", std::strerror(errno), ")");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void sync_folder(const std::string& folder) {
  const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.is_open()) ::fsync(opened.get());
}

void remove_stale_partials(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> stale;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    if (is_partial_name(entry->path().filename().string())) stale.push_back(entry->path().string());
  for (const std::string& path : stale) {
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status = {};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    // It may have got its own name just now.
    if (try_lock(file.get(), path) && is_named(file.get(), path)) ::unlink(path.c_str());
  }
}

void make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(ErrorKind::input_output, path, ": cannot create the folder (", error.message(), ")");
}

}  // namespace pbgen
