// Tables: alignment, widths in UTF-8, which columns count as numbers.
#include "tools/lib/cli/text_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace pbgen {
namespace {

TEST(TextTable, NumbersAlignRightAndWordsLeft) {
  const Table table{{"layer", "c_i - s_i", "shape"}, {{"deconv1", "496", "512x256x5x5"}, {"deconv4", "-960", "64x3x5x5"}}};
  EXPECT_EQ(text_table(table),
            "layer    c_i - s_i  shape\n"
            "-------------------------------\n"
            "deconv1        496  512x256x5x5\n"
            "deconv4       -960  64x3x5x5\n");
}

TEST(TextTable, MissingCellsAreEmptyAndLeaveNoTrailingSpaces) {
  EXPECT_EQ(text_table({{"a", "n"}, {{"x"}, {"yy", "10"}}}),
            "a    n\n"
            "------\n"
            "x\n"
            "yy  10\n");
}

TEST(TextTable, WidthsCountCharactersNotBytes) {
  EXPECT_EQ(text_width("Größe"), 5);
  EXPECT_EQ(text_table({{"Größe", "b"}, {{"x", "y"}}}),
            "Größe  b\n"
            "--------\n"
            "x      y\n");
}

TEST(TextTable, NumbersMayHaveUnitsSeparatorsAndExponents) {
  const Table numbers{{"n"}, {{"-128"}, {"1,024"}, {"0.044"}, {"2.83x"}, {"12 MB"}, {"1e-05"}, {"2.5e+07"}, {"nan"}, {"-"}, {""}, {"91%"}}};
  EXPECT_TRUE(numbers.is_numeric(0));
  for (const char* text : {"5x5", "conv1", "2024-01-02", "info", "1 of 2", "-x", "0.1 +- 0.2"}) {
    EXPECT_FALSE((Table{{"n"}, {{"1"}, {text}}}).is_numeric(0)) << text;
  }
  EXPECT_FALSE((Table{{"n"}, {{"-"}, {""}}}).is_numeric(0)) << "a column without a number";
}

TEST(TextTable, RowsLongerThanTheHeaderAreRefused) { EXPECT_THROW(text_table({{"a"}, {{"1", "2"}}}), std::logic_error); }

const Table& wide_table() {
  static const Table table{{"network", "layer", "multiply-adds", "D(real) - D(fake)", "kind"}, {{"G", "deconv1", "12", "0.5", "x"}}, 2};
  return table;
}

TEST(TextTable, HeadersBreakWhereTheTableIsTooWide) {
  const std::string whole = text_table(wide_table());
  const auto width = static_cast<std::int64_t>(whole.find('\n'));
  EXPECT_EQ(text_table(wide_table(), width), whole) << "it fits as it is";
  EXPECT_EQ(text_table(wide_table(), width - 1),
            "                  multiply-  D(real) -\n"
            "network  layer         adds    D(fake)  kind\n"
            "--------------------------------------------\n"
            "G        deconv1         12        0.5  x\n");
}

TEST(TextTable, LabelsAreRepeatedWhereItIsCut) {
  EXPECT_EQ(text_table(wide_table(), 38),
            "                  multiply-  D(real) -\n"
            "network  layer         adds    D(fake)\n"
            "--------------------------------------\n"
            "G        deconv1         12        0.5\n"
            "\n"
            "network  layer    kind\n"
            "----------------------\n"
            "G        deconv1  x\n");
  const std::string narrowest = text_table(wide_table(), 1);
  EXPECT_EQ(std::count(narrowest.begin(), narrowest.end(), 'G'), 3) << "a column each";
}

TEST(TextTable, ATableOfLabelsAloneIsWhole) {
  const Table table{{"a", "b"}, {{"long words", "more words"}}, 5};
  EXPECT_EQ(text_table(table, 4), text_table(table));
}

TEST(TextTable, NothingComesOfNoHeader) { EXPECT_EQ(text_table({}), ""); }

}  // namespace
}  // namespace pbgen
