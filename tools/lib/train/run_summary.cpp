#include "tools/lib/train/run_summary.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/files/file.h"
#include "data/formats/image_io.h"
#include "gan/settings.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/images/nearest_images.h"
#include "tools/lib/model/layer_report.h"
#include "tools/lib/train/numerical_path.h"
#include "tools/lib/train/run_config_text.h"

namespace pbgen {
namespace {

constexpr int kNeighbourSamples = 6;
constexpr int kNeighboursEach = 3;
constexpr std::size_t kMostGrids = 8;
constexpr std::int64_t kMaxGridBytes = std::int64_t{1} << 26;

std::string verdict(const RunSummary& summary) {
  if (!summary.scores) return "Nothing was scored (--swd-every 0).";
  const double mean = summary.scores->generator.mean.mean;
  std::string text = concat("After ", summary.iterations, " iterations the generator is at a mean sliced Wasserstein distance of ",
                            fixed_text(mean, 4), " from ",
                            summary.data.held_out.empty() ? "the training images" : "images that it never saw", ", ",
                            fixed_text(mean / summary.scores->untrained.mean.mean, 2), " times the untrained generator's");
  if (const std::optional<Score>& floor = summary.scores->noise_floor)
    text = concat(text, "; two sets of real images are ", fixed_text(floor->mean.mean, 4), " apart (the noise floor)");
  return concat(text, ".");
}

void add_curves(const RunSummary& summary, RunReport& report) {
  for (const LogRow& row : summary.rows) {
    report.iteration.push_back(static_cast<double>(row.iteration));
    report.loss_d.push_back(row.loss_d);
    report.loss_g.push_back(row.loss_g);
    report.d_real.push_back(row.d_real);
    report.d_fake.push_back(row.d_fake);
    if (!row.swd) continue;
    report.swd_iteration.push_back(static_cast<double>(row.iteration));
    report.swd.push_back(*row.swd);
  }
  if (!summary.scores) return;
  if (summary.scores->noise_floor) report.swd_noise_floor = summary.scores->noise_floor->mean.mean;
  report.swd_untrained = summary.scores->untrained.mean.mean;
}

void add_grids(const RunSummary& summary, RunReport& report) {
  auto grids = summary.folder.samples();
  std::erase_if(grids, [&](const auto& grid) { return grid.first > summary.iterations; });
  for (const std::size_t i : evenly_spread(grids.size(), kMostGrids))
    report.grids.push_back({concat("iteration ", grids[i].first), read_file(grids[i].second, kMaxGridBytes)});
}

void add_neighbours(const RunSummary& summary, RunReport& report) {
  const ImageSet& samples = summary.samples;
  const std::int64_t count = std::min<std::int64_t>(kNeighbourSamples, samples.count());
  if (count == 0) return;
  const auto png = [](std::span<const std::uint8_t> pixels, const ImageSet& set) {
    return encode_png(pixels, set.size(), set.size(), set.channels());
  };
  const std::span<const std::uint8_t> queries(samples.image(0).data(), static_cast<std::size_t>(count * samples.bytes_per_image()));
  const auto nearest = nearest_images(summary.data.images, summary.data.train, queries, kNeighboursEach);
  for (std::int64_t i = 0; i < count; ++i) {
    NearestNeighbours& entry = report.neighbours.emplace_back();
    entry.sample = {concat("sample ", i), png(samples.image(i), samples)};
    for (const Neighbour& neighbour : nearest[static_cast<std::size_t>(i)])
      entry.nearest.push_back({fixed_text(neighbour.distance, 1), png(summary.data.images.image(neighbour.image), summary.data.images)});
  }
  report.neighbours_note = "Root mean square difference of pixels, in grey levels from 0 to 255, over all training images.";
}

// Real images of this sitting's discriminator updates.
double images_per_second(const RunSummary& summary) {
  const std::int64_t images = summary.session_iterations * images_per_iteration(summary.plan.config);
  return static_cast<double>(images) / std::max(summary.training_seconds, 1e-9);
}

// The comparisons that there are, by their names in scores.json, at a level or, where it is none of them, in the mean.
Json estimates(const FinalScores& scores, std::size_t level) {
  Json object = Json::object();
  const bool of_level = level < scores.generator.sizes.size();
  const auto add = [&](const std::string& name, const Score& score) {
    const Estimate& value = level < score.levels.size() ? score.levels[level] : score.mean;
    object.set(name, value.mean);
    object.set(name + "_sd", value.sd);
    if (!of_level) object.set(name + "_lattice", score.lattice);
  };
  if (of_level) object.set("size", scores.generator.sizes[level]);
  if (level < scores.generator.constant.size()) {
    object.set("constant_reference", scores.generator.constant[level].a);
    object.set("constant_generator", scores.generator.constant[level].b);
  }
  add("generator", scores.generator);
  if (scores.training) add("training", *scores.training);
  if (scores.noise_floor) add("noise_floor", *scores.noise_floor);
  add("untrained", scores.untrained);
  return object;
}

}  // namespace

std::vector<ScoreColumn> score_columns(const FinalScores& scores, const TrainingData& data) {
  std::vector<ScoreColumn> columns = {{data.held_out.empty() ? "training" : "held-out", scores.generator}};
  if (scores.training) columns.push_back({"training", *scores.training});
  if (scores.noise_floor) columns.push_back({"noise floor", *scores.noise_floor});
  columns.push_back({"untrained", scores.untrained});
  return columns;
}

Json scores_json(const RunSummary& summary) {
  Json object = Json::object();
  object.set("iterations", summary.iterations);
  object.set("training_seconds", summary.training_seconds);
  object.set("session_iterations", summary.session_iterations);
  object.set("threads", thread_count());
  object.set("images_per_second", images_per_second(summary));
  if (!summary.scores) return object;
  const Score& generator = summary.scores->generator;
  object.set("reference", summary.data.held_out.empty() ? "training" : "held-out");
  object.set("num_images", generator.num_images);
  object.set("repeats", generator.repeats);
  Json levels = Json::array();
  for (std::size_t level = 0; level < generator.sizes.size(); ++level) levels.push_back(estimates(*summary.scores, level));
  object.set("levels", std::move(levels));
  object.set("mean", estimates(*summary.scores, generator.sizes.size()));
  return object;
}

RunReport run_report(const RunSummary& summary) {
  const RunConfig& config = summary.plan.config;
  const TrainerOptions& trainer = config.trainer;
  RunReport report;
  report.title = concat("Setting ", setting_name(summary.network.binarized), ", ", loss_name(trainer.loss), ", ", summary.network.size, "x",
                        summary.network.size);
  report.verdict = verdict(summary);
  report.facts = {
      {"Images", summary.data.summary},
      {"Training, held out", concat(summary.data.train.size(), ", ", summary.data.held_out.size())},
      {"Iterations",
       concat(summary.iterations, " of ", trainer.d_steps > 1 ? concat(trainer.d_steps, " batches of ") : "batch ", trainer.batch)},
      {"Training time",
       concat(format_duration(summary.training_seconds), " for ", summary.session_iterations,
              " iterations, sampling and scoring excluded")},
      {"Images a second", fixed_text(images_per_second(summary), 1)},
      {"Machine", concat(cpu_name(), ", ", thread_count(), thread_count() == 1 ? " thread, " : " threads, ",
                         path_text(config, summary.plan.former_paths))},
  };
  report.warnings = summary.warnings;
  report.command = summary.plan.command;
  report.repeating_command =
      from_any_folder(shell_command(called_tool("train_gan"), {"--config", summary.folder.config_path()}));
  for (const auto& [key, value] : to_json(config).as_object())
    if (!value.is_null()) report.config.emplace_back(key, value.is_string() ? value.as_string() : value.text());
  if (summary.scores) report.swd_table = score_table(score_columns(*summary.scores, summary.data));
  report.loss = loss_name(trainer.loss);
  add_curves(summary, report);
  add_grids(summary, report);
  add_neighbours(summary, report);
  for (NetworkLayers& network : layers_by_network(layer_table(summary.network)))
    report.layers.emplace_back(std::move(network.network), std::move(network.layers));
  report.remarks = redundancy_remarks(summary.network);
  return report;
}

}  // namespace pbgen
