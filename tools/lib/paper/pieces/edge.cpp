// Beyond the paper: the file that a device gets. Exports trained generators and scores what the files draw: what the linear layer in
// half precision costs, and what it costs in one bit, where the whole file falls below what the paper promises for the deconvolutions.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>

#include "core/base/check.h"
#include "data/image_grid.h"
#include "data/formats/image_io.h"
#include "gan/accounting.h"
#include "gan/folded_generator.h"
#include "gan/packed_model.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/html/line_chart.h"
#include "tools/lib/model/trained_generator.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/trial_scorer.h"
#include "tools/lib/paper/trial_table.h"
#include "tools/lib/trials/verdict.h"

namespace pbgen {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kGridImages = 64;
constexpr int kGridColumns = 8;

struct Form {
  const char* label;
  const char* mark;  // in names of files
  LayerSet layers;
  PackedModelOptions packing;
};
const Form kForms[] = {
    {"A, all in float", "A", {}, {}},
    {"F, linear layer in float", "F", {1, 2, 3}, {}},
    {"F, linear layer in half precision", "F-half", {1, 2, 3}, {LinearPrecision::half}},
    {"layers 0 to 3 in one bit", "0123", {0, 1, 2, 3}, {}},
};
const Form& kReference = kForms[1];
const Form& kHalf = kForms[2];
const Form& kOneBit = kForms[3];

// A's and F's where the experiment trains them.
bool is_trained(const Experiment& experiment, const Form& form) {
  const std::string name = setting_name({form.layers, {}});
  return name.size() != 1 || experiment.has_setting(name);
}

std::vector<Trial> edge_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const Form& form : kForms)
    for (int seed = 1; seed <= experiment.seeds && is_trained(experiment, form); ++seed) {
      const Trial trial = trial_of(experiment, {form.layers, {}}, seed);
      if (std::find(trials.begin(), trials.end(), trial) == trials.end()) trials.push_back(trial);
    }
  return trials;
}

std::string grid_name(const Form& form, int seed) { return concat(form.mark, "-seed", seed, ".png"); }

NetworkConfig with_layers(NetworkConfig network, LayerSet layers) {
  network.binarized = {layers, {}};
  return network;
}

// One exported file: what it draws.
struct ExportedScore {
  double swd = kNan;
  double swd_sd = kNan;           // over other patches and directions
  double largest_difference = 0;  // of its images' bytes from those of the same checkpoint's file with nothing in half precision
  double differing_percent = 0;   // of those bytes
};

const std::vector<std::string> kScoreColumns{"form", "seed",   "checkpoint",         "file_bytes",
                                             "swd",  "swd_sd", "largest_difference", "differing_percent"};

std::vector<std::string> score_row(const Form& form, int seed, const std::string& key, std::int64_t bytes, const ExportedScore& score) {
  return {form.label,        concat(seed),          key,
          concat(bytes),     value_text(score.swd), value_text(score.swd_sd), value_text(score.largest_difference),
          value_text(score.differing_percent)};
}

std::optional<ExportedScore> known_score(const Table& known, const Form& form, int seed, const std::string& key) {
  if (known.header != kScoreColumns) return std::nullopt;
  for (std::size_t row = 0; row < known.rows.size(); ++row) {
    if (known.cell(row, 0) != form.label || known.cell(row, 1) != concat(seed) || known.cell(row, 2) != key) continue;
    ExportedScore score;
    double* const values[] = {&score.swd, &score.swd_sd, &score.largest_difference, &score.differing_percent};
    bool whole = true;
    for (std::size_t i = 0; i < std::size(values); ++i) whole = parse_value(known.cell(row, 4 + i), *values[i]).empty() && whole;
    if (whole) return score;
  }
  return std::nullopt;
}

// What an earlier make knew stays known where this one is stopped half-way.
Table with_rows_of(Table files, const Table& known) {
  if (known.header == files.header) files.rows.insert(files.rows.end(), known.rows.begin(), known.rows.end());
  return files;
}

void compare_images(const ImageSet& images, const ImageSet& reference, ExportedScore& score) {
  std::int64_t differing = 0;
  for (std::int64_t i = 0; i < images.count(); ++i) {
    const std::span<const std::uint8_t> ours = images.image(i);
    const std::span<const std::uint8_t> theirs = reference.image(i);
    for (std::size_t at = 0; at < ours.size(); ++at) {
      const int difference = std::abs(int{ours[at]} - int{theirs[at]});
      differing += difference != 0;
      score.largest_difference = std::max(score.largest_difference, static_cast<double>(difference));
    }
  }
  score.differing_percent = 100.0 * static_cast<double>(differing) / static_cast<double>(images.count() * images.bytes_per_image());
}

// Exports one trial's checkpoint in the forms that hold its layers, and scores the files.
class Exporter {
 public:
  Exporter(const TrialResult& trial, const PieceFolder& folder) : trial_(trial), folder_(folder), scorer_(trial) {}

