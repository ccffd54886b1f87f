// Trains a partially binarized GAN: ./tools/train_gan --help.
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/conv/conv_algorithm.h"
#include "core/files/file.h"
#include "core/files/folder_lock.h"
#include "core/files/json.h"
#include "gan/checkpoint.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/mpi/joined_ranks.h"
#include "tools/lib/runs/find_checkpoint.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/train/dry_run.h"
#include "tools/lib/train/numerical_path.h"
#include "tools/lib/train/run_identity.h"
#include "tools/lib/train/run_ranks.h"
#include "tools/lib/train/train_flags.h"
#include "tools/lib/train/training_run.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxConfigBytes = 1 << 20;

// How a new run is called: "g12-d234-dcgan-64".
std::string run_name(const RunConfig& config) {
  return concat(setting_name(config.network().binarized), "-", loss_name(config.trainer.loss), "-", config.network().size);
}

// What a checkpoint says of the run that goes on from it.
struct SavedRun {
  Json identity;
  std::optional<Isa> path;   // where it tells
  std::string former_paths;  // RunPlan's
  std::int64_t iteration = 0;
};

// One that has gone meanwhile was removed by whoever trains in that folder, who is then named.
SavedRun saved_run(const ResumePoint& point) {
  try {
    const Checkpoint checkpoint = Checkpoint::load(point.checkpoint);
    SavedRun saved;
    saved.identity = parse_json(checkpoint.note("options"), ErrorKind::model_file, point.checkpoint);
    saved.former_paths = checkpoint.note(kFormerPathsNote);
    saved.iteration = checkpoint.iteration();
    return saved;
  } catch (const Error& reason) {
    std::error_code error;
    if (reason.kind() == ErrorKind::input_output && !point.run_path.empty() && !std::filesystem::exists(point.checkpoint, error))
      static_cast<void>(FolderLock(point.run_path));
    throw;
  }
}

// Takes what the run had from its config.json, and what decides its bytes from the checkpoint itself, which it returns; whatever then
// differs was asked for on the command line.
SavedRun take_over(ArgumentParser& parser, const ResumePoint& point) {
  const std::string config_path = point.run_path + "/config.json";
  if (!point.run_path.empty() && std::filesystem::exists(config_path)) {
    parser.apply_config(parse_json(read_text_file(config_path, kMaxConfigBytes), ErrorKind::usage, config_path), config_path);
  }
  SavedRun saved = saved_run(point);
  apply_identity(parser, saved.identity, point.checkpoint);
  const Json* const path = saved.identity.find("isa");
  if (path != nullptr && path->is_string()) saved.path = isa_named(path->as_string());
  return saved;
}

// The path that the run takes from now on, which is then in force, and the paths that it had.
void choose_path(const ArgumentParser& parser, const SavedRun& saved, RunPlan& plan) {
  const bool resumes = !plan.resume_checkpoint.empty();
  IsaWishes wishes;
  wishes.recorded_in = resumes ? plan.resume_checkpoint : "--config";
  wishes.variable = isa_of_environment();
  wishes.older = resumes;
  if (parser.given_on_command_line("--isa")) wishes.flag = plan.config.isa;
  else wishes.recorded = plan.config.isa.path;
  const Isa chosen = chosen_isa(wishes);
  plan.former_paths = former_paths(saved.former_paths, saved.path, chosen, saved.iteration);
  plan.config.isa = {chosen};
  set_isa(chosen);
}

// --resume auto takes what there is: that it is nothing should not be found out by the end of the run.
void tell_of_new_run(const TrainFlags& flags, bool resumes, const std::string& looked_in, const std::string& run_path) {
  if (flags.resume == "auto" && !resumes)
    say(stderr, "--resume auto: no usable checkpoint in ", looked_in, "; a new run begins in ", run_path);
}

// What the ranks behind the first do, which take the plan from it.
int follow(const TrainFlags& flags, Ranks& ranks) {
  if (flags.threads > 0) set_thread_count(flags.threads);
  RunPlan plan;
  share_plan(ranks, plan);
  return run_training(plan, ranks);
}

