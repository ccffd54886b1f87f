// Preloaded into a tool (LD_PRELOAD), this counts its input and output below one folder and lets one call fail, or ends the process at
// it: a disk that is full, broken or over its quota, and kill -9, at every moment that matters.  tests/faults/run.py sets it up.
//
//   FAIL_IO_ROOT     the folder, an absolute path without links; calls on anything else pass
//   FAIL_IO_LOG      takes a line "PROGRAM PID CALL PATH" for each call counted, " !" at its end where it was met
//   FAIL_IO_PROGRAM  only processes of that program's name are met; the others are logged
//   FAIL_IO_CALLS    the calls that are counted, such as "write,fsync" (default: all that change something: not open, read and mmap)
//   FAIL_IO_AT       which of them is met, counted from 1 in each process; 0: none
//   FAIL_IO_AS       an errno's name, "short" (half of a write is done, nothing is said), "kill" (before the call is made)
//   FAIL_IO_STAYS    with an errno: whatever asks for room (write, create, mkdir, ftruncate) fails from then on as well
//
// What libc does within itself is not seen: the writes of its streams (stdout and stderr; nothing below the root is written by them).
// The tools and libstdc++ call these functions by name; run.py compares the counts with strace's where that is installed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const char* root;
static size_t root_length;
static const char* calls;
static const char* as;
static char program[64];
static char own_name[64];
static long at;
static bool stays;
static int log_descriptor = -1;
static atomic_long counted;
static atomic_bool full;

static int error_number(const char* name) {
  if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(name, "EIO") == 0) return EIO;
  if (strcmp(name, "EDQUOT") == 0) return EDQUOT;
  if (strcmp(name, "EROFS") == 0) return EROFS;
  if (strcmp(name, "EACCES") == 0) return EACCES;
  if (strcmp(name, "ENOLCK") == 0) return ENOLCK;
  return EIO;
}