  ExportedScore run(const Form& form, int seed) {
    const ImageSet images = draw(form, seed);
    write_png(folder_.path(grid_name(form, seed)), image_grid(images, std::min(kGridImages, images.count()), kGridColumns));
    const Score result = scorer_.score(images);
    ExportedScore score{result.mean.mean, result.mean.sd};
    if (form.packing.linear == LinearPrecision::half) compare_images(images, draw(kReference, seed), score);
    return score;
  }

 private:
  ImageSet draw(const Form& form, int seed) {
    const NetworkConfig& network = scorer_.checkpoint().network();
    Sampler sampler(network, scorer_.checkpoint().generator());
    scorer_.calibrate(sampler);
    const std::string path = folder_.path(concat(form.mark, "-seed", seed, ".pbgen"));
    save_packed_model(path, fold_generator(sampler.network(), network), form.packing);
    return TrainedGenerator(path).draw(scorer_.latents().data(), trial_.num_images);
  }

  const TrialResult& trial_;
  const PieceFolder& folder_;
  TrialScorer scorer_;
};

struct FormScores {
  const Form* form;
  std::vector<double> swd;  // of each seed; NaN where it diverged
  Sample sample() const { return sample_of(swd); }
  double largest_difference = 0;
  double differing_percent = 0;  // the largest of the seeds'
};

// Each form of each seed, from files.csv where it knows the checkpoint.
std::vector<FormScores> score_forms(const Experiment& experiment, const TrialBook& trials, const PieceFolder& folder) {
  const Table known = folder.read_csv("files");
  Table files{kScoreColumns, {}};
  std::vector<FormScores> all;
  for (const Form& form : kForms) {
    if (!is_trained(experiment, form)) continue;
    FormScores& scores = all.emplace_back(FormScores{&form, {}});
    const std::int64_t bytes = packed_model_bytes(with_layers(experiment.network(), form.layers), form.packing);
    for (int seed = 1; seed <= experiment.seeds; ++seed) {
      const TrialResult& trial = trials.at(trial_of(experiment, {form.layers, {}}, seed));
      if (trial.diverged) {
        scores.swd.push_back(kNan);
        continue;
      }
      const std::string key = scored_checkpoint_key(trial);
      std::optional<ExportedScore> score = known_score(known, form, seed, key);
      const bool was_known = score && std::filesystem::exists(folder.path(grid_name(form, seed)));
      if (!was_known) score = Exporter(trial, folder).run(form, seed);
      scores.swd.push_back(score->swd);
      scores.largest_difference = std::max(scores.largest_difference, score->largest_difference);
      scores.differing_percent = std::max(scores.differing_percent, score->differing_percent);
      files.rows.push_back(score_row(form, seed, key, bytes, *score));
      if (!was_known) folder.csv("files", with_rows_of(files, known));
    }
  }
  folder.csv("files", files);
  return all;
}

const FormScores* find(const std::vector<FormScores>& all, const Form& form) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const FormScores& scores) { return scores.form == &form; });
  return found == all.end() ? nullptr : &*found;
}

double ratio_of(const NetworkConfig& network, const Form& form) {
  return static_cast<double>(packed_model_bytes(with_layers(network, {}))) /
         static_cast<double>(packed_model_bytes(with_layers(network, form.layers), form.packing));
}

Table form_table(const Experiment& experiment, const std::vector<FormScores>& all) {
  const FormScores* const reference = find(all, kReference);
  Table table;
  table.header = {"exported file", "bytes", "smaller", "at the paper's width", "smaller at that width", "SWD",
                  "sd over seeds", "times F's"};
  for (const FormScores& scores : all) {
    const Form& form = *scores.form;
    const Sample sample = scores.sample();
    table.rows.push_back({form.label, value_text(packed_model_bytes(with_layers(experiment.network(), form.layers), form.packing)),
                          concat(fixed_text(ratio_of(experiment.network(), form), 2), "x"),
                          value_text(packed_model_bytes(with_layers(NetworkConfig{}, form.layers), form.packing)),
                          concat(fixed_text(ratio_of(NetworkConfig{}, form), 2), "x"), figure_text(sample.mean, 4),
                          sample.n < 2 ? "-" : figure_text(sample.sd, 4),
                          reference == nullptr ? "-" : figure_text(sample.mean / reference->sample().mean, 3)});
  }
  return table;
}

std::string form_chart(const Experiment& experiment, const std::vector<FormScores>& all) {
  ChartOptions options;
  options.title = "SWD against the file's bytes";
  options.x_label = "bytes of the exported file";
  options.y_label = "SWD";
  options.log_x = true;
  std::vector<Series> points;
  for (const FormScores& scores : all) {
    const Form& form = *scores.form;
    const Sample sample = scores.sample();
    const std::int64_t bytes = packed_model_bytes(with_layers(experiment.network(), form.layers), form.packing);
    points.push_back({form.mark, {static_cast<double>(bytes)}, {sample.mean}, {sample.n < 2 ? kNan : sample.sd}});
  }
  return line_chart(points, options);
}

