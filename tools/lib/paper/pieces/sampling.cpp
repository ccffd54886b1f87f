// Beyond the paper: how images are drawn from a trained generator. One run each, whose checkpoint holds the weights as they were
// trained and their running average, scored with each and with moving or exact statistics of batch normalisation: the training is
// the same to the bit.
#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <optional>

#include "core/base/check.h"
#include "data/formats/image_io.h"
#include "data/image_grid.h"
#include "gan/sampler.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/model/sample_images.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/resolution_chart.h"
#include "tools/lib/paper/trial_scorer.h"
#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

constexpr std::string_view kLetters = "AFH";
constexpr std::int64_t kGridImages = 64;
constexpr int kGridColumns = 8;

struct Way {
  bool averaged = false;
  bool exact = false;
};
constexpr std::array<Way, 4> kWays{{{false, false}, {true, false}, {false, true}, {true, true}}};

const char* weights_word(const Way& way) { return way.averaged ? "averaged" : "as trained"; }
const char* statistics_word(const Way& way) { return way.exact ? "exact" : "moving"; }

Trial sampling_trial(const Experiment& experiment, const std::string& letter) {
  return marked_trial(experiment, letter, "ema", [](RunConfig& config) { config.trainer.ema_decay = 0.999; });
}

std::vector<Trial> sampling_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : wanted_settings(experiment, kLetters)) trials.push_back(sampling_trial(experiment, letter));
  return trials;
}

// One way to draw from one run.
struct Scored {
  std::string letter;
  Way way;
  std::string key;             // of the checkpoint and of how it was scored
  std::vector<double> levels;  // finest first
  double mean = 0.0;
  double sd = 0.0;             // over other patches and directions
};

std::string grid_name(const std::string& letter, const Way& way) {
  return concat(letter, "_", way.averaged ? "averaged" : "trained", "_", statistics_word(way), ".png");
}

// The figure of a row that an earlier make wrote, or NaN.
double cell_value(const Table& table, std::size_t row, std::string_view column) {
  double value = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < table.header.size(); ++i)
    if (table.header[i] == column) static_cast<void>(parse_value(table.cell(row, i), value));
  return value;
}

std::optional<Scored> known_score(const Table& known, const std::string& letter, const Way& way, const std::string& key,
                                  const std::vector<int>& sizes) {
  const std::array<std::string_view, 4> wanted{letter, weights_word(way), statistics_word(way), key};
  for (std::size_t row = 0; row < known.rows.size(); ++row) {
    bool found = true;
    for (std::size_t column = 0; column < wanted.size(); ++column) found = found && known.cell(row, column) == wanted[column];
    if (!found) continue;
    Scored scored{letter, way, key, {}, cell_value(known, row, "swd"), cell_value(known, row, "swd_sd")};
    for (const int size : sizes) scored.levels.push_back(cell_value(known, row, concat("swd_", size)));
    return scored;
  }
  return std::nullopt;
}

Table score_rows(const std::vector<Scored>& all, const std::vector<int>& sizes) {
  Table table{{"setting", "weights", "statistics", "checkpoint"}, {}};
  for (const int size : sizes) table.header.push_back(concat("swd_", size));
  table.header.insert(table.header.end(), {"swd", "swd_sd"});
  for (const Scored& scored : all) {
    std::vector<std::string>& cells = table.rows.emplace_back();
    cells = {scored.letter, weights_word(scored.way), statistics_word(scored.way), scored.key};
    for (const double level : scored.levels) cells.push_back(value_text(level));
    cells.push_back(value_text(scored.mean));
    cells.push_back(value_text(scored.sd));
  }
  return table;
}

// Draws and scores in one way.
Scored score_way(const TrialScorer& scorer, const TrialResult& trial, const std::string& letter, const Way& way, const std::string& key,
                 const std::string& grid_path) {
  const Checkpoint& checkpoint = scorer.checkpoint();
  if (!checkpoint.has_average())
    fail(ErrorKind::model_file, trial.checkpoint(), ": holds no averaged generator, though its run had --ema");
  Sampler sampler(checkpoint.network(), way.averaged ? checkpoint.generator() : checkpoint.raw_generator());
  if (way.exact) scorer.calibrate(sampler);
  const ImageSet images = sample_images(sampler, scorer.latents().data(), trial.num_images);
  write_png(grid_path, image_grid(images, std::min(kGridImages, images.count()), kGridColumns));
  const Score result = scorer.score(images);
  Scored scored{letter, way, key, {}, result.mean.mean, result.mean.sd};
  for (const Estimate& level : result.levels) scored.levels.push_back(level.mean);
  return scored;
}

