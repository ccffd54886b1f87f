#include "core/files/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/check.h"

namespace pbgen {
namespace {

[[noreturn]] void refuse(const std::string& path, unsigned mode) {
  const char* const mend = S_ISFIFO(mode) || S_ISSOCK(mode) || S_ISCHR(mode) ? "; write its bytes to a file first" : "";
  fail(ErrorKind::input_output, path, ": is ", kind_of_file(mode), ", a regular file is wanted", mend);
}

}  // namespace

RegularFile::RegularFile(const std::string& path) : path_(path) {
  struct stat status = {};
  // Looked at first: opening alone may have an effect on a pipe's writer or on a device.
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) refuse(path, status.st_mode);
  // Not blocking, for a pipe may have taken the file's place just now.
  descriptor_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!descriptor_.is_open()) fail(ErrorKind::input_output, path, ": cannot open (", std::strerror(errno), ")");
  if (::fstat(descriptor_.get(), &status) != 0) fail(ErrorKind::input_output, path, ": cannot read its size (", std::strerror(errno), ")");
  if (!S_ISREG(status.st_mode)) refuse(path, status.st_mode);
  size_ = status.st_size;
}

std::int64_t RegularFile::read(std::int64_t offset, std::span<std::uint8_t> bytes) const {
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(descriptor_.get(), bytes.data() + have, bytes.size() - have, offset + static_cast<std::int64_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(ErrorKind::input_output, path_, ": cannot read (", std::strerror(errno), ")");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return static_cast<std::int64_t>(have);
}

std::string first_bytes(const std::string& path, std::int64_t count) {
  try {
    std::string text(static_cast<std::size_t>(count), '\0');
    const std::int64_t got = RegularFile(path).read(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    text.resize(static_cast<std::size_t>(got));
    return text;
  } catch (const Error&) {
    return "";
  }
}

const char* kind_of_file(unsigned mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no regular file";
}

}  // namespace pbgen