std::string half_verdict(const FormScores& half, const FormScores& reference) {
  const double mean = reference.sample().mean;
  if (!std::isfinite(mean)) return "";
  double largest = 0.0;  // change of SWD
  for (std::size_t seed = 0; seed < half.swd.size(); ++seed)
    if (std::isfinite(half.swd[seed])) largest = std::max(largest, std::fabs(half.swd[seed] - reference.swd[seed]));
  std::string text = "The linear layer in half precision does not change the SWD";
  if (largest > 0.0) {
    text = concat("The linear layer in half precision changes the SWD, ", figure_text(mean, 4), ", by at most one part in ",
                  fixed_text(std::floor(mean / largest), 0));
  }
  return concat(text, ": ", fixed_text(half.differing_percent, 2), "% of the images' bytes differ, by at most ",
                fixed_text(half.largest_difference, 0), " of 255. ");
}

// The spread is that of single runs: where one more run of F would lie.
std::string one_bit_verdict(const FormScores& one_bit, const FormScores& reference) {
  const Sample ours = one_bit.sample();
  const Sample theirs = reference.sample();
  const Comparison comparison = compare(ours, theirs);
  const Verdict worse = is_higher(comparison);
  if (worse == Verdict::no_figure) return "In one bit: no figure, since all runs of one of the two diverged. ";
  std::string text = concat("In one bit it has ", ratio_text(comparison), " F's SWD (difference ", difference_text(comparison),
                            "); that it is worse: ", verdict_text(worse));
  if (theirs.n < 2) return text + ". ";
  const bool inside = std::fabs(comparison.difference) <= theirs.sd;
  return text + concat(". The mean, ", figure_text(ours.mean, 4), ", lies ",
                       inside ? "inside" : comparison.difference < 0.0 ? "below" : "above", " what single runs of F spread over, ",
                       figure_text(theirs.mean, 4), " +- ", figure_text(theirs.sd, 4), " (one standard deviation, ", theirs.n, " seeds). ");
}

std::string verdict(const std::vector<FormScores>& all) {
  const FormScores* const reference = find(all, kReference);
  if (reference == nullptr) return "Setting F was not trained: there is nothing to compare with.";
  const double ratio = ratio_of(NetworkConfig{}, kOneBit);
  return half_verdict(*find(all, kHalf), *reference) + one_bit_verdict(*find(all, kOneBit), *reference) +
         concat("At the paper's width the whole file is then ", fixed_text(ratio, 2),
                " times smaller than in float, where the paper counts ", fixed_text(kPrintedSaving.memory, 2), " times.");
}

std::string diverged_note(const std::vector<FormScores>& all) {
  std::string text;
  for (const FormScores& scores : all)
    if (const int without = scores.sample().without; without > 0)
      text += concat(without, " of ", scores.swd.size(), " runs of \"", scores.form->label, "\" diverged. ");
  return text;
}

void make_edge(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  folder.page().paragraph(
      "The paper's 25.81 times less memory count weights. What counts on a device is the file, and of that the float linear layer is "
      "most, once the deconvolutions are in one bit. Here each trained generator is exported (./tools/export) with its linear layer in "
      "float, in half precision and, trained so, in one bit; the files themselves then draw the images that are scored.");
  const std::vector<FormScores> all = score_forms(experiment, trials, folder);
  folder.page().paragraph(diverged_note(all), "warning");
  folder.page().paragraph(verdict(all), "verdict");
  folder.table("forms", form_table(experiment, all));
  folder.chart("bytes", form_chart(experiment, all), "On a logarithmic axis; bars: one standard deviation over the seeds.");
  folder.page().paragraph(
      concat(experiment.seeds, experiment.seeds == 1 ? " seed each: an observation, no verdict." : " seeds each.",
             " One seed's files draw from the same latent vectors and are judged by the same images, patches and directions; exact "
             "statistics of batch normalisation are folded in. A file's size depends on the network alone."),
      "note");
  folder.page().begin_group("grids");
  for (const FormScores& scores : all)
    if (const std::string grid = folder.path(grid_name(*scores.form, 1)); std::filesystem::exists(grid))
      folder.picture(grid, concat(scores.form->label, ", seed 1"));
  folder.page().end_group();
}

}  // namespace

const Piece kEdgePiece{
    .command = "edge",
    .title = "Beyond the paper: the exported file, its linear layer in half precision and in one bit",
    .summary = "exported files of A, F and layers 0 to 3: bytes, and the distance of what they draw.",
    .trials = edge_trials,
    .make = make_edge,
};

}  // namespace pbgen
