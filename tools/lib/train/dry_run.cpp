#include "tools/lib/train/dry_run.h"

#include <cstdio>
#include <string>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "gan/accounting.h"
#include "gan/rank_traffic.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/standard_streams.h"
#include "tools/lib/cli/text_table.h"
#include "tools/lib/model/layer_report.h"
#include "tools/lib/train/numerical_path.h"
#include "tools/lib/train/run_estimate.h"
#include "tools/lib/train/run_memory.h"
#include "tools/lib/train/training_data.h"

namespace pbgen {
namespace {

// How the figures came about, where they are not those of the run itself.
std::string how_estimated(const RunEstimate& estimate) {
  if (!estimate.scaled) return "";
  const TrainerOptions& measured = estimate.measured;
  const auto& g = measured.network.g_widths;
  return concat("        (scaled from ", estimate.iterations, " iterations of ", measured.network.size, "x", measured.network.size,
                " images, batch ", measured.batch, ", generator ", g[0], ",", g[1], ",", g[2], ",", g[3],
                ", by operations: the run itself would take longer to measure)\n");
}

// What a wait for all ranks takes a hop, beside the bytes: between machines of one rack by TCP.
constexpr double kLatencySeconds = 30e-6;

// The time of several ranks, and what they exchange.  seconds: an iteration of one rank's part of the batch.
void show_ranks(const RunPlan& plan, double seconds, std::int64_t iterations) {
  const RankTraffic traffic = rank_traffic(plan.config.trainer, plan.ranks);
  constexpr double kBitsAByte = 8.0;
  const double exchange = traffic_seconds(traffic, plan.ranks, plan.bandwidth * 1e9 / kBitsAByte, kLatencySeconds);
  const double all = seconds + exchange;
  std::printf("Ranks:  %d like this machine, %.4g Gbit/s from each: %.3f s an iteration, %.3f to compute %d images and at most %.3f\n"
              "        to exchange; %lld iterations: about %s. In an iteration each sends %s of gradients, %s of\n"
              "        weights and %s of statistics, and waits for the others %lld times\n",
              plan.ranks, plan.bandwidth, all, seconds, plan.config.trainer.batch / plan.ranks, exchange,
              static_cast<long long>(iterations),
              format_duration(all * static_cast<double>(iterations)).c_str(), format_bytes(traffic.gradients).c_str(),
              format_bytes(traffic.weights).c_str(), format_bytes(traffic.statistics).c_str(), static_cast<long long>(traffic.waits));
}

// One rank's part of the batch, as a run of its own.
TrainerOptions part_of_run(TrainerOptions options, int ranks) {
  options.batch /= ranks;
  options.shards /= ranks;
  return options;
}

}  // namespace

void show_plan(const RunPlan& plan) {
  const RunConfig& config = plan.config;
  const DataCount data = count_training_data(config);
  const TrainerOptions options = config.trainer;
  require_ranks_fit(options, plan.ranks);
  const RunMemory memory = run_memory(config, data.images, plan.ranks);
  say(stdout, "Would train in ", plan.run_path);
  std::printf("\n%s\n", printed_table(layer_report(layer_table(options.network))).c_str());
  std::printf("%s\n", kRedundancyMeaning);
  for (const std::string& remark : redundancy_remarks(options.network)) std::printf("%s\n", remark.c_str());

  std::printf("\nMemory: %s of parameters, gradients and moments, %s packed for the kernels, %s of activations and scratch\n",
              format_bytes(memory.training.weights).c_str(), format_bytes(memory.training.derived).c_str(),
              format_bytes(memory.training.activations).c_str());
  const std::string pixels = format_bytes(data.images * options.network.size * options.network.size * options.network.channels);
  const std::string source = config.data.folder.empty() ? "synthetic faces" : concat("images of ", config.data.folder);
  const std::string mapped = config.data.cache.empty() ? " (--cache would map them)" : concat(", mapped from ", config.data.cache);
  say(stdout, "        ", pixels, " of ", data.images, " ", source, config.data.folder.empty() ? "" : mapped);
  if (const std::string warning = require_memory(memory, memory_limits()); !warning.empty()) say(stdout, "        warning: ", warning);

  flush_output();  // measuring takes some seconds
  const RunEstimate estimate = estimate_run(part_of_run(options, plan.ranks));
  const char* const about = estimate.scaled ? "about " : "";
  const double seconds = estimate.iteration_seconds;
  const std::int64_t iterations = total_iterations(config, data.train);
  if (plan.ranks > 1) {
    show_ranks(plan, seconds, iterations);
    std::printf("%s", how_estimated(estimate).c_str());
    return;
  }
  const std::int64_t batches = data.train / config.trainer.batch;
  const double epochs = static_cast<double>(iterations * config.trainer.d_steps) / static_cast<double>(batches);
  std::printf("Time:   %s%.3f s an iteration (%.1f img/s) on %d thread%s, %s; "
              "%lld iterations (%.1f epochs of %lld images): about %s,\n"
              "        decoding, sampling and scoring not counted\n%s",
              about, seconds, static_cast<double>(images_per_iteration(config)) / seconds, thread_count(), thread_count() == 1 ? "" : "s",
              path_text(config, "").c_str(), static_cast<long long>(iterations), epochs, static_cast<long long>(data.train),
              format_duration(seconds * static_cast<double>(iterations)).c_str(), how_estimated(estimate).c_str());
}

}  // namespace pbgen
