#include "tools/lib/cli/memory_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

#include "core/base/cgroup.h"

namespace pbgen {
namespace {

constexpr std::int64_t kKilobyte = 1024;

// "MemAvailable:   24105000 kB" of /proc/meminfo, bytes.
std::optional<std::int64_t> meminfo(const std::string& root, const std::string& name) {
  std::ifstream file(root + "/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream words(line.substr(name.size() + 1));
    std::int64_t kilobytes = 0;
    if (words >> kilobytes && kilobytes >= 0 && kilobytes <= std::numeric_limits<std::int64_t>::max() / kKilobyte)
      return kKilobyte * kilobytes;
  }
  return std::nullopt;
}

// What a limit of ulimit leaves beside what this process has mapped (field 0 of statm) or has as data (field 5), in pages.
std::optional<std::int64_t> left_of(decltype(RLIMIT_AS) resource, int field, const std::string& root) {
  rlimit limit = {};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  std::ifstream statm(root + "/proc/self/statm");
  std::int64_t pages = 0;
  for (int i = 0; i <= field; ++i) statm >> pages;
  const auto most = static_cast<std::int64_t>(std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<std::int64_t>::max()));
  return std::max<std::int64_t>(0, most - (statm ? pages * ::sysconf(_SC_PAGESIZE) : 0));
}

void lower(MemoryLimits& limits, std::optional<std::int64_t> bytes, const char* whose) {
  if (!bytes || (limits.most && *limits.most <= *bytes)) return;
  limits.most = bytes;
  limits.whose = whose;
}

}  // namespace

MemoryLimits memory_limits(const std::string& root) {
  MemoryLimits limits;
  const std::int64_t swap = meminfo(root, "SwapTotal").value_or(0);
  const std::optional<std::int64_t> group = cgroup_memory_limit(root);
  if (const auto total = meminfo(root, "MemTotal")) lower(limits, *total + swap, "this machine's memory");
  if (group) lower(limits, *group + swap, "the limit of this container or control group (memory.max)");
  lower(limits, left_of(RLIMIT_AS, 0, root), "what `ulimit -v` leaves");
  lower(limits, left_of(RLIMIT_DATA, 5, root), "what `ulimit -d` leaves");
  limits.available = meminfo(root, "MemAvailable");
  if (group && (!limits.available || *group < *limits.available)) limits.available = group;
  return limits;
}

}  // namespace pbgen
