// One rule for exported models: what the tools read libpbgen reads, with the same pixels, and what one refuses the other does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "gan/packed_model.h"
#include "tests/support/drawn_as_tool.h"
#include "tests/support/mutated_model.h"
#include "tests/support/opened_model.h"

namespace pbgen {
namespace {

// Image 0 of seed 1, or nothing where the file is refused, with the sentence.
struct Verdict {
  std::optional<Bytes> image;
  std::string sentence;
};

Verdict of_the_tools(const Bytes& file) {
  try {
    return {drawn_as_tool(PackedModel::parse(file, "model")), ""};
  } catch (const Error& error) {
    // What holds a value that is not finite, and what is no file of ours.
    EXPECT_TRUE(error.kind() == ErrorKind::model_file || error.kind() == ErrorKind::diverged) << error.what();
    return {std::nullopt, error.what()};
  }
}

Verdict of_libpbgen(const Bytes& file) {
  Opened opened(file);
  if (opened.code != PBGEN_OK) return {std::nullopt, pbgen_error_text(opened.code)};
  return {opened.image(1, 0), ""};
}

TEST(OneVerdict, ToolsAndLibpbgenReadTheSameFiles) {
  flush_denormals();
  const std::vector<NetworkConfig> configs = some_configs();
  const std::vector<Bytes> models = {model_of(configs[0], kFloat), model_of(configs[1], kHalf), model_of(configs[2], kFloat)};
  constexpr int kFiles = 20000;
  int read = 0;
  std::map<std::string, int> refusals;
  for (int i = 0; i < kFiles; ++i) {
    const Bytes file = ModelMutator(static_cast<std::uint64_t>(i)).mutated(models[static_cast<std::size_t>(i) % models.size()]);
    const Verdict tools = of_the_tools(file);
    const Verdict library = of_libpbgen(file);
    ASSERT_EQ(tools.image.has_value(), library.image.has_value())
        << "file " << i << "\ntools: " << tools.sentence << "\nlibpbgen: " << library.sentence << "\n"
        << std::string(file.begin() + 8, file.begin() + static_cast<std::ptrdiff_t>(std::min(data_begin(file), file.size())));
    ASSERT_TRUE(tools.image == library.image) << "file " << i << ": other pixels";
    if (tools.image) ++read;
    else ++refusals[library.sentence];
  }
  // Neither all refused nor all for one reason.
  EXPECT_GT(read, kFiles / 20);
  EXPECT_GE(refusals.size(), 7u);
}

// A value that is not finite has the same code whoever reads it; damage has another.
TEST(OneVerdict, AValueThatIsNotFiniteIsNoDamage) {
  Bytes file = tiny_model();
  const std::size_t digits = checksum_place(file);
  const float infinity = HUGE_VALF;
  std::memcpy(file.data() + data_begin(file) + 64, &infinity, sizeof infinity);
  const auto kind_of = [&] {
    try {
      PackedModel::parse(file, "model");
    } catch (const Error& error) {
      return static_cast<int>(error.kind());
    }
    return 0;
  };
  EXPECT_EQ(kind_of(), static_cast<int>(ErrorKind::model_file));
  repair_checksum(file, digits);
  EXPECT_EQ(kind_of(), static_cast<int>(ErrorKind::diverged));
  EXPECT_EQ(Opened(file).code, PBGEN_NOT_FINITE);
}

}  // namespace
}  // namespace pbgen