// All four ways, from scores.csv where it knows this checkpoint.
std::vector<Scored> score_run(const std::string& letter, const TrialResult& trial, const Table& known, const PieceFolder& folder) {
  const std::string key = scored_checkpoint_key(trial);
  std::optional<TrialScorer> scorer;
  std::vector<Scored> all;
  for (const Way& way : kWays) {
    const std::string grid = folder.path(grid_name(letter, way));
    std::optional<Scored> scored = known_score(known, letter, way, key, trial.sizes);
    if (!scored || !std::filesystem::exists(grid)) {
      if (!scorer) scorer.emplace(trial);
      scored = score_way(*scorer, trial, letter, way, key, grid);
    }
    all.push_back(std::move(*scored));
  }
  return all;
}

Table page_table(const std::vector<Scored>& all, const std::vector<int>& sizes) {
  Table table{{"setting", "weights", "statistics"}, {}};
  for (const int size : sizes) table.header.push_back(concat("SWD ", size));
  table.header.insert(table.header.end(), {"mean", "sd", "times the first"});
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<std::string>& cells = table.rows.emplace_back();
    cells = {all[i].letter, weights_word(all[i].way), statistics_word(all[i].way)};
    for (const double level : all[i].levels) cells.push_back(figure_text(level, 4));
    cells.push_back(figure_text(all[i].mean, 4));
    cells.push_back(figure_text(all[i].sd, 4));
    cells.push_back(figure_text(all[i].mean / all[i - i % kWays.size()].mean, 2));
  }
  return table;
}

std::string verdict(const std::vector<Scored>& all) {
  std::string text;
  for (std::size_t first = 0; first + kWays.size() <= all.size(); first += kWays.size()) {
    const double base = all[first].mean;
    const auto times = [&](std::size_t way) { return times_text(all[first + way].mean / base); };
    text += concat("Under ", all[first].letter, " the average of the weights alone has ", times(1), " the SWD, exact statistics alone ",
                   times(2), ", both ", times(3), ". ");
  }
  return text;
}

void make_sampling(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  folder.page().paragraph(
      "Two ways to draw better images from the same training, neither in the paper: a running average of the generator's weights (--ema "
      "0.999; of one-bit layers the floats behind the bits are averaged, then the signs are taken), and exact statistics for batch "
      "normalisation, measured on fresh batches (--bn-calibrate), in place of moving ones, which lag behind one-bit weights that flip.");
  const Table known = folder.read_csv("scores");
  std::vector<Scored> all;
  std::vector<int> sizes;
  std::string diverged;
  for (const std::string& letter : wanted_settings(experiment, kLetters)) {
    const TrialResult& trial = trials.at(sampling_trial(experiment, letter));
    if (trial.diverged) {
      diverged += concat("Setting ", letter, " diverged: ", trial.failure, " ");
      continue;
    }
    sizes = trial.sizes;
    for (Scored& scored : score_run(letter, trial, known, folder)) all.push_back(std::move(scored));
    folder.csv("scores", score_rows(all, sizes));
  }
  folder.page().paragraph(diverged, "warning");
  folder.page().paragraph(verdict(all), "verdict");
  if (all.empty()) return;
  folder.page().paragraph(
      "One run each. Within a run the four are drawn from the same latent vectors and judged by the same images, patches and directions, "
      "so that they differ in nothing else; sd is what other patches and directions change. Every other page draws with exact statistics "
      "and without an average.",
      "note");
  folder.page().table(page_table(all, sizes));
  std::vector<ResolutionCurve> curves;
  for (const Scored& scored : all)
    curves.push_back({concat(scored.letter, ", ", weights_word(scored.way), ", ", statistics_word(scored.way)), scored.levels});
  folder.chart("by_resolution", resolution_chart(curves, sizes, "SWD by resolution", true), "On a logarithmic axis; one run each.");
  folder.page().begin_group("grids");
  for (const Scored& scored : all)
    folder.picture(folder.path(grid_name(scored.letter, scored.way)),
                   concat(scored.letter, ", weights ", weights_word(scored.way), ", ", statistics_word(scored.way), " statistics"));
  folder.page().end_group();
}

}  // namespace

const Piece kSamplingPiece{
    .command = "sampling",
    .title = "Beyond the paper: averaged weights and exact statistics",
    .summary = "one run of A, F and H each, drawn from in four ways: --ema and --bn-calibrate on and off.",
    .trials = sampling_trials,
    .make = make_sampling,
};

}  // namespace pbgen
