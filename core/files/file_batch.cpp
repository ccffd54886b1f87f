#include "core/files/file_batch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/files/file.h"

namespace pbgen {

FileBatch::FileBatch(std::string folder, std::int64_t count) : folder_(std::move(folder)), names_(static_cast<std::size_t>(count)) {}

FileBatch::~FileBatch() {
  for (const std::string& name : names_)
    if (!name.empty()) ::unlink(concat(folder_, '/', name, kPartialEnding).c_str());
}

void FileBatch::write(std::int64_t index, const std::string& name, std::span<const std::uint8_t> bytes) {
  const std::string path = concat(folder_, '/', name);
  try {
    const std::string partial = concat(path, kPartialEnding);
    const Descriptor file(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
    if (!file.is_open()) fail(ErrorKind::input_output, path, ": cannot create (", std::strerror(errno), ")");
    names_[static_cast<std::size_t>(index)] = name;
    write_all(file.get(), bytes, path);
  } catch (const Error& error) {
    const std::lock_guard lock(mutex_);
    failure_ = error.what();
  }
}

void FileBatch::commit() {
  if (!failure_.empty()) fail(ErrorKind::input_output, failure_);
  const Descriptor opened(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::syncfs(opened.get()) != 0)
    fail(ErrorKind::input_output, folder_, ": cannot sync (", std::strerror(errno), ")");
  for (std::string& name : names_) {
    const std::string path = concat(folder_, '/', name);
    if (!name.empty() && std::rename(concat(path, kPartialEnding).c_str(), path.c_str()) != 0)
      fail(ErrorKind::input_output, path, ": cannot rename (", std::strerror(errno), ")");
    name.clear();
  }
  sync_folder(folder_);
}

}  // namespace pbgen
