#include "tools/lib/train/run_start.h"

#include <cstdio>
#include <string>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "gan/checkpoint.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/standard_streams.h"
#include "tools/lib/cli/text_table.h"
#include "tools/lib/model/layer_report.h"
#include "tools/lib/train/numerical_path.h"
#include "tools/lib/train/run_memory.h"
#include "tools/lib/train/run_ranks.h"

namespace pbgen {

RunDirectory claimed_folder(const RunPlan& plan) {
  if (plan.in_place) return RunDirectory::open(plan.run_path);
  if (plan.may_begin_again) return RunDirectory::create_or_begin_again(plan.run_path, plan.force);
  return RunDirectory::create(plan.run_path, plan.force);
}

TrainingData loaded_data(const RunConfig& config, int ranks) {
  if (const std::string warning = check_memory(config, ranks); !warning.empty()) say(stderr, "warning: ", warning);
  start_threads();
  return load_training_data(config);
}

void restore(const RunPlan& plan, const TrainingData& data, Trainer& trainer) {
  const bool resumes = !plan.resume_checkpoint.empty();
  const std::string& path = resumes ? plan.resume_checkpoint : plan.config.init_from;
  if (path.empty()) return;
  const Checkpoint checkpoint = Checkpoint::parse(shared_file(trainer.ranks(), path), path);
  if (!resumes) {
    checkpoint.restore_weights(trainer);
    trainer.distribute();
    return;
  }
  if (const std::string before = checkpoint.note("data"); before != data.fingerprint) {
    fail(ErrorKind::usage, plan.resume_checkpoint, ": was trained on other images (", before, ") than these (", data.fingerprint,
         "); name the same --data, or begin a new run with --init-from");
  }
  checkpoint.restore(trainer);
  trainer.distribute();
}

void announce(const RunPlan& plan, const RunDirectory& folder, const TrainingData& data, Trainer& trainer, std::int64_t total) {
  const NetworkConfig& network = trainer.options().network;
  say(stdout, folder.path(), ": Setting ", setting_name(network.binarized), ", ", loss_name(trainer.options().loss), ", ", network.size,
      "x", network.size, ", batch ", trainer.options().batch, ", ", total, " iterations",
      trainer.iteration() > 0 ? concat(" (from ", trainer.iteration(), ")") : "");
  say(stdout, data.summary, "; ", data.train.size(), " to train on, ", data.held_out.size(), " held out");
  const std::string path = path_text(plan.config, plan.former_paths);
  const int ranks = trainer.ranks().count();
  say(stdout, ranks > 1 ? concat(ranks, " ranks of ") : "", thread_count(), thread_count() == 1 ? " thread, " : " threads, ", path, ", ",
      cpu_name());
  std::printf("\n");
  std::fputs(printed_table(layer_report(layer_table(network))).c_str(), stdout);
  std::printf("%s\n", kRedundancyMeaning);
  for (const std::string& remark : redundancy_remarks(network)) std::printf("%s\n", remark.c_str());
  std::printf("\n");
  flush_output();
}

}  // namespace pbgen
