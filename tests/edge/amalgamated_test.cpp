// `make amalgamation`: the library in one file, compiled without a flag of ours, draws the bytes of libpbgen, path by path.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gan/edge/pbgen.h"
#include "tests/support/edge_paths.h"
#include "tests/support/image_files.h"
#include "tests/support/opened_model.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

constexpr std::uint64_t kSeed = 77;
constexpr std::uint64_t kCount = 2;

std::string expected_output(const Bytes& file, int z_dim) {
  std::string out;
  for (const edge::Path path : edge_paths_here()) {
    pbgen_options options{};
    options.path = code_of(path);
    Opened opened(file, &options);
    for (std::uint64_t number = 0; number < kCount; ++number) {
      const Bytes image = opened.image(kSeed, number);
      out.append(image.begin(), image.end());
      out.append(image.begin(), image.end());
    }
  }
  std::vector<float> from(static_cast<std::size_t>(z_dim));
  std::vector<float> to(from.size());
  EXPECT_EQ(pbgen_latent(kSeed, 0, z_dim, from.data()), PBGEN_OK);
  EXPECT_EQ(pbgen_latent(kSeed, 1, z_dim, to.data()), PBGEN_OK);
  EXPECT_EQ(pbgen_walk(PBGEN_WALK_SPHERICAL, from.data(), to.data(), 0.5f, z_dim, to.data()), PBGEN_OK);
  return out.append(reinterpret_cast<const char*>(to.data()), to.size() * sizeof(float));
}

TEST(PbgenAmalgamated, DrawsTheSameBytesByEveryPath) {
  if (!tool_path("amalgamated")) GTEST_SKIP() << "PBGEN_TOOLS names no folder that holds amalgamated; `make test` sets it";
  const TestFolder folder;
  std::vector<NetworkConfig> configs = some_configs();
  configs.push_back(config_of(64, 3, 100, {128, 64, 64, 64}, {}));  // Winograd's algorithm and channels in the lanes, too
  for (const NetworkConfig& config : configs)
    for (const PackedModelOptions& packing : {kFloat, kHalf, kPrepacked}) {
      const Bytes file = model_of(config, packing);
      write_bytes(folder / "model", file);
      std::vector<std::string> arguments = runner_words();
      arguments.insert(arguments.end(), {*tool_path("amalgamated"), folder / "model", std::to_string(kSeed), std::to_string(kCount)});
      const ToolRun result = run_tool_at("/usr/bin/env", arguments, folder.path());
      EXPECT_EQ(result.exit_code, 0) << result.err;
      EXPECT_TRUE(result.out == expected_output(file, config.z_dim)) << config.size << ", " << config.z_dim;
    }
}

}  // namespace
}  // namespace pbgen
