// Files that appear whole or not at all, and what a killed process leaves of them.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/file_batch.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string partial_of(const std::string& path) { return concat(path, kPartialEnding); }

TEST(AtomicFile, NothingIsThereBeforeTheCommitAndNothingIsLeftWithoutOne) {
  const TestFolder folder;
  const std::string path = folder / "deep/file";
  {
    AtomicFile file(path);
    file.append(bytes_of("half"));
    EXPECT_EQ(names_in(folder / "deep"), std::vector<std::string>{"file.partial-pbgen"});
  }
  EXPECT_TRUE(fs::is_empty(folder / "deep"));
  write_file_atomically(path, "whole");
  EXPECT_EQ(read_text_file(path, 10), "whole");
  EXPECT_EQ(names_in(folder / "deep"), std::vector<std::string>{"file"});
}

TEST(AtomicFile, MayBeReadAndWrittenByWhomTheMaskOfTheProcessAllows) {
  const TestFolder folder;
  const mode_t before = ::umask(0027);
  write_file_atomically(folder / "file", "whole");
  FileBatch batch(folder.path(), 1);
  batch.write(0, "of a batch", bytes_of("whole"));
  batch.commit();
  ::umask(before);
  for (const char* const name : {"file", "of a batch"}) {
    struct stat status = {};
    ASSERT_EQ(::stat((folder / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 07777, 0640u) << name;
  }
}

TEST(ReadFile, AFileIsReadUpToTheLengthThatIsAskedFor) {
  const TestFolder folder;
  write_bytes(folder / "file", bytes_of("four"));
  EXPECT_EQ(read_text_file(folder / "file", 4), "four");
  expect_refusal(ErrorKind::input_output, folder / "file: 4 bytes, at most 3 ", [&] { read_file(folder / "file", 3); });
}

TEST(AtomicFile, WhatAppearedMeanwhileIsKeptWhereItIsAskedFor) {
  const TestFolder folder;
  {
    AtomicFile file(folder / "file", Existing::keep);
    file.append(bytes_of("ours"));
    write_bytes(folder / "file", bytes_of("theirs"));
    expect_refusal(ErrorKind::usage, folder / "file", [&] { file.commit(); });
  }
  EXPECT_EQ(read_text_file(folder / "file", 10), "theirs");
  write_file_atomically(folder / "new", "ours", Existing::keep);
  EXPECT_EQ(read_text_file(folder / "new", 10), "ours");
  write_file_atomically(folder / "file", "ours", Existing::replace);
  EXPECT_EQ(read_text_file(folder / "file", 10), "ours");
}

TEST(AtomicFile, AnotherWriterOfTheSameFileWaitsForItsTurn) {
  const TestFolder folder;
  const std::string path = folder / "file";
  const pid_t child = fork();
  if (child == 0) {
    AtomicFile file(path);
    file.append(Bytes(1000, 'c'));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    file.commit();
    _exit(0);
  }
  while (!fs::exists(partial_of(path)) && !fs::exists(path)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  write_file_atomically(path, "parent");
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_text_file(path, 2000), "parent");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
}

TEST(AtomicFile, WhatAKilledWriterLeftIsWrittenOver) {
  const TestFolder folder;
  const std::string path = folder / "file";
  write_bytes(partial_of(path), Bytes(5000, 'x'));
  write_file_atomically(path, "whole");
  EXPECT_EQ(read_text_file(path, 10), "whole");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
}

TEST(AtomicFile, WhatIsNoFileOfOursIsNotWrittenThrough) {
  const TestFolder folder;
  const std::string path = folder / "file";
  write_bytes(folder / "precious", bytes_of("precious"));
  fs::create_symlink(folder / "precious", partial_of(path));
  expect_refusal(ErrorKind::input_output, path, [&] { write_file_atomically(path, "ours"); });
  EXPECT_EQ(read_text_file(folder / "precious", 10), "precious");
  fs::remove(partial_of(path));
  ASSERT_EQ(mkfifo(partial_of(path).c_str(), 0600), 0);
  const std::string refusal = concat(path, ": cannot create: ", partial_of(path), " is in the way, a pipe");
  expect_refusal(ErrorKind::input_output, refusal, [&] { write_file_atomically(path, "ours"); });
  EXPECT_FALSE(fs::exists(path));
}

TEST(AtomicFile, StalePartialFilesAreRemovedAndNothingElse) {
  const TestFolder folder;
  const std::vector<std::string> stale = {"a.safetensors.partial-pbgen", "b.png.partial-4711"};
  for (const std::string& name : stale) write_bytes(folder / name, bytes_of("half"));
  write_bytes(folder / "notes.partial", bytes_of("mine"));
  write_bytes(folder / "b.partial-12a", bytes_of("mine"));
  write_bytes(folder / ".partial-12", bytes_of("mine"));
  write_bytes(folder / "deep/c.partial-pbgen", bytes_of("of another folder"));
  fs::create_directories(folder / "d.partial-pbgen");
  fs::create_symlink(folder / "notes.partial", folder / "e.partial-pbgen");
  AtomicFile living(folder / "living");
  living.append(bytes_of("in work"));
  remove_stale_partials(folder.path());
  const std::vector<std::string> expected = {".partial-12",     "b.partial-12a",  "d.partial-pbgen", "deep",
                                             "e.partial-pbgen", "living.partial-pbgen", "notes.partial"};
  EXPECT_EQ(names_in(folder.path()), expected);
  living.commit();
  EXPECT_EQ(read_text_file(folder / "living", 10), "in work");
  EXPECT_TRUE(fs::exists(folder / "deep/c.partial-pbgen"));
}

TEST(FileBatch, FilesGetTheirNamesTogetherOrNotAtAll) {
  const TestFolder folder;
  {
    FileBatch batch(folder.path(), 2);
    batch.write(0, "a", bytes_of("first"));
    batch.write(1, "b", bytes_of("second"));
    EXPECT_FALSE(fs::exists(folder / "a"));
    batch.commit();
    EXPECT_EQ(names_in(folder.path()), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(read_text_file(folder / "b", 10), "second");
  }
  {
    FileBatch batch(folder.path(), 2);
    batch.write(0, "c", bytes_of("third"));
    batch.write(1, "missing/d", bytes_of("fourth"));
    expect_refusal(ErrorKind::input_output, folder / "missing/d", [&] { batch.commit(); });
  }
  EXPECT_EQ(names_in(folder.path()), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace pbgen