__attribute__((constructor)) static void begin(void) {
  const char* const folder = getenv("FAIL_IO_ROOT");
  const char* const log_path = getenv("FAIL_IO_LOG");
  const char* const only = getenv("FAIL_IO_PROGRAM");
  const char* const number = getenv("FAIL_IO_AT");
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  self[length < 0 ? 0 : length] = '\0';
  const char* const slash = strrchr(self, '/');
  snprintf(own_name, sizeof own_name, "%.63s", slash != NULL ? slash + 1 : self);
  snprintf(program, sizeof program, "%.63s", only != NULL ? only : "");
  calls = getenv("FAIL_IO_CALLS");
  as = getenv("FAIL_IO_AS");
  at = number != NULL ? atol(number) : 0;
  stays = getenv("FAIL_IO_STAYS") != NULL;
  // By the kernel's call, so that it is not counted itself; out of the way of the descriptors that the tool will get.
  if (log_path != NULL) {
    const int opened = (int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    log_descriptor = fcntl(opened, F_DUPFD_CLOEXEC, 900);
    syscall(SYS_close, opened);
  }
  root_length = folder != NULL ? strlen(folder) : 0;
  root = folder;
}

static bool below_root(const char* path) { return root != NULL && strncmp(path, root, root_length) == 0 && path[root_length] == '/'; }

// The file of a descriptor: true where it is a regular one (or a folder) below the root.
static bool descriptor_path(int descriptor, char path[PATH_MAX]) {
  char link[40];
  struct stat status;
  if (root == NULL || descriptor < 0 || descriptor == log_descriptor) return false;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return below_root(path) && fstat(descriptor, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

// A path as the tool gives it, made absolute.
static bool given_path(int folder, const char* given, char path[PATH_MAX]) {
  char base[PATH_MAX / 2];
  if (root == NULL || given == NULL) return false;
  if (given[0] == '/' || (folder != AT_FDCWD && folder >= 0)) {
    snprintf(path, PATH_MAX, "%s", given);
  } else {
    if (getcwd(base, sizeof base) == NULL) return false;
    snprintf(path, PATH_MAX, "%s/%s", base, given);
  }
  return below_root(path);
}

static bool is_counted(const char* call) {
  if (calls == NULL || calls[0] == '\0') return strcmp(call, "read") != 0 && strcmp(call, "open") != 0 && strcmp(call, "mmap") != 0;
  const size_t length = strlen(call);
  for (const char* word = calls; word != NULL; word = strchr(word, ',')) {
    word += *word == ',';
    if (strncmp(word, call, length) == 0 && (word[length] == ',' || word[length] == '\0')) return true;
  }
  return false;
}

static bool asks_for_room(const char* call) {
  return strcmp(call, "write") == 0 || strcmp(call, "create") == 0 || strcmp(call, "mkdir") == 0 || strcmp(call, "ftruncate") == 0;
}

// What is to become of this call: 0 it is made, -1 it is cut short, else the errno that it fails with.
static int verdict(const char* call, const char* path) {
  const int saved = errno;
  const bool meets = program[0] == '\0' || strcmp(program, own_name) == 0;
  int result = 0;
  if (atomic_load(&full) && asks_for_room(call)) result = error_number(as);
  if (is_counted(call)) {
    const bool met = meets && at > 0 && as != NULL && atomic_fetch_add(&counted, 1) + 1 == at;
    if (log_descriptor >= 0) {
      char line[PATH_MAX + 160];
      const int length = snprintf(line, sizeof line, "%s %d %s %s%s\n", own_name, (int)getpid(), call, path, met ? " !" : "");
      syscall(SYS_write, log_descriptor, line, (size_t)length);
    }
    if (met && strcmp(as, "kill") == 0) syscall(SYS_kill, getpid(), SIGKILL);
    if (met) result = strcmp(as, "short") == 0 ? -1 : error_number(as);
    if (met && stays && result > 0) atomic_store(&full, true);
  }
  errno = saved;
  return result;
}

// The function of libc behind the one defined here.
#define BEHIND(result, name, ...)                                      \
  static result (*behind)(__VA_ARGS__);                                \
  if (behind == NULL) *(void**)&behind = dlsym(RTLD_NEXT, #name)

// Returns failure from the function around where this call is met.
#define MEET(call, path, failure)                \
  do {                                           \
    const int met = verdict(call, path);         \
    if (met > 0) {                               \
      errno = met;                               \
      return failure;                            \
    }                                            \
  } while (0)

static const char* call_of(int flags) { return (flags & O_ACCMODE) == O_RDONLY && (flags & O_CREAT) == 0 ? "open" : "create"; }

#define DEFINE_OPEN(name)                                                      \
  int name(const char* given, int flags, ...) {                                \
    char path[PATH_MAX];                                                       \
    va_list list;                                                              \
    va_start(list, flags);                                                     \
    const mode_t mode = va_arg(list, mode_t);                                  \
    va_end(list);                                                              \
    if (given_path(AT_FDCWD, given, path)) MEET(call_of(flags), path, -1);     \
    BEHIND(int, name, const char*, int, ...);                                  \
    return behind(given, flags, mode);                                         \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                    \
  int name(int folder, const char* given, int flags, ...) {                    \
    char path[PATH_MAX];                                                       \
    va_list list;                                                              \
    va_start(list, flags);                                                     \
    const mode_t mode = va_arg(list, mode_t);                                  \
    va_end(list);                                                              \
    if (given_path(folder, given, path)) MEET(call_of(flags), path, -1);       \
    BEHIND(int, name, int, const char*, int, ...);                             \
    return behind(folder, given, flags, mode);                                 \
  }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

#define DEFINE_FOPEN(name)                                                                     \
  FILE* name(const char* restrict given, const char* restrict mode) {                          \
    char path[PATH_MAX];                                                                       \
    if (given_path(AT_FDCWD, given, path)) MEET(mode[0] == 'r' ? "open" : "create", path, NULL); \
    BEHIND(FILE*, name, const char*, const char*);                                             \
    return behind(given, mode);                                                                \
  }
DEFINE_FOPEN(fopen)
DEFINE_FOPEN(fopen64)

ssize_t write(int descriptor, const void* bytes, size_t size) {
  char path[PATH_MAX];
  BEHIND(ssize_t, write, int, const void*, size_t);
  if (descriptor_path(descriptor, path)) {
    const int met = verdict("write", path);
    if (met < 0 && size > 1) return behind(descriptor, bytes, size / 2);
    if (met > 0) {
      errno = met;
      return -1;
    }
  }
  return behind(descriptor, bytes, size);
}

ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  char path[PATH_MAX];
  BEHIND(ssize_t, writev, int, const struct iovec*, int);
  if (descriptor_path(descriptor, path)) {
    const int met = verdict("write", path);
    if (met < 0 && count > 0 && parts[0].iov_len > 1) return write(descriptor, parts[0].iov_base, parts[0].iov_len / 2);
    if (met > 0) {
      errno = met;
      return -1;
    }
  }
  return behind(descriptor, parts, count);
}

#define DEFINE_PWRITE(name)                                                        \
  ssize_t name(int descriptor, const void* bytes, size_t size, off_t offset) {     \
    char path[PATH_MAX];                                                           \
    if (descriptor_path(descriptor, path)) MEET("write", path, -1);                \
    BEHIND(ssize_t, name, int, const void*, size_t, off_t);                        \
    return behind(descriptor, bytes, size, offset);                                \
  }
DEFINE_PWRITE(pwrite)
DEFINE_PWRITE(pwrite64)

ssize_t read(int descriptor, void* bytes, size_t size) {
  char path[PATH_MAX];
  BEHIND(ssize_t, read, int, void*, size_t);
  if (descriptor_path(descriptor, path)) {
    const int met = verdict("read", path);
    if (met < 0 && size > 1) return behind(descriptor, bytes, size / 2);
    if (met > 0) {
      errno = met;
      return -1;
    }
  }
  return behind(descriptor, bytes, size);
}

#define DEFINE_PREAD(name)                                                   \
  ssize_t name(int descriptor, void* bytes, size_t size, off_t offset) {     \
    char path[PATH_MAX];                                                     \
    if (descriptor_path(descriptor, path)) MEET("read", path, -1);           \
    BEHIND(ssize_t, name, int, void*, size_t, off_t);                        \
    return behind(descriptor, bytes, size, offset);                          \
  }
DEFINE_PREAD(pread)
DEFINE_PREAD(pread64)

#define DEFINE_MMAP(name)                                                                              \
  void* name(void* where, size_t size, int protection, int flags, int descriptor, off_t offset) {      \
    char path[PATH_MAX];                                                                               \
    if (descriptor >= 0 && descriptor_path(descriptor, path)) MEET("mmap", path, MAP_FAILED);          \
    BEHIND(void*, name, void*, size_t, int, int, int, off_t);                                          \
    return behind(where, size, protection, flags, descriptor, offset);                                 \
  }
DEFINE_MMAP(mmap)
DEFINE_MMAP(mmap64)

#define DEFINE_BY_DESCRIPTOR(name)                                     \
  int name(int descriptor) {                                           \
    char path[PATH_MAX];                                               \
    if (descriptor_path(descriptor, path)) MEET(#name, path, -1);      \
    BEHIND(int, name, int);                                            \
    return behind(descriptor);                                         \
  }
DEFINE_BY_DESCRIPTOR(fsync)
DEFINE_BY_DESCRIPTOR(fdatasync)
DEFINE_BY_DESCRIPTOR(syncfs)

// Closed in any case, as Linux does where it reports an error.
int close(int descriptor) {
  char path[PATH_MAX];
  const bool ours = descriptor_path(descriptor, path);
  const int met = ours && (fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_RDONLY ? verdict("close", path) : 0;
  BEHIND(int, close, int);
  const int result = behind(descriptor);
  if (met <= 0) return result;
  errno = met;
  return -1;
}

#define DEFINE_TRUNCATE(name)                                                \
  int name(int descriptor, off_t size) {                                     \
    char path[PATH_MAX];                                                     \
    if (descriptor_path(descriptor, path)) MEET("ftruncate", path, -1);      \
    BEHIND(int, name, int, off_t);                                           \
    return behind(descriptor, size);                                         \
  }
DEFINE_TRUNCATE(ftruncate)
DEFINE_TRUNCATE(ftruncate64)

int rename(const char* from, const char* to) {
  char path[PATH_MAX];
  if (given_path(AT_FDCWD, to, path)) MEET("rename", path, -1);
  BEHIND(int, rename, const char*, const char*);
  return behind(from, to);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  char path[PATH_MAX];
  if (given_path(to_folder, to, path)) MEET("rename", path, -1);
  BEHIND(int, renameat, int, const char*, int, const char*);
  return behind(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  char path[PATH_MAX];
  if (given_path(to_folder, to, path)) MEET("rename", path, -1);
  BEHIND(int, renameat2, int, const char*, int, const char*, unsigned);
  return behind(from_folder, from, to_folder, to, flags);
}

int link(const char* from, const char* to) {
  char path[PATH_MAX];
  if (given_path(AT_FDCWD, to, path)) MEET("link", path, -1);
  BEHIND(int, link, const char*, const char*);
  return behind(from, to);
}

int mkdir(const char* given, mode_t mode) {
  char path[PATH_MAX];
  if (given_path(AT_FDCWD, given, path)) MEET("mkdir", path, -1);
  BEHIND(int, mkdir, const char*, mode_t);
  return behind(given, mode);
}

#define DEFINE_BY_PATH(name)                                              \
  int name(const char* given) {                                           \
    char path[PATH_MAX];                                                  \
    if (given_path(AT_FDCWD, given, path)) MEET("unlink", path, -1);      \
    BEHIND(int, name, const char*);                                       \
    return behind(given);                                                 \
  }
DEFINE_BY_PATH(unlink)
DEFINE_BY_PATH(remove)

int unlinkat(int folder, const char* given, int flags) {
  char path[PATH_MAX];
  if (given_path(folder, given, path)) MEET("unlink", path, -1);
  BEHIND(int, unlinkat, int, const char*, int);
  return behind(folder, given, flags);
}

int flock(int descriptor, int operation) {
  char path[PATH_MAX];
  if (descriptor_path(descriptor, path)) MEET("flock", path, -1);
  BEHIND(int, flock, int, int);
  return behind(descriptor, operation);
}
