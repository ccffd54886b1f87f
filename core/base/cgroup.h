// The control groups that this process lives in (Linux): what a container, a service manager or a queue grants it.
//
// A limit holds for a group and everything below it, so that the process's own group and all its parents count.  Both versions are read:
// the one tree of version 2, and version 1 with a tree for each controller.  Source: Linux, Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/cgroups.rst; proc(5) for /proc/self/cgroup and /proc/self/mountinfo.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pbgen {

struct CgroupFolder {
  int version;       // 1 or 2
  std::string path;  // where the group's control files are
};

// The folders of the process's own group and of its parents as far as they can be seen, the own one first, in each tree that may have
// the controller ("cpu", "memory").  None where there are no control groups.  root: prefixed to every path, for tests.
std::vector<CgroupFolder> cgroup_folders(std::string_view controller, const std::string& root = "");

// The fewest CPUs (1.5: half of the time of three) that the quota of one of these groups leaves; nothing where none has a quota.
std::optional<double> cgroup_cpu_quota(const std::string& root = "");

// The least memory limit of these groups, bytes; nothing where none has one.
std::optional<std::int64_t> cgroup_memory_limit(const std::string& root = "");

}  // namespace pbgen