int run(int argc, char** argv, JoinedRanks& joined) {
  TrainFlags flags;
  ArgumentParser parser("train_gan", "trains a generator of images whose layers are partly in one bit",
                        "Without arguments it trains the main job on synthetic faces: 64x64, one-bit layers in the generator (1, 2) and in "
                        "the discriminator (2-4), an average of the weights, a penalty on rough images, a narrower network than the "
                        "paper's; a few minutes on two cores.  Each run has a folder of its own with its configuration, log, samples, "
                        "checkpoints, a report.html and, for programs, scores.json.");
  declare_train_flags(parser, flags);
  parser.example("./tools/train_gan", "the main job on synthetic faces, a few minutes on two cores");
  parser.example("./tools/train_gan --data CELEBA --celeba --preset paper --cache ~/.cache/pbgen", "the paper's run in full precision");
  parser.example("./tools/train_gan --data PHOTOS --crop center:160 --setting F --gf-dim 32 --df-dim 32 --epochs 100",
                 "your own photographs");
  parser.example("mpirun -n 4 --bind-to none ./tools/train_gan --shards 4 --preset paper", "one run on four ranks (make MPI=1)");
  parser.example("./tools/train_gan --resume runs/g12-d234-dcgan-64-001 --iterations 7000", "go on where a run stopped");
  if (!parser.parse(argc, argv)) return 0;
  joined.set_patience(flags.mpi_timeout);
  Ranks& ranks = joined.ranks();
  require_same_program(ranks, argc, argv);
  if (ranks.rank() != 0) return flags.dry_run ? 0 : follow(flags, ranks);
  ResumePoint point;
  if (!flags.resume.empty()) point = find_resume_point(flags.resume, flags.out, run_name(run_config(parser, flags)));
  const bool resumes = !point.checkpoint.empty();
  const SavedRun saved = resumes ? take_over(parser, point) : SavedRun();
  RunPlan plan;
  plan.config = run_config(parser, flags);
  if (resumes) require_same_run(plan.config, saved.identity, point.checkpoint);
  // config.json says which checkpoint it was, for a run's newest one will be another some day.
  if (std::string& from = plan.config.init_from; !resumes && !from.empty()) from = named_checkpoint(from);
  if (flags.threads > 0) set_thread_count(flags.threads);
  set_conv_algorithm(plan.config.conv);

  plan.resume_checkpoint = point.checkpoint;
  choose_path(parser, saved, plan);
  plan.run_path = flags.out;
  if (plan.run_path.empty() && resumes) plan.run_path = point.run_path;
  std::error_code error;
  plan.in_place = resumes && !point.run_path.empty() &&
                  (plan.run_path == point.run_path || std::filesystem::equivalent(plan.run_path, point.run_path, error));
  plan.may_begin_again = flags.resume == "auto";
  plan.force = flags.force;
  plan.profile = flags.profile;
  plan.command = shell_command(argc, argv);
  plan.ranks = flags.ranks;
  plan.bandwidth = flags.bandwidth;
  const std::string name = run_name(plan.config);
  const std::string looked_in = flags.out.empty() ? concat("runs/", name, "-NNN") : flags.out;
  if (flags.dry_run) {
    if (plan.run_path.empty()) plan.run_path = RunDirectory::first_free(name);
    tell_of_new_run(flags, resumes, looked_in, plan.run_path);
    show_plan(plan);
    return 0;
  }
  const FolderLock lock = plan.run_path.empty() ? RunDirectory::lock_first_free(name) : FolderLock(plan.run_path);
  plan.run_path = lock.folder();
  tell_of_new_run(flags, resumes, looked_in, plan.run_path);
  share_plan(ranks, plan);
  return run_training(plan, ranks);
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  std::optional<pbgen::JoinedRanks> joined;
  const int code = pbgen::run_tool("train_gan", [&] {
    joined.emplace();
    return pbgen::run(argc, argv, *joined);
  });
  if (joined) joined->end(code);
  return code;
}
