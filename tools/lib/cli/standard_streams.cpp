#include "tools/lib/cli/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <initializer_list>

namespace pbgen {
namespace {

char buffer[1 << 16];  // glibc takes a size only together with the memory

int lost_for = 0;  // errno of the first flush that failed

}  // namespace

void open_standard_streams() {
  // In this order each gets the lowest number that is free, its own.
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const bool closed = ::fcntl(number, F_GETFD) < 0 && errno == EBADF;
    if (closed && ::open("/dev/null", number == STDERR_FILENO ? O_WRONLY : O_RDONLY) != number) return;  // no such device here
  }
  if (::isatty(STDOUT_FILENO) == 0) std::setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

void flush_output() {
  if (std::fflush(stdout) != 0 && lost_for == 0) lost_for = errno;
}

bool reader_has_gone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

OutputEnd finish_output() {
  flush_output();
  // The mark of an earlier failure stays, even where the buffer is empty by now.
  bool whole = std::ferror(stdout) == 0;
  // Some file systems, of other machines, tell of a full disk only when a descriptor is closed.
  const int copy = ::dup(STDOUT_FILENO);
  if (copy >= 0 && ::close(copy) != 0 && errno != EINTR) {
    if (lost_for == 0) lost_for = errno;
    whole = false;
  }
  if (whole) return {Output::written, 0};
  return {reader_has_gone() ? Output::reader_gone : Output::lost, lost_for};
}

}  // namespace pbgen
