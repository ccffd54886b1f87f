// Which checkpoint a user's words mean.
#include "tools/lib/runs/find_checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/base/check.h"
#include "core/files/file.h"
#include "gan/checkpoint.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"
#include "tests/support/small_checkpoint.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

class ResumeTest : public testing::Test {
 protected:
  ResumeTest() : before_(fs::current_path()) { fs::current_path(folder_.path()); }
  ~ResumeTest() override { fs::current_path(before_); }

  static void expect_refused(const std::string& resume) {
    expect_refusal(ErrorKind::usage, resume, [&] { find_resume_point(resume, "", "H-dcgan-16"); });
  }
  static void expect_point(const ResumePoint& point, const std::string& checkpoint, const std::string& run_path) {
    EXPECT_EQ(point.checkpoint, checkpoint);
    EXPECT_EQ(point.run_path, run_path);
  }

  TestFolder folder_;
  fs::path before_;
};

TEST_F(ResumeTest, ARunsFolderMeansItsNewestGoodCheckpoint) {
  write_small_checkpoint("run/checkpoints/00000010.safetensors");
  write_small_checkpoint("run/checkpoints/00000020.safetensors");
  write_bytes("run/checkpoints/00000030.safetensors", bytes_of("half a chec"));
  testing::internal::CaptureStderr();
  expect_point(find_resume_point("run", "", "any"), "run/checkpoints/00000020.safetensors", "run");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("run/checkpoints/00000030.safetensors"), std::string::npos);
}

TEST_F(ResumeTest, WhatCannotBeReadIsNoReasonToTakeAnOlderCheckpointOrToBeginAnew) {
  const auto expect_unreadable = [](const std::string& resume, const std::string& what) {
    expect_refusal(ErrorKind::input_output, what, [&] { find_resume_point(resume, "run", "any"); });
  };
  write_small_checkpoint("run/checkpoints/00000010.safetensors");
  // A link to itself, which nobody can read, not even root.
  fs::create_symlink("00000020.safetensors", "run/checkpoints/00000020.safetensors");
  for (const char* const resume : {"auto", "run"}) expect_unreadable(resume, "run/checkpoints/00000020.safetensors");
  fs::remove_all("run/checkpoints");
  fs::create_symlink("checkpoints", "run/checkpoints");
  for (const char* const resume : {"auto", "run"}) expect_unreadable(resume, "run/checkpoints");
}

TEST_F(ResumeTest, AFileMeansItselfAndItsRunWhereItLiesInOne) {
  write_small_checkpoint("run/checkpoints/00000010.safetensors");
  write_small_checkpoint("elsewhere/best.safetensors");
  expect_point(find_resume_point("run/checkpoints/00000010.safetensors", "", "any"), "run/checkpoints/00000010.safetensors", "run");
  expect_point(find_resume_point("elsewhere/best.safetensors", "", "any"), "elsewhere/best.safetensors", "");
  fs::current_path("run");
  expect_point(find_resume_point("checkpoints/00000010.safetensors", "", "any"), "checkpoints/00000010.safetensors", ".");
}

TEST_F(ResumeTest, AutoMeansOutOrTheNewestRunAndFindingNothingIsFine) {
  expect_point(find_resume_point("auto", "", "H-dcgan-16"), "", "");
  expect_point(find_resume_point("auto", "mine", "H-dcgan-16"), "", "mine");
  write_small_checkpoint("runs/H-dcgan-16-002/checkpoints/00000010.safetensors");
  write_small_checkpoint("mine/checkpoints/00000040.safetensors");
  expect_point(find_resume_point("auto", "", "H-dcgan-16"), "runs/H-dcgan-16-002/checkpoints/00000010.safetensors", "runs/H-dcgan-16-002");
  expect_point(find_resume_point("auto", "", "A-dcgan-16"), "", "");
  expect_point(find_resume_point("auto", "mine", "H-dcgan-16"), "mine/checkpoints/00000040.safetensors", "mine");
}

TEST_F(ResumeTest, WhatIsNamedMustBeThere) {
  fs::create_directories("empty/checkpoints");
  expect_refused("missing");
  expect_refused("missing/checkpoints/00000010.safetensors");
  expect_refused("empty");
}

}  // namespace
}  // namespace pbgen
