// Where the tools write, what their names promise, and that nothing is overwritten or spoilt: by one process or by two at once.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/base/check.h"
#include "core/files/folder_lock.h"
#include "core/files/json.h"
#include "data/formats/image_io.h"
#include "gan/expanded_generator.h"
#include "gan/packed_model.h"
#include "tests/support/image_files.h"
#include "tests/support/output_text.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

const Arguments kNothingHeldOut = kTiny + Arguments{"--holdout", "0"};

class OutputFiles : public testing::Test {
 protected:
  OutputFiles() : before_(fs::current_path()) {}
  ~OutputFiles() override { fs::current_path(before_); }
  void SetUp() override {
    skip_without({"train_gan", "generate", "export", "make_faces"});
    if (IsSkipped()) return;
    folder_of_tools_ = fs::path(*tool_path("train_gan")).parent_path().string() + "/";
    fs::create_directories(folder_ / "output");
    fs::current_path(folder_.path());
  }

  ToolRun run(const std::string& tool, const Arguments& arguments) const {
    return run_tool_at(folder_of_tools_ + tool, arguments, folder_ / "output");
  }
  // A process that goes on until it is waited for or killed.  It says what it says to output/`name`.
  pid_t start(const std::string& tool, const Arguments& arguments, const std::string& name) const {
    Arguments words = {folder_of_tools_ + tool};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const std::string file = folder_ / ("output/" + name);
    const pid_t child = fork();
    if (child != 0) return child;
    if (std::freopen(file.c_str(), "w", stdout) == nullptr || dup2(STDOUT_FILENO, STDERR_FILENO) < 0) _exit(99);
    execv(pointers[0], pointers.data());
    _exit(98);
  }
  static int wait_for(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  static void wait_until_there(const std::string& path) {
    for (int i = 0; i < 30000 && !fs::exists(path); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_TRUE(fs::exists(path)) << path;
  }
  static void expect_says(const ToolRun& result, int code, const std::string& words) {
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
  }
  static bool is_jpeg(const std::string& path) { return text_of(path).starts_with("\xff\xd8\xff"); }
  static bool is_png(const std::string& path) { return text_of(path).starts_with("\x89PNG"); }

  TestFolder folder_;
  fs::path before_;
  std::string folder_of_tools_;
};

TEST_F(OutputFiles, AFolderWhereARunLivesIsRefused) {
  const Arguments endless = kNothingHeldOut + Arguments{"--iterations", "1000000", "--checkpoint-every", "1", "--out", "run"};
  const pid_t first = start("train_gan", endless, "first");
  wait_until_there("run/checkpoints/00000001.safetensors");
  const std::string holder = concat("process ", first, " on ");
  expect_says(run("train_gan", kNothingHeldOut + Arguments{"--iterations", "2", "--out", "run"}), 2, holder);
  expect_says(run("train_gan", kNothingHeldOut + Arguments{"--iterations", "2", "--out", "run", "--force"}), 2, holder);
  expect_says(run("train_gan", {"--resume", "auto", "--out", "run"}), 2, holder);
  expect_says(run("train_gan", {"--resume", "run"}), 2, holder);
  // It reads only.
  EXPECT_EQ(run("train_gan", {"--resume", "run", "--dry-run"}).exit_code, 0);
  EXPECT_EQ(run("generate", {"run", "--n", "1", "--grid", "one.png"}).exit_code, 0);
  kill(first, SIGKILL);
  EXPECT_EQ(wait_for(first), 128 + SIGKILL);
  write_bytes("run/samples/00000009.png.partial-pbgen", bytes_of("half"));
  write_bytes("run/checkpoints/00000009.safetensors.partial-123", bytes_of("half"));
  write_bytes("run/log.csv.partial-pbgen", bytes_of("half"));
  std::int64_t last = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator("run/checkpoints"))
    last = std::max<std::int64_t>(last, std::atoll(entry.path().filename().c_str()));
  const ToolRun resumed = run("train_gan", {"--resume", "run", "--iterations", concat(last + 2)});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator("run"))
    EXPECT_EQ(entry.path().string().find(".partial"), std::string::npos) << entry.path();
  EXPECT_FALSE(fs::exists("run/.pbgen.lock"));
}

TEST_F(OutputFiles, OfTwoRunsThatBeginTogetherInOneFolderOneIsRefused) {
  const Arguments arguments = kNothingHeldOut + Arguments{"--iterations", "20", "--out", "run"};
  const pid_t first = start("train_gan", arguments, "first");
  const pid_t second = start("train_gan", arguments, "second");
  std::vector<int> codes = {wait_for(first), wait_for(second)};
  std::sort(codes.begin(), codes.end());
  EXPECT_EQ(codes, (std::vector<int>{0, 2})) << text_of("output/first") << text_of("output/second");
  EXPECT_TRUE(fs::exists("run/scores.json"));
}

