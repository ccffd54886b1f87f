// What is no file where a file is expected: every path of every tool, each refused at once, with its exit code and one line.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/regular_file.h"
#include "data/folder/image_folder.h"
#include "data/formats/image_io.h"
#include "gan/checkpoint.h"
#include "gan/edge/pbgen.h"
#include "tests/support/image_files.h"
#include "tests/support/small_checkpoint.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

const Arguments kTwoIterations = kTiny + Arguments{"--iterations", "2"};

void make_socket(const std::string& path) {
  // A socket's path is short: by way of the folder that we stand in.
  const fs::path before = fs::current_path();
  fs::current_path(fs::path(path).parent_path());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, fs::path(path).filename().c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(descriptor);
  fs::current_path(before);
}

class HostilePaths : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"train_gan", "generate", "export", "swd_eval", "plan", "paper", "make_faces", "pbgen_example", "footprint"});
    ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    make_socket(folder_ / "socket");
  }

  // Where it hangs, the test does not.
  ToolRun run(const std::string& tool, const Arguments& arguments) const {
    Arguments words = {"60", *tool_path(tool)};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_tool_at("/usr/bin/timeout", words, folder_.path());
  }

  // One line on stderr that names the path, or the last of them where the tool had more to say.
  void expect_refused(const std::string& tool, const Arguments& arguments, int code, const std::string& path) const {
    std::string command = tool;
    for (const std::string& argument : arguments) command += " " + argument;
    SCOPED_TRACE(command);
    const ToolRun result = run(tool, arguments);
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }

  TestFolder folder_;
};

TEST_F(HostilePaths, WhatIsReadIsARegularFile) {
  for (const std::string& path : {folder_ / "pipe", folder_ / "socket", std::string("/dev/zero")}) {
    expect_refused("generate", {path, "--grid", folder_ / "grid.png"}, 6, path);
    expect_refused("export", {path, "-o", folder_ / "model.pbgen"}, 6, path);
    expect_refused("swd_eval", {path, "synthetic"}, 3, path);
    expect_refused("swd_eval", {"synthetic", path}, 3, path);
    expect_refused("train_gan", {"--config", path}, 6, path);
    expect_refused("train_gan", {"--resume", path}, 6, path);
    expect_refused("train_gan", kTwoIterations + Arguments{"--init-from", path, "--out", folder_ / "run"}, 6, path);
    expect_refused("train_gan", {"--data", path, "--out", folder_ / "run"}, 3, path);
    expect_refused("plan", {"--layers", path}, 6, path);
    expect_refused("plan", {"--config", path}, 6, path);
    EXPECT_FALSE(fs::exists(folder_ / "run"));
  }
  expect_refused("plan", {"--layers", folder_.path()}, 6, folder_.path());
}

// What a folder of ours holds can be replaced, too.
TEST_F(HostilePaths, MembersOfARunAreRegularFiles) {
  const std::string out = folder_ / "run";
  ASSERT_EQ(run("train_gan", kTwoIterations + Arguments{"--out", out}).exit_code, 0);
  const std::string newest = out + "/checkpoints/00000002.safetensors";
  const Arguments more = {"--resume", out, "--iterations", "4"};
  for (const std::string& member : {out + "/config.json", out + "/log.csv"}) {
    fs::rename(member, member + ".kept");
    ASSERT_EQ(mkfifo(member.c_str(), 0600), 0);
    const ToolRun result = run("train_gan", more);
    EXPECT_EQ(result.exit_code, 6) << result.err;
    EXPECT_NE(result.err.find(member + ": is a pipe"), std::string::npos) << result.err;
    fs::remove(member);
    fs::rename(member + ".kept", member);
  }
  fs::rename(newest, newest + ".kept");
  ASSERT_EQ(mkfifo(newest.c_str(), 0600), 0);
  // Unlike a damaged checkpoint, one that cannot be read is never passed over: an older one would be taken for the newest.
  for (const char* const tool : {"generate", "export"}) {
    const ToolRun result = run(tool, {out, "-o", folder_ / "x"});
    EXPECT_NE(result.exit_code, 124) << tool;
  }
  const ToolRun refused = run("train_gan", more);
  EXPECT_EQ(refused.exit_code, 6) << refused.err;
  EXPECT_NE(refused.err.find("is a pipe"), std::string::npos) << refused.err;
}

