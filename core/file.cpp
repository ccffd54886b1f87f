#include "core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/check.h"

namespace pbgen {
namespace {

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, const std::uint8_t* data, std::size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(ErrorKind::input_output, path, ": cannot write (", std::strerror(errno), ")");
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::string& path, std::int64_t max_bytes) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail(ErrorKind::input_output, path, ": cannot open (", std::strerror(errno), ")");
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) fail(ErrorKind::input_output, path, ": cannot read its size (", std::strerror(errno), ")");
  if (!S_ISREG(status.st_mode)) fail(ErrorKind::input_output, path, ": not a regular file");
  if (status.st_size > max_bytes) fail(ErrorKind::input_output, path, ": ", status.st_size, " bytes, at most ", max_bytes, " are read");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(status.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(ErrorKind::input_output, path, ": cannot read (", std::strerror(errno), ")");
    if (got == 0) fail(ErrorKind::input_output, path, ": became shorter while it was read");
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string read_text_file(const std::string& path, std::int64_t max_bytes) {
  const std::vector<std::uint8_t> bytes = read_file(path, max_bytes);
  return {bytes.begin(), bytes.end()};
}

AtomicFile::AtomicFile(const std::string& path) : path_(path), partial_(concat(path, ".partial-", ::getpid())) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty()) make_directories(folder);
  descriptor_ = ::open(partial_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(ErrorKind::input_output, path, ": cannot create (", std::strerror(errno), ")");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(partial_.c_str());
}

void AtomicFile::append(std::span<const std::uint8_t> bytes) { write_all(descriptor_, bytes.data(), bytes.size(), path_); }

void AtomicFile::overwrite(std::int64_t offset, std::span<const std::uint8_t> bytes) {
  if (::lseek(descriptor_, offset, SEEK_SET) < 0) fail(ErrorKind::input_output, path_, ": cannot seek (", std::strerror(errno), ")");
  append(bytes);
  if (::lseek(descriptor_, 0, SEEK_END) < 0) fail(ErrorKind::input_output, path_, ": cannot seek (", std::strerror(errno), ")");
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail(ErrorKind::input_output, path_, ": cannot sync (", std::strerror(errno), ")");
  if (std::rename(partial_.c_str(), path_.c_str()) != 0)
    fail(ErrorKind::input_output, path_, ": cannot rename (", std::strerror(errno), ")");
  // What is synced is safe, so that closing has nothing left to report.
  ::close(std::exchange(descriptor_, -1));
  // The rename itself must survive a power cut; some file systems cannot sync a folder, which is no error of ours.
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const Descriptor parent(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.get() >= 0) ::fsync(parent.get());
}

void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes) {
  AtomicFile file(path);
  file.append(bytes);
  file.commit();
}

void write_file_atomically(const std::string& path, std::string_view text) {
  write_file_atomically(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(ErrorKind::input_output, path, ": cannot create the folder (", error.message(), ")");
}

}  // namespace pbgen
