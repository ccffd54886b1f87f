// What this machine's caches hold.
#pragma once

#include <cstdint>

namespace pbgen {

// Bytes of a core's first-level cache of data; 0 where the system does not say.
std::int64_t first_level_cache_bytes();

}  // namespace pbgen
