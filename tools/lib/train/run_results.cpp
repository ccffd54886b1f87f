#include "tools/lib/train/run_results.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "gan/settings.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/train/run_page.h"

namespace pbgen {
namespace {

// From so much of the real images' energy at the Nyquist frequencies on a lattice is seen.
constexpr double kVisibleLattice = 1.5;

// "" where there is none to see.  Longer training does not mend it, nor another initialisation (gan/PAPER.md).
std::string lattice_warning(const Score& generator, const char* reference, const TrainerOptions& training) {
  if (!(generator.lattice > kVisibleLattice)) return "";
  const bool first_in_one_bit = training.network.binarized.discriminator.contains(1);
  return concat("the generated images carry a lattice of dots two pixels apart: at the Nyquist frequencies they hold ",
                fixed_text(generator.lattice, 1), " times the energy of ", reference, training.smooth > 0.0 ? "" : "; none with --smooth 6",
                first_in_one_bit ? "; less with the discriminator's layer 1 in float (--setting inner)" : "");
}

void print_scores(const RunSummary& summary, const std::vector<std::string>& unseen) {
  std::printf("\nSliced Wasserstein distance, %lld images a set\n%s\n",
              static_cast<long long>(summary.scores->generator.num_images), kScoreWords);
  std::fputs(printed_table(score_table(score_columns(*summary.scores, summary.data))).c_str(), stdout);
  for (const std::string& line : unseen) std::printf("Beware: %s\n", line.c_str());
}

}  // namespace

void write_results(RunSummary summary, const RunRecorder& recorder, const FinalScorer& scorer) {
  summary.session_iterations = recorder.timed_iterations();
  summary.training_seconds = recorder.training_seconds();
  summary.rows = recorder.rows();
  summary.warnings = recorder.warnings();
  summary.samples = recorder.samples();
  summary.scores = scorer.scores();
  std::vector<std::string> unseen;
  if (summary.scores) {
    const char* const reference = summary.data.held_out.empty() ? "the training images" : "the held-out images";
    unseen = blind_spots(summary.scores->generator, reference, "the generated images");
    if (std::string lattice = lattice_warning(summary.scores->generator, reference, summary.plan.config.trainer); !lattice.empty())
      unseen.push_back(std::move(lattice));
    summary.warnings.insert(summary.warnings.end(), unseen.begin(), unseen.end());
  }
  const RunDirectory& folder = summary.folder;
  write_file_atomically(folder.report_path(), render_report(run_report(summary)));
  write_file_atomically(folder.scores_path(), scores_json(summary).text(2) + "\n");  // last of all

  if (summary.scores) print_scores(summary, unseen);
  std::printf("\n");
  const std::int64_t end = summary.iterations;
  say(stdout, "Trained for ", format_duration(summary.training_seconds), ". Samples: ",
      summary.plan.config.cadence.sample_every > 0 ? folder.sample_path(end) : "none (--sample-every 0)");
  say(stdout, "Checkpoint: ", folder.checkpoint_path(end));
  if (const auto& best = recorder.best(); best && best->iteration != end)
    say(stdout, "Best-scored: ", best->path, " (SWD ", fixed_text(best->swd, 4), "; generate and export take it with --best)");
  say(stdout, "Report: ", folder.report_path());
}

}  // namespace pbgen