TEST_F(OutputFiles, RunsWithoutOutThatBeginTogetherGetFoldersOfTheirOwn) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(start("train_gan", kNothingHeldOut + Arguments{"--iterations", "3"}, concat(i)));
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  const auto runs = std::distance(fs::directory_iterator("runs"), fs::directory_iterator());
  EXPECT_EQ(runs, 4);
}

TEST_F(OutputFiles, ARunThatIsRefusedLeavesNoFolder) {
  expect_says(run("train_gan", kNothingHeldOut + Arguments{"--data", "missing"}), 3, "missing");
  EXPECT_FALSE(fs::exists("runs") && !fs::is_empty("runs"));
}

TEST_F(OutputFiles, ResumeAutoSaysThatItBeginsAnewAndWhere) {
  const Arguments automatic = kNothingHeldOut + Arguments{"--iterations", "2", "--resume", "auto"};
  const ToolRun named = run("train_gan", automatic + Arguments{"--out", "mine"});
  expect_says(named, 0, "--resume auto: no usable checkpoint in mine; a new run begins in mine\n");
  const ToolRun numbered = run("train_gan", automatic);
  EXPECT_EQ(numbered.exit_code, 0) << numbered.err;
  const std::string folder = fs::directory_iterator("runs")->path().string();
  EXPECT_NE(numbered.err.find(concat("-NNN; a new run begins in ", folder, "\n")), std::string::npos) << numbered.err;
  const ToolRun found = run("train_gan", Arguments{"--resume", "auto", "--out", "mine", "--iterations", "3"});
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_EQ(found.err.find("auto"), std::string::npos) << found.err;
  // What is no run of ours is not begun in unasked.
  write_bytes("theirs/config.json", bytes_of("{}"));
  expect_says(run("train_gan", automatic + Arguments{"--out", "theirs"}), 2, "theirs: is not empty");
  EXPECT_EQ(text_of("theirs/config.json"), "{}");
}

TEST_F(OutputFiles, ResumingIntoAnotherRunsFolderIsRefused) {
  ASSERT_EQ(run("train_gan", kNothingHeldOut + Arguments{"--iterations", "2", "--out", "one"}).exit_code, 0);
  ASSERT_EQ(run("train_gan", kNothingHeldOut + Arguments{"--iterations", "3", "--out", "two"}).exit_code, 0);
  const std::string log = text_of("two/log.csv");
  const Arguments resume = {"--resume", "one", "--iterations", "4", "--out"};
  expect_says(run("train_gan", resume + Arguments{"two"}), 2, "two: is not empty");
  EXPECT_EQ(text_of("two/log.csv"), log);
  EXPECT_EQ(run("train_gan", resume + Arguments{"three"}).exit_code, 0);
  EXPECT_EQ(run("train_gan", resume + Arguments{"two", "--force"}).exit_code, 0);
  EXPECT_EQ(run("train_gan", resume + Arguments{"./one"}).exit_code, 0);
}

TEST_F(OutputFiles, PicturesAreWhatTheirNamesSay) {
  const Arguments command = {"--n", "2", "--size", "16", "--out", "faces", "--force", "--grid"};
  for (const char* const name : {"a.png", "b.jpg", "c.JPEG"}) EXPECT_EQ(run("make_faces", command + Arguments{name}).exit_code, 0) << name;
  for (const char* const name : {"d.webp", "e", "f.png.txt", "g.bmp"})
    expect_says(run("make_faces", command + Arguments{name}), 2, concat("--grid ", name, ": its name says no format"));
  EXPECT_TRUE(is_png("a.png"));
  EXPECT_TRUE(is_jpeg("b.jpg"));
  EXPECT_TRUE(is_jpeg("c.JPEG"));
  EXPECT_EQ(read_image("b.jpg").image.width, read_image("a.png").image.width);
  write_bytes(folder_ / "mine.png", bytes_of("mine"));
  expect_says(run("make_faces", {"--n", "2", "--size", "16", "--out", "more", "--grid", "mine.png"}), 2, "mine.png exists");
  EXPECT_EQ(text_of("mine.png"), "mine");
  EXPECT_FALSE(fs::exists("more")) << "refused before the work";
}

