#include "core/files/file_lock.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "core/base/check.h"

namespace pbgen {

void fail_without_locks(const std::string& path, const char* reason) {
  fail(ErrorKind::input_output, path, ": its file system keeps no locks (", reason,
       "), without which two processes could spoil each other's files; write to another one");
}

bool try_lock(int descriptor, const std::string& path) {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) fail_without_locks(path, std::strerror(errno));
  }
  return true;
}

void wait_for_lock(int descriptor, const std::string& path, const std::function<void()>& waiting) {
  if (try_lock(descriptor, path)) return;
  if (waiting) waiting();
  while (::flock(descriptor, LOCK_EX) != 0)
    if (errno != EINTR) fail_without_locks(path, std::strerror(errno));
}

bool is_named(int descriptor, const std::string& path) {
  struct stat open = {};
  struct stat named = {};
  if (::fstat(descriptor, &open) != 0 || ::lstat(path.c_str(), &named) != 0) return false;
  return open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

}  // namespace pbgen
