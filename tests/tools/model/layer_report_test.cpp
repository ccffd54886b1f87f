// The layer table for people, and what is said about its signs.
#include "tests/support/contains.h"
#include "tools/lib/model/layer_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace pbgen {
namespace {

std::string all(const std::vector<std::string>& remarks) {
  std::string text;
  for (const std::string& remark : remarks) text += remark + "\n";
  return text;
}

std::string cell(const Table& table, std::size_t row, const std::string& column) {
  const auto found = std::find(table.header.begin(), table.header.end(), column);
  EXPECT_NE(found, table.header.end()) << column;
  return std::string(table.cell(row, static_cast<std::size_t>(found - table.header.begin())));
}

// The number in "52,428,800".
std::int64_t number(std::string text) {
  std::erase(text, ',');
  return std::stoll(text);
}

TEST(LayerReport, ShowsThePapersRedundanciesAndSumsOfEachNetwork) {
  NetworkConfig config;
  config.binarized = parse_setting("F");
  const Table table = layer_report(layer_table(config));
  ASSERT_EQ(table.rows.size(), 12u);
  const std::vector<std::string> redundancies = {"99", "496", "192", "-128", "-960", "", "11", "1472", "2944", "5888", "-", ""};
  const std::vector<std::string> bits = {"32", "1", "1", "1", "32", "", "32", "32", "32", "32", "32", ""};
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  const std::vector<std::string> order = {"-", "1", "2", "3", "4", "", "4", "3", "2", "1", "-", ""};
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    EXPECT_EQ(cell(table, row, "redundancy"), redundancies[row]) << row;
    EXPECT_EQ(cell(table, row, "order"), order[row]) << row;
    EXPECT_EQ(cell(table, row, "bits"), bits[row]) << row;
    const std::int64_t of_row = number(cell(table, row, "parameters"));
    const std::int64_t bytes_of_row = number(cell(table, row, "bytes"));
    if (cell(table, row, "layer") == "total") {
      EXPECT_EQ(of_row, parameters);
      EXPECT_EQ(bytes_of_row, bytes);
      parameters = bytes = 0;
    } else {
      parameters += of_row;
      bytes += bytes_of_row;
    }
  }
}

TEST(LayerReport, LayersOfAFileHaveNoNetworkAndRoomForOtherSides) {
  LayerRow row;
  row.name = "up";
  row.c_in = 12;
  row.c_out = 6;
  row.kernel_height = 3;
  row.kernel_width = 5;
  row.stride = 3;
  row.height_in = 2;
  row.width_in = 7;
  const Table table = layer_report({row.with_same_padding()});
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.header.front(), "layer");
  EXPECT_EQ(cell(table, 0, "in"), "12x2x7");
  EXPECT_EQ(cell(table, 0, "out"), "6x6x21");
  EXPECT_EQ(cell(table, 0, "kernel"), "3x5/3");
  EXPECT_EQ(cell(table, 0, "redundancy"), "-2");
  EXPECT_EQ(cell(table, 0, "multiply-adds"), "15,120");  // 12 x 6 x 15 weights at 14 pixels
}

TEST(LayerReport, TheOrderOfRedundancyIsASentenceForEachNetwork) {
  const std::vector<std::string> remarks = order_remarks(layer_table(NetworkConfig{}));
  ASSERT_EQ(remarks.size(), 2u);
  EXPECT_EQ(remarks[0],
            "Order of redundancy, generator: deconv1 496, deconv2 192, deconv3 -128, deconv4 -960. Positive: deconv1, deconv2.");
  EXPECT_EQ(remarks[1],
            "Order of redundancy, discriminator: conv4 5888, conv3 2944, conv2 1472, conv1 11. Positive: conv4, conv3, conv2, conv1.");
  EXPECT_TRUE(contains(order_remarks(layer_table(NetworkConfig{}), true)[0], "deconv2 192, linear 99, deconv3 -128"));
}

TEST(LayerReport, SignsLikeThePapersNeedOneSentence) {
  const std::vector<std::string> remarks = redundancy_remarks(NetworkConfig{});
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_TRUE(contains(remarks[0], "496, 192, -128, -960")) << remarks[0];
  EXPECT_TRUE(contains(remarks[0], "11, 1472, 2944, 5888")) << remarks[0];
}

TEST(LayerReport, EveryOtherSignIsNamedWithBothFigures) {
  NetworkConfig config;
  config.g_widths = NetworkConfig::generator_widths(16);  // 128, 64, 32, 16 channels
  config.binarized = parse_setting("F");
  const std::vector<std::string> remarks = redundancy_remarks(config);
  ASSERT_EQ(remarks.size(), 2u) << all(remarks);
  EXPECT_TRUE(contains(remarks[0], "generator deconv2: redundancy 0 is zero, the paper's 192 is positive")) << remarks[0];
  EXPECT_TRUE(contains(remarks[0], "binarized all the same")) << remarks[0];
}

TEST(LayerReport, TheDiscriminatorIsComparedToo) {
  NetworkConfig config;
  config.channels = 1;  // 25 - 64
  const std::string remarks = all(redundancy_remarks(config));
  EXPECT_TRUE(contains(remarks, "discriminator conv1: redundancy -39 is negative, the paper's 11 is positive\n")) << remarks;
}

}  // namespace
}  // namespace pbgen
