// What the process's own control group and its parents grant, of both versions, as /proc and the mounted trees tell it.
#include "core/base/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pbgen {
namespace {

namespace fs = std::filesystem;

// A machine's /proc and /sys below a folder of its own.
class Cgroup : public testing::Test {
 protected:
  Cgroup() : root_(testing::TempDir() + "cgroup_" + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(root_);
  }
  ~Cgroup() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  void mount_version_2(const std::string& group = "/") const {
    write("/proc/self/mountinfo", "30 23 0:26 " + group + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  void mount_version_1(const std::string& group = "/") const {
    write("/proc/self/mountinfo",
          "31 23 0:28 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755\n"
          "35 31 0:29 " + group + " /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:12 - cgroup cgroup rw,cpu,cpuacct\n"
          "36 31 0:30 " + group + " /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  }

  const std::string root_;
};

TEST_F(Cgroup, NothingIsLimitedWithoutGroups) {
  EXPECT_TRUE(cgroup_folders("cpu", root_).empty());
  EXPECT_EQ(cgroup_cpu_quota(root_), std::nullopt);
  EXPECT_EQ(cgroup_memory_limit(root_), std::nullopt);
}

TEST_F(Cgroup, Version2OwnGroupCounts) {
  mount_version_2();
  write("/proc/self/cgroup", "0::/user.slice/job.scope\n");
  write("/sys/fs/cgroup/user.slice/job.scope/cpu.max", "150000 100000\n");
  write("/sys/fs/cgroup/user.slice/job.scope/memory.max", "3000000\n");
  write("/sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  write("/sys/fs/cgroup/user.slice/memory.max", "max\n");
  EXPECT_EQ(cgroup_cpu_quota(root_), 1.5);
  EXPECT_EQ(cgroup_memory_limit(root_), 3'000'000);
}

TEST_F(Cgroup, Version2TightestParentCounts) {
  mount_version_2();
  write("/proc/self/cgroup", "0::/a/b/c\n");
  write("/sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
  write("/sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
  write("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  write("/sys/fs/cgroup/a/memory.max", "4096\n");
  EXPECT_EQ(cgroup_cpu_quota(root_), 0.5);
  EXPECT_EQ(cgroup_memory_limit(root_), 4096);
}

TEST_F(Cgroup, Version2AContainersRootIsItsOwnGroup) {
  mount_version_2();
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota(root_), 3.0);
}

TEST_F(Cgroup, AMountThatShowsAGroupOfTheHost) {
  mount_version_2("/docker/1234");
  write("/proc/self/cgroup", "0::/docker/1234/worker\n");
  write("/sys/fs/cgroup/worker/cpu.max", "100000 100000\n");
  write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota(root_), 1.0);
  // For a group whose name only begins alike, the mount shows nothing but its own root.
  write("/proc/self/cgroup", "0::/docker/12345\n");
  EXPECT_EQ(cgroup_cpu_quota(root_), 2.0);
}

TEST_F(Cgroup, AGroupOutsideOfTheNamespaceLeavesTheMountsRoot) {
  mount_version_2();
  write("/proc/self/cgroup", "0::/../other\n");
  write("/sys/fs/cgroup/cpu.max", "250000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota(root_), 2.5);
}

TEST_F(Cgroup, Version1TightestOfOwnAndParentsCounts) {
  mount_version_1();
  write("/proc/self/cgroup", "9:name=systemd:/\n4:memory:/jobs/7\n2:cpu,cpuacct:/jobs/7\n");
  write("/sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "75000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "50000\n");
  write("/sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes", "9223372036854771712\n");  // none
  write("/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "1073741824\n");
  EXPECT_EQ(cgroup_cpu_quota(root_), 1.5);
  EXPECT_EQ(cgroup_memory_limit(root_), 1'073'741'824);
}

TEST_F(Cgroup, ASpaceInAPathIsRead) {
  write("/proc/self/mountinfo", "30 23 0:26 / /sys/my\\040groups rw - cgroup2 cgroup2 rw\n");
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/my groups/cpu.max", "100000 50000\n");
  EXPECT_EQ(cgroup_cpu_quota(root_), 2.0);
}

TEST_F(Cgroup, BrokenFilesAreNoLimit) {
  mount_version_2();
  for (const char* const text : {"", "max", "100000", "0 100000", "100000 0", "-5 100000", "nan nan", "x y"}) {
    write("/proc/self/cgroup", "0::/\n::\nnonsense\n");
    write("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(cgroup_cpu_quota(root_), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pbgen
