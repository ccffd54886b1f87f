// What layers cost, and eq. (3) under each way of counting, to the digits of the paper's networks.
#include "gan/accounting.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

NetworkConfig paper_network(const char* setting) {
  NetworkConfig config;
  config.binarized = parse_setting(setting);
  return config;
}

// "30.93 1.941 1.320", as the figures are printed.
std::string digits(const Saving& saving) {
  return fixed_text(saving.memory, 2) + " " + fixed_text(saving.inference, 3) + " " + fixed_text(saving.training, 3);
}

LayerRow layer(LayerKind kind, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel, std::int64_t stride, std::int64_t height,
               std::int64_t width) {
  LayerRow row;
  row.kind = kind;
  row.c_in = c_in;
  row.c_out = c_out;
  row.kernel_height = row.kernel_width = kernel;
  row.stride = stride;
  row.height_in = height;
  row.width_in = width;
  return row.with_same_padding();
}

std::vector<std::string> ordered_names(const NetworkConfig& config, bool with_linear) {
  const std::vector<LayerRow> rows = layer_table(config);
  std::vector<std::string> names;
  for (const std::size_t i : redundancy_order(rows, with_linear))
    if (rows[i].network == "generator") names.push_back(rows[i].name);
  return names;
}

TEST(Accounting, EquationThreeOfSettingFUnderEachCounting) {
  const std::vector<Counting> countings = generator_countings(paper_network("F"));
  ASSERT_EQ(countings.size(), 3u);
  EXPECT_EQ(digits(countings[0].saving), "30.93 1.941 1.320");  // the deconvolutions
  EXPECT_EQ(digits(countings[1].saving), "5.35 1.932 1.318");   // with the linear layer in float
  EXPECT_EQ(digits(countings[2].saving), "31.10 1.941 1.320");  // with it in one bit
  EXPECT_EQ(digits(generator_countings(figure_4_network())[1].saving), "8.63 1.965 1.325");
}

TEST(Accounting, TheLinearLayersOwnSettingDoesNotChangeTheCountings) {
  NetworkConfig config = paper_network("F");
  config.binarized.generator = {0, 1, 2, 3};
  const std::vector<Counting> with = generator_countings(config);
  const std::vector<Counting> without = generator_countings(paper_network("F"));
  for (std::size_t i = 0; i < with.size(); ++i) EXPECT_EQ(digits(with[i].saving), digits(without[i].saving)) << i;
}

TEST(Accounting, NothingBinarizedSavesNothingAndAllSavesTheWholeRatio) {
  EXPECT_EQ(digits(generator_countings(paper_network("A"))[0].saving), "1.00 1.000 1.000");
  EXPECT_EQ(digits(generator_countings(paper_network("G"))[0].saving), "32.00 2.000 1.333");
}

TEST(Accounting, EquationThreeOfTwoLayersByHand) {
  // 2 x 3 x 9 = 54 one-bit weights at 20 pixels, 3 x 4 x 1 = 12 float ones at 80.
  std::vector<LayerRow> rows = {layer(LayerKind::deconv, 2, 3, 3, 2, 4, 5), layer(LayerKind::deconv, 3, 4, 1, 1, 8, 10)};
  rows[0].binarized = true;
  const Saving result = saving(rows);
  EXPECT_DOUBLE_EQ(result.memory, 32.0 * 66 / (54 + 32 * 12));
  EXPECT_DOUBLE_EQ(result.inference, 2.0 * (1080 + 960) / (1080 + 2 * 960));
  EXPECT_DOUBLE_EQ(result.training, 2.0 / (1.0 + 1.0 / result.inference));
}

TEST(Accounting, EachKindCountsInItsOwnWay) {
  const LayerRow deconv = layer(LayerKind::deconv, 7, 3, 4, 3, 2, 5);
  EXPECT_EQ(deconv.height_out, 6);
  EXPECT_EQ(deconv.width_out, 15);
  EXPECT_EQ(deconv.redundancy(), 7 - 10);
  EXPECT_EQ(deconv.weights(), 7 * 3 * 16);
  EXPECT_EQ(deconv.multiply_adds(), 7 * 3 * 16 * 10);

  const LayerRow conv = layer(LayerKind::conv, 7, 3, 4, 3, 5, 9);
  EXPECT_EQ(conv.height_out, 2);  // 5 / 3, rounded up
  EXPECT_EQ(conv.width_out, 3);
  EXPECT_EQ(conv.redundancy(), 16 * 7 - 3);
  EXPECT_EQ(conv.weights(), 7 * 3 * 16);
  EXPECT_EQ(conv.multiply_adds(), 7 * 3 * 16 * 6);

  LayerRow linear = layer(LayerKind::linear, 7, 3, 1, 1, 2, 5);
  linear.height_out = 4;
  linear = linear.with_same_padding();
  EXPECT_EQ(linear.height_out, 4);
  EXPECT_EQ(linear.redundancy(), 7 * 10 - 1);
  EXPECT_EQ(linear.weights(), 7 * 10 * 3 * 4);
  EXPECT_EQ(linear.multiply_adds(), linear.weights());
}

TEST(Accounting, BytesAreBitsRoundedUpAndScales) {
  LayerRow row = layer(LayerKind::deconv, 3, 5, 3, 2, 4, 4);  // 135 weights
  row.other_parameters = 5;
  EXPECT_EQ(row.bytes(), 4 * 135 + 4 * 5);
  row.binarized = true;
  EXPECT_EQ(row.bytes(), 17 + 4 * 5 + 4 * 5);
}

TEST(Accounting, TheOrderIsAlgorithmOnes) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(ordered_names(NetworkConfig{}, false), (Names{"deconv1", "deconv2", "deconv3", "deconv4"}));
  EXPECT_EQ(ordered_names(NetworkConfig{}, true), (Names{"deconv1", "deconv2", "linear", "deconv3", "deconv4"}));
  NetworkConfig config;  // 16, 80 and 240 channels at 16, 64 and 256 pixels: 0, 16, -16
  config.g_widths = {16, 80, 240, 1024};
  EXPECT_EQ(ordered_names(config, false), (Names{"deconv2", "deconv1", "deconv4", "deconv3"}));  // deconv1 and deconv4 are both 0
}

TEST(Accounting, TheDiscriminatorsLinearLayerIsNeverInTheOrder) {
  const std::vector<LayerRow> rows = layer_table(NetworkConfig{});
  for (const std::size_t i : redundancy_order(rows, true)) EXPECT_NE(rows[i].network + rows[i].name, "discriminatorlinear");
  EXPECT_EQ(redundancy_order(rows, true).size(), rows.size() - 1);
}

}  // namespace
}  // namespace pbgen
