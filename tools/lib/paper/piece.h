// A piece of the paper that can be made again: a table or a few figures, one sub-command of ./tools/paper.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/lib/cli/text_table.h"
#include "tools/lib/html/html.h"
#include "tools/lib/html/line_chart.h"
#include "tools/lib/paper/claim.h"
#include "tools/lib/paper/experiment.h"

namespace pbgen {

// Where a piece leaves its files, OUT/<piece>/, and its part of the report.
class PieceFolder {
 public:
  // Makes the folder.  Error(input_output).
  PieceFolder(const Experiment& experiment, std::string_view piece);

  // The part of report.html, begun with the piece's title by the caller of make.
  Html& page() { return page_; }
  // OUT/<piece>/<name>.
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Writes <name>.csv.
  void csv(std::string_view name, const Table& table) const;
  // What an earlier make wrote as <name>.csv; a table without header where there is none.
  Table read_csv(std::string_view name) const;
  // Writes <name>.svg and puts it on the page.
  void chart(std::string_view name, const std::string& svg, std::string_view caption);
  // Shows a sample grid, a PNG file, on the page.
  void picture(const std::string& file, std::string_view caption);
  // Writes <name>.csv and shows the table on the page.
  void table(std::string_view name, const Table& table);
  // The same of claims; each is one of the piece's verdicts.
  void claims(std::string_view name, const std::vector<Claim>& claims);
  // Adds a verdict: a claim, what was found, and what that says of it.
  void verdict(std::string claim, std::string here, Verdict verdict);

  // What was judged: claim, verdict, here.  The report opens with those of all pieces.
  const Table& verdicts() const { return verdicts_; }

 private:
  std::string path_;
  Html page_;
  Table verdicts_{{"claim", "verdict", "here"}, {}};
};

struct Piece {
  std::string_view command;  // "settings"
  std::string_view title;    // in the report
  std::string_view summary;  // in the help: one sentence with its end
  bool in_all_at_laptop = true;
  // What it needs trained; null: nothing.
  std::vector<Trial> (*trials)(const Experiment& experiment) = nullptr;
  // Writes its files and its part of the report.  What took long is read again from its CSV where that is there.
  void (*make)(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) = nullptr;
};

// In the order of the paper; the report has the same.
std::span<const Piece* const> pieces();

// Each in the file of its name: kSavingsPiece in savings_piece.cpp.
extern const Piece kBinarizationErrorPiece;  // Fig. 2
extern const Piece kRedundancyPiece;         // Tables I and II, Fig. 3
extern const Piece kSavingsPiece;            // Table IV, eq. (3), Fig. 12
extern const Piece kSettingsPiece;           // Table III, Fig. 5, 6, 9, 10, 11, 16
extern const Piece kChannelsPiece;           // Fig. 7 and 8
extern const Piece kCompetitionPiece;        // Fig. 13 to 15
extern const Piece kExhaustivePiece;         // all 16 generator settings, with and without the discriminator
extern const Piece kLinearLayerPiece;        // beyond the paper: layer 0
extern const Piece kDiscriminatorLayersPiece;  // beyond the paper: which of the discriminator's layers
extern const Piece kDeconvScalePiece;        // the authors' scale
extern const Piece kRecipePiece;             // --bwn xnor
extern const Piece kSamplingPiece;           // --bn-calibrate and --ema
extern const Piece kEdgePiece;               // exported files
extern const Piece kWganPiece;               // --loss wgan

}  // namespace pbgen
