// Files for libpbgen, without stdio.  A file's size is where it ends: glibc before 2.33 exports no fstat, and one library serves all.
#include "gan/edge/pbgen.h"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int pbgen_map_file(const char* path, pbgen_bytes* file) {
  if (file == nullptr) return PBGEN_ARGUMENT;
  *file = {nullptr, 0};
  if (path == nullptr) return PBGEN_ARGUMENT;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not keep us waiting
  if (descriptor < 0) return PBGEN_NOT_FOUND;
  void* data = MAP_FAILED;
  const off_t end = lseek(descriptor, 0, SEEK_END);  // -1 of a pipe; anything of a folder, which mmap refuses
  const bool mappable = end > 0 && static_cast<uint64_t>(end) <= SIZE_MAX;
  const size_t size = mappable ? static_cast<size_t>(end) : 0;
  if (mappable) data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  close(descriptor);
  if (data == MAP_FAILED) return PBGEN_NOT_MAPPED;
  *file = {data, size};
  return PBGEN_OK;
}

void pbgen_unmap_file(pbgen_bytes* file) {
  if (file == nullptr || file->data == nullptr) return;
  munmap(const_cast<void*>(file->data), file->size);
  *file = {nullptr, 0};
}
#else
int pbgen_map_file(const char*, pbgen_bytes* file) {
  if (file == nullptr) return PBGEN_ARGUMENT;
  *file = {nullptr, 0};
  return PBGEN_NO_FILES;
}
void pbgen_unmap_file(pbgen_bytes*) {}
#endif
