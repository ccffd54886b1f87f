// How much memory there is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pbgen {

struct MemoryLimits {
  // More is never granted, bytes, and whose limit it is; nothing where none is known.
  std::optional<std::int64_t> most;
  std::string whose;
  // Granted now without taking memory from others, bytes.
  std::optional<std::int64_t> available;
};

// This process's limits: /proc/meminfo, the control groups of both versions (core/base/cgroup.h), ulimit -v and -d.  Swap counts
// for `most`.  root: prefixed to every path, for tests.
MemoryLimits memory_limits(const std::string& root = "");

}  // namespace pbgen