TEST_F(OutputFiles, WithoutNamesTheyLieBesideTheRun) {
  ASSERT_EQ(run("train_gan", kNothingHeldOut + Arguments{"--iterations", "2", "--out", "run"}).exit_code, 0);
  ToolRun result = run("generate", {"run", "--n", "4"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "run/00000002-grid-1.png\n");
  EXPECT_TRUE(is_png("run/00000002-grid-1.png"));
  expect_says(run("generate", {"run", "--n", "4"}), 2, "run/00000002-grid-1.png exists");
  EXPECT_EQ(run("generate", {"run", "--n", "4", "--force"}).exit_code, 0);
  result = run("generate", {"run/checkpoints/00000002.safetensors", "--n", "65", "--seed", "7"});
  EXPECT_EQ(result.out, "run/00000002-images-7\n");
  EXPECT_TRUE(is_png("run/00000002-images-7/image_000064.png"));
  expect_says(run("generate", {"run", "--n", "65", "--seed", "7"}), 2, "run/00000002-images-7 is not empty");

  result = run("export", {"run"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("run/00000002.pbgen: ")) << result.out;
  EXPECT_EQ(PackedModel::load("run/00000002.pbgen").network().size, 16);
  expect_says(run("export", {"run"}), 2, "run/00000002.pbgen exists");
  EXPECT_EQ(run("export", {"run", "--linear-precision", "half"}).exit_code, 0);
  EXPECT_TRUE(fs::exists("run/00000002-half.pbgen"));
  EXPECT_EQ(run("export", {"run", "--to", "npz"}).exit_code, 0);
  EXPECT_TRUE(is_expanded_generator("run/00000002-weights.npz"));

  fs::create_directory("elsewhere");
  fs::copy_file("run/checkpoints/00000002.safetensors", "elsewhere/best.safetensors");
  EXPECT_EQ(run("export", {"elsewhere/best.safetensors", "--to", "safetensors"}).exit_code, 0);
  EXPECT_TRUE(is_expanded_generator("elsewhere/best-weights.safetensors"));
  EXPECT_EQ(run("generate", {"run/00000002.pbgen", "--n", "4", "--seed", "3"}).out, "run/00000002-grid-3.png\n");
}

TEST_F(OutputFiles, ModelsAreWhatTheirNamesSay) {
  ASSERT_EQ(run("train_gan", kNothingHeldOut + Arguments{"--iterations", "1", "--out", "run"}).exit_code, 0);
  EXPECT_EQ(run("export", {"run", "-o", "a.npz"}).exit_code, 0);
  EXPECT_TRUE(text_of("a.npz").starts_with("PK"));
  EXPECT_EQ(run("export", {"run", "-o", "b.safetensors"}).exit_code, 0);
  EXPECT_TRUE(is_expanded_generator("b.safetensors"));
  EXPECT_EQ(run("export", {"run", "-o", "c.pbgen"}).exit_code, 0);
  EXPECT_EQ(PackedModel::load("c.pbgen").network().size, 16);
  expect_says(run("export", {"run", "-o", "m.pt"}), 2, "--out m.pt");
  expect_says(run("export", {"run", "-o", "m.npz", "--to", "packed"}), 2, "--out m.npz says another format than --to packed");
  expect_says(run("export", {"run", "-o", "m.pbgen", "--to", "safetensors"}), 2, ".safetensors");
  for (const char* const name : {"m.pt", "m.npz", "m.pbgen"}) EXPECT_FALSE(fs::exists(name)) << name;
}

// Killed in the midst of its work, at many moments: what has a final name is whole, and the next command cleans up.
TEST_F(OutputFiles, AKilledWriterOfPicturesLeavesNoBrokenOnes) {
  const Arguments faces = {"--n", "600", "--size", "32", "--out", "faces", "--force"};
  for (int moment = 0; moment < 12; ++moment) {
    const pid_t child = start("make_faces", faces, "killed");
    std::this_thread::sleep_for(std::chrono::milliseconds(10 + 25 * moment));
    kill(child, SIGKILL);
    wait_for(child);
    if (!fs::exists("faces")) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator("faces")) {
      if (entry.path().extension() != ".png") continue;
      EXPECT_NO_THROW(read_image(entry.path().string())) << entry.path();
    }
  }
  fs::create_directories("faces");
  write_bytes("faces/face_000599.png.partial-pbgen", bytes_of("half"));
  EXPECT_EQ(run("make_faces", faces).exit_code, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator("faces"), fs::directory_iterator()), 600);
}

TEST_F(OutputFiles, AFolderOfPicturesHasOneWriter) {
  const FolderLock lock(folder_ / "faces");
  expect_says(run("make_faces", {"--n", "1", "--out", "faces", "--force"}), 2, concat("process ", getpid(), " on "));
}

}  // namespace
}  // namespace pbgen
