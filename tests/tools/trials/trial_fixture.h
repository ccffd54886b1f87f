// A train_gan of a few lines for the tests of trials.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/output_text.h"
#include "tests/support/refusal.h"
#include "tests/support/signal_state.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/trials/run_trials.h"

namespace pbgen {

inline constexpr const char* kScores =
    R"({"iterations": 40, "training_seconds": 1.5, "session_iterations": 40, "threads": 1, "images_per_second": 100.0,
        "reference": "held-out", "num_images": 16, "repeats": 3, "levels": [
        {"size": 32, "generator": 0.5, "generator_sd": 0.25, "noise_floor": 0.125, "noise_floor_sd": 0.0},
        {"size": 16, "generator": 1.5, "generator_sd": 0.75, "noise_floor": null, "noise_floor_sd": null}],
        "mean": {"generator": 1.0, "generator_sd": 0.5, "noise_floor": 0.25, "noise_floor_sd": 0.0}})";

// A train_gan of a few lines: does what its argument --data says, and notes in `calls` how it was called.
class TrialTest : public testing::Test {
 protected:
  void SetUp() override {
    write_file_atomically(folder_ / "scores", kScores);
    write_file_atomically(program(), concat(R"(#!/bin/sh
echo "$*" >> )", folder_.path(), R"(/calls
while [ $# -gt 0 ]; do case $1 in --out | --resume) folder=$2 ;; --data) action=$2 ;; esac; shift; done
[ -n "$action" ] || action=score
begin() { mkdir -p $folder/checkpoints; echo "$1" > $folder/config.json; : > $folder/checkpoints/00000020.safetensors; }
log() { printf 'iteration,epoch,loss_d,loss_g,d_real,d_fake,img_per_s,swd\n%s,%s,1,2,.5,.2,10,\nhalf a l' $1 $2 > $folder/log.csv; }
score() { log 40 2; cp )", folder_.path(), R"(/scores $folder/scores.json; }
case $action in
  score) score ;;
  slow) sleep 0.3; score ;;
  finish) score; mkdir $folder/../b; cp $folder/trial.json $folder/scores.json $folder/../b ;;
  stubborn) trap '' TERM; log 20 1; while :; do sleep 0.01; done ;;
  diverge) log 30 1.5; echo "train_gan: loss of D at iteration 31 is nan" >&2; exit 5 ;;
  fail) echo "train_gan: nowhere: holds no images" >&2; echo "buffered until the end"; exit 3 ;;
  crash) begin '{"iterations": 40}'; echo "train_gan: half way"; kill -9 $$ ;;
  forget) echo "all is well" ;;
  train) begin '{"iterations": 40}'; log 20 1; trap 'exit 143' TERM; while :; do sleep 0.01; done ;;
  end) begin '{"iterations": null, "epochs": 2.0}'; log 20 2.0; kill -9 $$ ;;
esac
)"));
    std::filesystem::permissions(program(), std::filesystem::perms::owner_all);
    testing::internal::CaptureStderr();  // the progress
  }
  void TearDown() override { testing::internal::GetCapturedStderr(); }

  std::string program() const { return folder_ / "train_gan"; }
  std::string trials() const { return folder_ / "trials"; }
  TrialOptions options(int jobs = 0) const { return {trials(), jobs, program()}; }
  static Trial trial(const std::string& name, const std::string& action) {
    return {name, run_config_of({"--setting", "A", "--iterations", "40", "--data", action})};
  }
  static std::string command(const Trial& trial) {
    return from_any_folder(shell_command(called_tool("train_gan"), to_arguments(trial.config)));
  }
  // How the trials were called, one line each.
  std::vector<std::string> calls() const {
    std::vector<std::string> lines;
    if (!std::filesystem::exists(folder_ / "calls")) return lines;
    const std::string all = text_of(folder_ / "calls");
    for (const std::string_view line : split(all, '\n'))
      if (!line.empty()) lines.emplace_back(line);
    return lines;
  }
  static void expect_error(const std::function<void()>& body, ErrorKind kind, const std::vector<std::string>& words) {
    const std::string message = expect_refusal(kind, "", body);
    for (const std::string& word : words) EXPECT_TRUE(contains(message, word)) << message;
  }

  PlainSignals plain_;
  TestFolder folder_;
};

}  // namespace pbgen
