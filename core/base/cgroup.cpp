#include "core/base/cgroup.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace pbgen {
namespace {

// Version 1 writes a limit that is none as the largest multiple of a page below 2^63.
constexpr double kNoLimit = 0x1p62;

// A line of /proc/self/cgroup: "4:cpu,cpuacct:/user.slice" of version 1, "0::/user.slice" of version 2.
struct Membership {
  int version;
  std::string group;
};

// A line of /proc/self/mountinfo that mounts control groups.
struct Mount {
  int version;
  std::string controllers;  // of version 1: "rw,cpu,cpuacct"
  std::string group;        // which group is seen at the mount point
  std::string point;
};

bool lists(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    if (names.substr(0, comma) == name) return true;
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return false;
}

// A space in a path is written as \040, and so on.
std::string without_escapes(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::vector<Membership> memberships(std::string_view controller, const std::string& root) {
  std::vector<Membership> found;
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) found.push_back({2, line.substr(second + 1)});
    if (lists(controllers, controller)) found.push_back({1, line.substr(second + 1)});
  }
  return found;
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue: group and point are the fourth and fifth; behind
// the dash are the type, the source and the options.
std::vector<Mount> mounts(const std::string& root) {
  std::vector<Mount> found;
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string skipped, group, point, type, source, options;
    fields >> skipped >> skipped >> skipped >> group >> point;
    while (fields >> skipped && skipped != "-") {
    }
    fields >> type >> source >> options;
    if (type == "cgroup2") found.push_back({2, "", without_escapes(group), without_escapes(point)});
    if (type == "cgroup") found.push_back({1, options, without_escapes(group), without_escapes(point)});
  }
  return found;
}

// Appends the folder of the group at the mount and those of its parents up to the mount point.
void add_folders(const Membership& member, const Mount& mount, const std::string& root, std::vector<CgroupFolder>& folders) {
  // Without a namespace of groups a container's mount shows a group of the host, and the membership is named from the host's root.
  std::string group = member.group;
  if (mount.group != "/") {
    const bool inside = group == mount.group || group.starts_with(mount.group + "/");
    group = inside ? group.substr(mount.group.size()) : "";
  }
  // A group outside of what is seen ("/../other"): only the mount point's own limits can be read.
  if (group.find("/..") != std::string::npos) group.clear();
  while (group.ends_with('/')) group.pop_back();
  for (;;) {
    folders.push_back({member.version, root + mount.point + group});
    if (group.empty()) return;
    group.erase(std::min(group.rfind('/'), group.size()));
  }
}

// The first numbers of a control file, none where it is missing or says "max".
std::vector<double> numbers_in(const std::string& path, std::size_t count) {
  std::vector<double> numbers;
  std::ifstream file(path);
  for (double number = 0.0; numbers.size() < count && file >> number;) numbers.push_back(number);
  return numbers;
}

// quota and period, microseconds.
std::vector<double> quota_and_period(const CgroupFolder& folder) {
  if (folder.version == 2) return numbers_in(folder.path + "/cpu.max", 2);  // "150000 100000", or "max 100000"
  std::vector<double> numbers = numbers_in(folder.path + "/cpu.cfs_quota_us", 1);  // -1: none
  for (const double period : numbers_in(folder.path + "/cpu.cfs_period_us", 1)) numbers.push_back(period);
  return numbers;
}

}  // namespace

std::vector<CgroupFolder> cgroup_folders(std::string_view controller, const std::string& root) {
  std::vector<CgroupFolder> folders;
  const std::vector<Mount> mounted = mounts(root);
  for (const Membership& member : memberships(controller, root))
    for (const Mount& mount : mounted)
      if (mount.version == member.version && (mount.version == 2 || lists(mount.controllers, controller)))
        add_folders(member, mount, root, folders);
  return folders;
}

std::optional<double> cgroup_cpu_quota(const std::string& root) {
  std::optional<double> least;
  for (const CgroupFolder& folder : cgroup_folders("cpu", root)) {
    const std::vector<double> numbers = quota_and_period(folder);
    if (numbers.size() != 2 || !(numbers[0] > 0.0) || !(numbers[1] > 0.0)) continue;
    const double quota = numbers[0] / numbers[1];
    if (!least || quota < *least) least = quota;
  }
  return least;
}

std::optional<std::int64_t> cgroup_memory_limit(const std::string& root) {
  std::optional<std::int64_t> least;
  for (const CgroupFolder& folder : cgroup_folders("memory", root))
    for (const double bytes : numbers_in(folder.path + (folder.version == 2 ? "/memory.max" : "/memory.limit_in_bytes"), 1)) {
      if (!(bytes >= 0.0) || bytes >= kNoLimit) continue;
      if (!least || bytes < static_cast<double>(*least)) least = static_cast<std::int64_t>(bytes);
    }
  return least;
}

}  // namespace pbgen
