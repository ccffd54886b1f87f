// Locks of folders: between processes, over kill -9, and on every file system that is here.
#include "core/files/folder_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

// The refusal's words, "accepted" where the lock was granted.
std::string refusal(const std::string& folder) {
  return refusal(ErrorKind::usage, [&] { const FolderLock lock(folder); });
}

// A process that holds the folder's lock until it is killed.
class Holder {
 public:
  explicit Holder(const std::string& folder) {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    child_ = fork();
    if (child_ == 0) {
      const FolderLock lock(folder);
      write_bytes(folder + "/half.png.partial-pbgen", bytes_of("half"));
      static_cast<void>(!write(ready[1], "1", 1));
      while (true) pause();
    }
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
  }
  ~Holder() { kill(); }
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }
  pid_t process() const { return child_; }

 private:
  pid_t child_ = 0;
};

void expect_locks_work_in(const std::string& folder) {
  SCOPED_TRACE(folder);
  Holder holder(folder);
  const std::string words = refusal(folder);
  EXPECT_TRUE(words.starts_with(folder)) << words;
  EXPECT_NE(words.find(concat("process ", holder.process(), " on ")), std::string::npos) << words;
  EXPECT_TRUE(fs::exists(folder + "/half.png.partial-pbgen")) << "of a living process";
  holder.kill();
  EXPECT_EQ(refusal(folder), "accepted");
  EXPECT_FALSE(fs::exists(folder + "/half.png.partial-pbgen")) << "the next holder cleans up";
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST(FolderLock, IsRefusedWhileItsHolderLivesAndDiesWithIt) {
  const TestFolder folder;
  expect_locks_work_in(folder.path());
}

TEST(FolderLock, WorksOnTheFileSystemsThatAreHere) {
  const std::string here = fs::current_path().string() + concat("/build/lock-test-", getpid());
  for (const std::string& path : {concat("/dev/shm/pbgen-lock-test-", getpid()), here}) {
    std::error_code error;
    if (!fs::create_directories(path, error)) continue;
    expect_locks_work_in(path);
    fs::remove_all(path, error);
  }
}

TEST(FolderLock, AFolderThatItMadeGoesWithItWhileItIsEmpty) {
  const TestFolder folder;
  { const FolderLock lock(folder / "new"); }
  EXPECT_FALSE(fs::exists(folder / "new"));
  {
    const FolderLock lock(folder / "new");
    write_bytes(folder / "new/result", bytes_of("mine"));
  }
  EXPECT_TRUE(fs::exists(folder / "new/result"));
  fs::create_directories(folder / "old");
  { const FolderLock lock(folder / "old"); }
  EXPECT_TRUE(fs::is_empty(folder / "old"));
}

TEST(FolderLock, TheFoldersAboveThatItMadeGoAsWell) {
  const TestFolder folder;
  { const FolderLock lock(folder / "a/b/c/"); }
  EXPECT_TRUE(fs::is_empty(folder.path()));
  { EXPECT_TRUE(FolderLock::make(folder / "runs/first")); }
  EXPECT_TRUE(fs::is_empty(folder.path()));
  {
    const std::optional<FolderLock> lock = FolderLock::make(folder / "runs/first");
    write_bytes(folder / "runs/notes.txt", bytes_of("mine"));
  }
  EXPECT_TRUE(fs::exists(folder / "runs/notes.txt"));
  EXPECT_FALSE(fs::exists(folder / "runs/first"));
  fs::remove(folder / "runs/notes.txt");
  { EXPECT_TRUE(FolderLock::make(folder / "runs/first")); }
  EXPECT_TRUE(fs::exists(folder / "runs")) << "it was there before";
}

TEST(FolderLock, AFolderHoldsNothingWhereOnlyALockIsInIt) {
  const TestFolder folder;
  EXPECT_TRUE(holds_nothing(folder.path()));
  const FolderLock lock(folder.path());
  EXPECT_FALSE(fs::is_empty(folder.path()));
  EXPECT_TRUE(holds_nothing(folder.path()));
  write_bytes(folder / "notes.txt", bytes_of("mine"));
  EXPECT_FALSE(holds_nothing(folder.path()));
}

TEST(FolderLock, OfManyThatMakeAFolderOneGetsIt) {
  const TestFolder folder;
  constexpr int kProcesses = 8;
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() != 0) continue;
    const std::optional<FolderLock> lock = FolderLock::make(folder / "new");
    if (lock) write_bytes(folder / "new/mine", bytes_of("mine"));
    _exit(lock ? 1 : 0);
  }
  int granted = 0;
  for (int i = 0; i < kProcesses; ++i) {
    int status = 0;
    wait(&status);
    granted += WEXITSTATUS(status);
  }
  EXPECT_EQ(granted, 1);
}

// Locked one after the other, however often the lock's file is removed in between.
TEST(FolderLock, TakingTurnsNeverTwoAtOnce) {
  const TestFolder folder;
  constexpr int kProcesses = 4;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() != 0) continue;
    bool alone = true;
    while (std::chrono::steady_clock::now() < end) {
      try {
        const FolderLock lock(folder.path());
        // In its own folder, which only a holder makes and removes.
        alone = alone && fs::create_directory(folder / "turn");
        alone = fs::remove(folder / "turn") && alone;
      } catch (const Error& error) {
        alone = alone && error.kind() == ErrorKind::usage;
      }
    }
    _exit(alone ? 0 : 1);
  }
  for (int i = 0; i < kProcesses; ++i) {
    int status = -1;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
}

TEST(FolderLock, WhatIsNoFolderIsRefused) {
  const TestFolder folder;
  write_bytes(folder / "file", bytes_of("mine"));
  EXPECT_NE(refusal(folder / "file").find("is no folder"), std::string::npos);
}

// A stranger's words are not passed on to the terminal.
TEST(FolderLock, OnlyAPlainLineNamesTheHolder) {
  const TestFolder folder;
  write_bytes(folder / ".pbgen.lock", bytes_of("process \x1b[31m1\n"));
  const int descriptor = open((folder / ".pbgen.lock").c_str(), O_RDWR);
  ASSERT_EQ(flock(descriptor, LOCK_EX | LOCK_NB), 0);
  EXPECT_NE(refusal(folder.path()).find(": another process is writing"), std::string::npos);
  close(descriptor);
}

}  // namespace
}  // namespace pbgen
