// The layer table for people, and what is said about its signs.
#include "tools/lib/layer_report.h"

#include <gtest/gtest.h>

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

bool contains(const std::string& text, const std::string& word) { return text.find(word) != std::string::npos; }

TEST(LayerReport, ShowsThePapersRedundanciesAndSumsOfEachNetwork) {
  NetworkConfig config;
  config.binarized = parse_setting("F");
  const Table table = layer_report(config);
  ASSERT_EQ(table.rows.size(), 12u);
  const std::vector<std::string> redundancies = {"99", "496", "192", "-128", "-960", "-", "11", "1472", "2944", "5888", "-", "-"};
  const std::vector<std::string> bits = {"32", "1", "1", "1", "32", "", "32", "32", "32", "32", "32", ""};
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    EXPECT_EQ(table.cell(row, 5), redundancies[row]) << row;
    EXPECT_EQ(table.cell(row, 6), bits[row]) << row;
    const std::int64_t of_row = std::stoll(std::string(table.cell(row, 7)));
    const std::int64_t bytes_of_row = std::stoll(std::string(table.cell(row, 8)));
    if (table.cell(row, 1) == "total") {
      EXPECT_EQ(of_row, parameters);
      EXPECT_EQ(bytes_of_row, bytes);
      parameters = bytes = 0;
    } else {
      parameters += of_row;
      bytes += bytes_of_row;
    }
  }
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