TEST_F(HostilePaths, WhatIsWrittenReplacesNoPipeAndNoDevice) {
  const std::string checkpoint = folder_ / "last.safetensors";
  write_small_checkpoint(checkpoint);
  const std::string pipe = folder_ / "pipe";
  const std::string picture = folder_ / "pipe.png";
  fs::rename(pipe, picture);
  for (const Arguments& force : {Arguments{}, Arguments{"--force"}}) {
    expect_refused("generate", Arguments{checkpoint, "--grid", picture} + force, 2, picture);
    expect_refused("make_faces", Arguments{"--n", "1", "--out", folder_ / "faces", "--grid", picture} + force, 2, picture);
    expect_refused("generate", Arguments{checkpoint, "--out", picture} + force, 2, picture);
    expect_refused("make_faces", Arguments{"--n", "1", "--out", picture} + force, 2, picture);
    expect_refused("train_gan", kTwoIterations + Arguments{"--out", picture} + force, 2, picture);
    expect_refused("export", Arguments{checkpoint, "-o", "/dev/null"} + force, 2, "/dev/null");
  }
  expect_refused("plan", {"--search", "--size", "16", "--gf-dim", "8", "--df-dim", "8", "--iterations", "2", "--out", picture}, 2, picture);
  expect_refused("paper", {"savings", "--scale", "smoke", "--out", picture}, 2, picture);
  EXPECT_TRUE(fs::is_fifo(picture));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_FALSE(fs::exists(folder_ / "faces"));
}

TEST_F(HostilePaths, AnImageThatIsAPipeByTheTimeItIsReadIsABadFile) {
  fs::create_directories(folder_ / "images");
  for (const char* const name : {"images/a.png", "images/b.png"}) write_png(folder_ / name, Image::black(16, 16, 3));
  FolderOptions options;
  options.folder = folder_ / "images";
  options.size = 16;
  options.on_bad = OnBad::skip;
  const FolderListing listing = list_images(options.folder);
  ASSERT_EQ(listing.files.size(), 2u);
  fs::remove(folder_ / "images/b.png");
  ASSERT_EQ(mkfifo((folder_ / "images/b.png").c_str(), 0600), 0);
  std::int64_t decoded = 0;
  const FolderReport report = decode_images(listing, options, 16, [&](std::span<const std::uint8_t>) { ++decoded; }, {});
  EXPECT_EQ(decoded, 1);
  ASSERT_EQ(report.bad.size(), 1u);
  EXPECT_NE(report.bad[0].reason.find("is a pipe"), std::string::npos) << report.bad[0].reason;
}

TEST_F(HostilePaths, AModelOfTheLibraryIsARegularFile) {
  for (const std::string& path : {folder_ / "pipe", folder_ / "socket", std::string("/dev/zero"), folder_.path()}) {
    pbgen_bytes file = {};
    EXPECT_NE(pbgen_map_file(path.c_str(), &file), PBGEN_OK) << path;
    for (const char* const program : {"pbgen_example", "footprint"}) EXPECT_EQ(run(program, {path, "1"}).exit_code, 1) << program << path;
  }
}

TEST_F(HostilePaths, FirstBytesOfWhatIsNoFileAreNone) {
  for (const std::string& path : {folder_ / "pipe", folder_ / "socket", std::string("/dev/zero"), folder_.path(), folder_ / "missing"})
    EXPECT_EQ(first_bytes(path, 8), "") << path;
  write_bytes(folder_ / "short", bytes_of("four"));
  EXPECT_EQ(first_bytes(folder_ / "short", 8), "four");
  EXPECT_EQ(first_bytes(folder_ / "short", 2), "fo");
}

}  // namespace
}  // namespace pbgen
