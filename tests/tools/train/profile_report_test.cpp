// The tables of train_gan --profile, and --conv from flag to checkpoint.
#include "tools/lib/train/profile_report.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/base/cpu.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "core/files/safetensors.h"
#include "gan/checkpoint.h"
#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"
#include "tools/lib/runs/find_checkpoint.h"

namespace pbgen {
namespace {

TEST(ProfileReport, ProductsAndEverythingElseAreApart) {
  Profile profile;
  {
    ProfileScope layer("generator.deconv2", "backward");
    ProfileScope product("generator.deconv2", "dw");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  {
    ProfileScope adam("generator", "Adam");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::string text = profile_text(profile, NetworkConfig{}, 8, 8, 1, {1e11, 2e11});
  for (const char* const part : {"generator.deconv2", "dw", "Adam", "GFLOP/s", "of peak", "batch 8"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_LT(text.find(" dw "), text.find("everything else   ")) << text;
  EXPECT_NE(text.find("FMA peak 100.0 GFLOP/s (AVX2), 200.0 (AVX-512)"), std::string::npos) << text;
  EXPECT_EQ(profile_text(profile, NetworkConfig{}, 8, 8, 1, {}).find("FMA"), std::string::npos);
}

class ConvFlag : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"train_gan", "generate"});
    train_ = tool_path("train_gan").value_or("");
    generate_ = tool_path("generate").value_or("");
  }

  ToolRun train(std::vector<std::string> words) {
    for (const char* const word : {"--threads", "1"}) words.emplace_back(word);
    return run_tool_at(train_, words, folder_.path());
  }
  ToolRun begin(const std::string& conv) {
    return train({"--synthetic-images", "64", "--size", "16", "--g-widths", "8,8,8,8", "--d-widths", "8,8,8,8", "--batch", "8",
                  "--iterations", "5", "--sample-every", "0", "--swd-every", "0", "--conv", conv, "--profile", "--out", run_});
  }

  TestFolder folder_;
  std::string run_ = folder_ / "run";
  std::string train_;
  std::string generate_;
};

TEST_F(ConvFlag, ARunKeepsItsAlgorithm) {
  const ToolRun first = begin("im2col");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_NE(first.out.find("generator.deconv1"), std::string::npos) << first.out;
  EXPECT_TRUE(std::filesystem::exists(run_ + "/profile.txt"));
  const auto bytes = read_file(run_ + "/config.json", 1 << 20);
  const Json config = parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, ErrorKind::data, "config.json");
  ASSERT_NE(config.find("conv"), nullptr);
  EXPECT_EQ(*config.find("conv"), Json("im2col"));

  const ToolRun other = train({"--resume", run_, "--iterations", "6", "--conv", "direct"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("conv \"direct\" (checkpoint: \"im2col\")"), std::string::npos) << other.err;
  const ToolRun same = train({"--resume", run_, "--iterations", "6"});
  EXPECT_EQ(same.exit_code, 0) << same.err;
}

TEST_F(ConvFlag, TheAlgorithmDecidesTheRounding) {
  if (!machine_supports(Isa::avx2)) GTEST_SKIP() << "no AVX2";
  const auto checkpoint_of = [&](const std::string& conv) {
    run_ = folder_ / conv;
    EXPECT_EQ(begin(conv).exit_code, 0);
    return read_file(run_ + "/checkpoints/00000005.safetensors", 1 << 24);
  };
  const auto direct = SafetensorsFile::parse(checkpoint_of("direct"), "direct");
  const auto im2col = SafetensorsFile::parse(checkpoint_of("im2col"), "im2col");
  const auto bytes_of = [](const SafetensorsFile& file) {
    const auto bytes = file.find("generator.deconv1.weight")->bytes;
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
  };
  EXPECT_NE(bytes_of(direct), bytes_of(im2col));
}

TEST_F(ConvFlag, ACheckpointOlderThanTheChoiceGoesOnWithEither) {
  ASSERT_EQ(begin("direct").exit_code, 0);
  const std::string path = named_checkpoint(run_);
  const Checkpoint checkpoint = Checkpoint::load(path);
  const Json now = parse_json(checkpoint.note("options"), ErrorKind::data, path);
  Json older = Json::object();
  for (const auto& [key, value] : now.as_object())
    if (key != "conv") older.set(key, value);
  TrainerOptions options;
  options.network = checkpoint.network();
  options.batch = 8;
  Trainer trainer(options);
  checkpoint.restore(trainer);
  write_file_atomically(path, encode_checkpoint(trainer, {{"options", older.text()}, {"data", checkpoint.note("data")}}));
  std::filesystem::remove(run_ + "/config.json");

  const ToolRun resumed = train({"--resume", run_, "--iterations", "6", "--sample-every", "0", "--swd-every", "0", "--conv", "im2col"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
}

TEST_F(ConvFlag, GenerateTakesAny) {
  ASSERT_EQ(begin("direct").exit_code, 0);
  for (const char* const conv : {"direct", "winograd", "im2col", "auto"}) {
    const ToolRun drawn =
        run_tool_at(generate_, {run_, "--n", "8", "--grid", folder_ / (std::string(conv) + ".png"), "--conv", conv}, folder_.path());
    EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  }
  EXPECT_EQ(run_tool_at(generate_, {run_, "--grid", folder_ / "x.png", "--conv", "fastest"}, folder_.path()).exit_code, 2);
}

}  // namespace
}  // namespace pbgen
