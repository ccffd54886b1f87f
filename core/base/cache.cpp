#include "core/base/cache.h"

#include <unistd.h>

#include <algorithm>

namespace pbgen {

std::int64_t first_level_cache_bytes() {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  return std::max<std::int64_t>(sysconf(_SC_LEVEL1_DCACHE_SIZE), 0);
#else
  return 0;
#endif
}

}  // namespace pbgen
