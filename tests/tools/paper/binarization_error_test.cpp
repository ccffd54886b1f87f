// Fig. 2's piece: its rows are the metric's means, what is there is not computed again, and its words follow from its rows.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/files/file.h"
#include "metrics/binarization_error.h"
#include "tests/support/image_files.h"
#include "tools/lib/cli/csv.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/piece.h"

namespace pbgen {
namespace {

constexpr const char* kCsv = "binarization_error";
constexpr int kDraws = 10;  // at smoke

struct Made {
  Table table;
  std::string page;
};

Made make_piece(const TestFolder& folder, Scale scale = Scale::smoke) {
  Experiment experiment;
  experiment.scale = scale;
  experiment.out = folder.path();
  PieceFolder piece(experiment, kBinarizationErrorPiece.command);
  testing::internal::CaptureStderr();  // the progress
  kBinarizationErrorPiece.make(experiment, TrialBook(), piece);
  static_cast<void>(testing::internal::GetCapturedStderr());
  return {piece.read_csv(kCsv), piece.page().markup()};
}

void write_table(const TestFolder& folder, const Table& table) {
  write_file_atomically(folder / concat(kBinarizationErrorPiece.command, "/", kCsv, ".csv"), csv_text(table));
}

TEST(PaperBinarizationError, RowsAreTheMeansOfTheMetric) {
  const TestFolder folder;
  const Made made = make_piece(folder);
  ASSERT_EQ(made.table.rows.size(), 3u * 11u * 3u);  // constructions, c_i = 4 .. 14, rules
  double sum = 0.0;
  double squares = 0.0;
  double relative = 0.0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const BinarizationError error = binarization_error(draw_column(ColumnConstruction::rectified, 20, 9, 1, draw));
    sum += error.best_scale.distance;
    squares += error.best_scale.distance * error.best_scale.distance;
    relative += error.best_scale.distance / error.output_norm;
  }
  const double mean = sum / kDraws;
  const double standard_error = std::sqrt((squares - kDraws * mean * mean) / (kDraws - 1) / kDraws);
  const std::vector<std::string> expected{"rectified",  "9",          "-11", "10", "1",
                                          "best signs", "best scale", fixed_text(mean, 6), fixed_text(standard_error, 6),
                                          fixed_text(relative / kDraws, 6)};
  int found = 0;
  for (const std::vector<std::string>& row : made.table.rows) {
    if (row[0] != "rectified" || row[1] != "9" || row[6] != "best scale") continue;
    ++found;
    EXPECT_EQ(std::vector<std::string>(row.begin(), row.begin() + 10), expected);
  }
  EXPECT_EQ(found, 1);
  for (const char* const chart : {"gaussian-distance", "gaussian-relative", "rectified-distance", "desired-output-relative"})
    EXPECT_TRUE(std::filesystem::exists(folder / concat("binarization-error/", chart, ".svg"))) << chart;
}

TEST(PaperBinarizationError, GoesOnWhereItStopped) {
  const TestFolder folder;
  const Made whole = make_piece(folder);
  Table part = whole.table;
  part.rows[0][7] = "123.000000";                   // kept: it is not computed again
  part.rows[4][8] = "half a li";                    // not a number: computed again
  part.rows[6][3] = "9";                            // other draws
  part.rows[9][4] = "2";                            // another seed
  part.rows[12].pop_back();                         // cut off
  part.rows.resize(40);
  write_table(folder, part);
  const Made again = make_piece(folder);
  Table expected = whole.table;
  expected.rows[0][7] = "123.000000";
  EXPECT_EQ(again.table.rows, expected.rows);

  write_table(folder, {{"something", "else"}, {{"1", "2"}}});
  EXPECT_EQ(make_piece(folder).table.rows, whole.table.rows);
}

// All 25 values of c_i, made up: what the piece says of them is known.
TEST(PaperBinarizationError, WordsFollowFromTheRows) {
  const TestFolder folder;
  Table table = make_piece(folder).table;
  table.rows.clear();
  for (const char* const construction : {"gaussian", "rectified", "desired-output"}) {
    for (int c_in = 4; c_in <= 28; ++c_in) {
      for (const auto& [signs, scale] : std::vector<std::pair<std::string, std::string>>{
               {"sign of k", "mean |k|"}, {"best signs", "mean |k|"}, {"best signs", "best scale"}}) {
        // Distances rise up to redundancy 0 and fall behind it, but for gaussian layers, whose slope is within its error.
        const double distance = std::string(construction) == "gaussian" ? 5.0 + 0.001 * c_in : 30.0 - std::abs(c_in - 20);
        const double relative = 1.0 - 0.01 * c_in;
        table.rows.push_back({construction, std::to_string(c_in), std::to_string(c_in - 20), "50", "1", signs, scale,
                              fixed_text(distance, 6), "0.100000", fixed_text(relative, 6), "0.001000"});
      }
    }
  }
  write_table(folder, table);
  const Made made = make_piece(folder, Scale::laptop);
  EXPECT_EQ(made.table.rows, table.rows);
  EXPECT_NE(made.page.find("Here 0 of 9 curves of the distance do, and 9 of 9 of the distance relative"), std::string::npos);
  EXPECT_NE(made.page.find("falls in 6 of 6 curves of the best signs and in 3 of 3 of the weights"), std::string::npos);
  EXPECT_NE(made.page.find("gaussian. Distance, redundancy -16 to 0: no trend, 5.00 to 5.02; redundancy 0 to 8: no trend, 5.02 to 5.03. "
                           "Relative distance, redundancy -16 to 0: falls, 0.960 to 0.800; redundancy 0 to 8: falls, 0.800 to 0.720."),
            std::string::npos);
  EXPECT_NE(made.page.find("desired-output. Distance, redundancy -16 to 0: rises, 14.00 to 30.00; "
                           "redundancy 0 to 8: falls, 30.00 to 22.00."),
            std::string::npos);
}

}  // namespace
}  // namespace pbgen
