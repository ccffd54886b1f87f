// Makes the paper's tables and figures again: ./tools/paper --help.
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "gan/settings.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/paper/experiment_folder.h"
#include "tools/lib/paper/overrides.h"
#include "tools/lib/paper/paper_report.h"
#include "tools/lib/trials/trial_queue.h"

namespace pbgen {
namespace {

std::string description() {
  std::string text =
      "PIECE is `all`, `trials`, which trains what all need and makes none of them, or one of the pieces below. Each trains what it needs "
      "(with train_gan, several runs side by side), writes CSV files and plots to OUT/PIECE, and says whether the paper's claim holds; "
      "OUT/report.html gathers all pieces in one file. What is done is not done again: the same command goes on where it was stopped.\n";
  for (const Piece* const piece : pieces())
    text += concat("\n", piece->command, ": ", piece->summary, piece->in_all_at_laptop ? "" : " Not part of `all` at laptop scale.");
  return text;
}

constexpr const char* kTrials = "trials";

std::vector<std::string> piece_names() {
  std::vector<std::string> names{"all", kTrials};
  for (const Piece* const piece : pieces()) names.emplace_back(piece->command);
  return names;
}

int run(int argc, char** argv) {
  std::string piece;
  std::string scale_text = "laptop";
  std::string out;
  std::optional<int> seeds;
  std::vector<std::string> settings{"A", "B", "C", "D", "E", "F", "G", "H"};
  int threads = 0;
  bool lsgan = true;
  bool train_only = false;
  bool list = false;
  bool status = false;
  std::string trial;
  Overrides overrides;

  ArgumentParser parser("paper", "the paper's tables and figures, made again and judged", description());
  parser.positional("PIECE", &piece, "all, trials, or the name of a piece").suggest(piece_names());
  parser.section("How large");
  parser.add("--scale", &scale_text, "NAME",
             "paper: 64x64, the paper's widths, 25 epochs; laptop: 32x32, a quarter of the paper's widths (gf = df = 16: channels of the "
             "generator's last and the discriminator's first hidden layer) and redundancies; smoke: seconds, to see that everything runs",
             one_of({"paper", "laptop", "smoke"}));
  parser.add("--seeds", &seeds, "N", "runs under the dcgan loss of each of Settings A to H, and of layers 0 to 3; everything else has one",
             in_range(1, 100)).default_text("3 at laptop scale, else 1");
  parser.add("--settings", &settings, "A,..", "which of Settings A to H are trained",
             each(one_of({"A", "B", "C", "D", "E", "F", "G", "H"})))
      .default_text("all");
  parser.add("--no-lsgan", &lsgan, "leave out the runs of these settings under the second loss", false);
  parser.add("--out", &out, "DIR", "where everything goes").default_text("runs/paper-SCALE");
  parser.add("--threads", &threads, "N",
             "threads, shared out among the runs side by side, with --trial all of them its own; results do not depend on it",
             in_range(1, 1024))
      .default_text("what the machine grants");
  parser.add("--train-only", &train_only, "train what the pieces need and make none of them");
  parser.section("Through a queue (Slurm, GNU parallel, xargs)");
  parser.add("--list", &list,
             "print a command for each trial that is not done, one a line, and train none; a shell runs them in any order, several at "
             "once, on any machine that sees the same folders");
  parser.add("--trial", &trial, "NAME", "train this one alone, unless it is done or another process is at it");
  parser.add("--status", &status, "say which trials are done, running, stopped, failed or missing, and train none");
  overrides.declare(parser);
  parser.example("./tools/paper all", "the whole paper at laptop scale, on synthetic faces");
  parser.example("./tools/paper binarization-error", "Fig. 2 alone");
  parser.example("./tools/paper settings --scale paper --data CELEBA --celeba --cache ~/.cache/pbgen --out paper-celeba",
                 "the paper's own experiments, in days");
  parser.example("./tools/paper trials --threads 2 --list | xargs -d '\\n' -n 1 -P 8 sh -c",
                 "eight trials at a time, of two threads each");
  if (!parser.parse(argc, argv)) return 0;
  if (list + status + !trial.empty() > 1) fail(ErrorKind::usage, "--list, --trial and --status: give one of them");
  if (threads > 0) set_thread_count(threads);
  const Scale scale = parse_scale(scale_text);
  if (piece == kTrials) {
    piece = "all";
    train_only = true;
  }
  const std::vector<const Piece*> chosen = chosen_pieces(piece, scale);
  if (out.empty()) out = "runs/paper-" + scale_text;
  Experiment experiment = make_experiment(scale, out, seeds.value_or(scale == Scale::laptop ? 3 : 1), settings, overrides.arguments());
  experiment.lsgan = lsgan;
  experiment.cache = overrides.cache();
  if (list) {
    std::vector<std::string> command{called_tool("paper"), piece};
    for (std::string& argument : parser.arguments_but({"--list"})) command.push_back(std::move(argument));
    list_trials(trials_of(chosen, experiment), trials_folder(experiment), command);
    return 0;
  }
  if (status) {
    show_status(trials_of(chosen, experiment), trials_folder(experiment));
    return 0;
  }
  if (!trial.empty()) {
    const Trial one = trial_named(trials_of(chosen, experiment), trial);
    claim_folder(experiment);
    return train_one(one, {.folder = trials_folder(experiment), .cache = experiment.cache});
  }
  return run_pieces(chosen, experiment, from_any_folder(shell_command(argc, argv)), train_only);
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("paper", [&] { return pbgen::run(argc, argv); });
}
