#include "tools/lib/paper/paper_report.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/files/file.h"
#include "core/files/folder_lock.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/paper/experiment_folder.h"
#include "tools/lib/trials/run_trials.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxSectionBytes = 256 << 20;
constexpr const char* kSection = "section.html";
constexpr const char* kVerdicts = "verdicts";

// What of an experiment may differ from command to command.
std::string asked_for(const Experiment& experiment) {
  std::string letters;
  for (const std::string& letter : experiment.settings) letters += concat(letters.empty() ? "" : ", ", letter);
  return concat(" Asked for: Settings ", letters, " with ", experiment.seeds, experiment.seeds == 1 ? " seed" : " seeds",
                " each under dcgan, ", experiment.lsgan ? "one" : "none", " under lsgan.");
}

void make_piece(const Piece& piece, const Experiment& experiment, const TrialBook& book, const std::string& command) {
  say(stderr, piece.command);
  PieceFolder folder(experiment, piece.command);
  folder.page().heading(piece.title);
  piece.make(experiment, book, folder);
  const char* const threads = thread_count() == 1 ? " thread, " : " threads, ";
  folder.page().paragraph(concat("Files: ", piece.command, "/*.csv, *.svg and *.jpg.", piece.trials == nullptr ? "" : asked_for(experiment),
                                 " Made on ", cpu_name(), ", ", thread_count(), threads, name(isa()), " kernels, with:"),
                          "note");
  folder.page().code(command);
  folder.csv(kVerdicts, folder.verdicts());
  write_file_atomically(folder.path(kSection), folder.page().markup());
}

std::string widths_text(const std::array<int, 4>& widths) {
  std::string text;
  for (const int width : widths) text += concat(text.empty() ? "" : ", ", width);
  return text;
}

// Those whose section the folder holds.
std::vector<const Piece*> made_pieces(const Experiment& experiment) {
  std::vector<const Piece*> made;
  for (const Piece* const piece : pieces())
    if (std::filesystem::exists(concat(experiment.out, "/", piece->command, "/", kSection))) made.push_back(piece);
  return made;
}

// What a section judged: claim, verdict, here; no rows where it judged nothing.
Table verdicts_of(const Experiment& experiment, const Piece& piece) {
  return PieceFolder(experiment, piece.command).read_csv(kVerdicts);
}

// "holds 3, does not hold 1", in the order in which they occur; empty where nothing was judged.
std::string counted(const Table& verdicts) {
  std::vector<std::pair<std::string_view, int>> counts;
  for (std::size_t row = 0; row < verdicts.rows.size(); ++row) {
    const std::string_view verdict = verdicts.cell(row, 1);
    const auto known = std::find_if(counts.begin(), counts.end(), [&](const auto& count) { return count.first == verdict; });
    if (known == counts.end()) counts.emplace_back(verdict, 1);
    else ++known->second;
  }
  std::string text;
  for (const auto& [verdict, count] : counts) text += concat(text.empty() ? "" : ", ", verdict, " ", count);
  return text;
}

void add_contents(const Experiment& experiment, const std::vector<const Piece*>& made, Html& page) {
  std::vector<std::pair<std::string, std::string>> contents;
  for (const Piece* const piece : made) {
    const std::string counts = counted(verdicts_of(experiment, *piece));
    contents.emplace_back(piece->command, concat(piece->command, ": ", piece->title, counts.empty() ? "" : "; ", counts));
  }
  page.heading("Contents");
  page.contents(contents);
}

// Every claim that was judged, section by section.
void add_verdicts(const Experiment& experiment, const std::vector<const Piece*>& made, Html& page) {
  Table all{{"claim", "verdict", "here", "section"}, {}};
  for (const Piece* const piece : made)
    for (std::vector<std::string> row : verdicts_of(experiment, *piece).rows) {
      row.emplace_back(piece->command);
      all.rows.push_back(std::move(row));
    }
  if (all.rows.empty()) return;
  page.heading("What holds");
  page.paragraph(
      "Here: a ratio of means with its standard error, unless it says otherwise. A claim holds, or does not, where the difference is "
      "beyond two standard errors over the seeds.",
      "note");
  page.table(all);
}

// The header says only what claim_folder holds fast: the sections may come from other commands.
void write_report(const Experiment& experiment) {
  const NetworkConfig& network = experiment.network();
  const std::vector<const Piece*> made = made_pieces(experiment);
  Html page;
  page.heading("Binarizing Weights Wisely for Edge Intelligence, made again", 1);
  page.paragraph(
      "Each section makes one table or a few figures of the paper anew, from runs of train_gan that lie beside this file, and says "
      "whether the paper's claim holds here. Differences are judged by the spread over seeds; what was trained with one seed is an "
      "observation and no verdict. The command that made a section stands at its end.",
      "verdict");
  page.facts({{"scale", std::string(scale_name(experiment.scale))},
              {"images", concat(experiment.images, ", ", network.size, "x", network.size)},
              {"generator widths", widths_text(network.g_widths)},
              {"discriminator widths", widths_text(network.d_widths)},
              {"iterations a run", concat(experiment.iterations)}});
  page.paragraph(
      "Settings A to H say which layers hold one bit a weight (Table II; A: none, F: deconvolutions 1 to 3, H: those and the "
      "discriminator). SWD is the sliced Wasserstein distance of generated images from held-out ones, lower is better; its noise floor "
      "is that of two sets of real images. The degree of redundancy of a deconvolution is its input channels less its input pixels.",
      "note");
  add_contents(experiment, made, page);
  add_verdicts(experiment, made, page);
  for (const Piece* const piece : made) {
    page.begin_section(piece->command);
    page.append(read_text_file(concat(experiment.out, "/", piece->command, "/", kSection), kMaxSectionBytes));
    page.end_section();
  }
  write_file_atomically(experiment.out + "/report.html", html_page("PBGen: the paper, made again", page.markup()));
}

}  // namespace

std::vector<const Piece*> chosen_pieces(const std::string& name, Scale scale) {
  std::vector<const Piece*> chosen;
  std::string names;
  for (const Piece* const piece : pieces()) {
    if (name == piece->command || (name == "all" && (piece->in_all_at_laptop || scale != Scale::laptop))) chosen.push_back(piece);
    names += concat(", ", piece->command);
  }
  if (chosen.empty()) fail(ErrorKind::usage, "PIECE ", name, ": expected all", names);
  return chosen;
}

int run_pieces(const std::vector<const Piece*>& chosen, const Experiment& experiment, const std::string& command, bool train_only) {
  const auto begin = std::chrono::steady_clock::now();
  const FolderLock lock(experiment.out);
  claim_folder(experiment);
  const std::vector<Trial> trials = trials_of(chosen, experiment);
  auto results = run_trials(trials, {.folder = trials_folder(experiment), .cache = experiment.cache});
  if (!results) {
    std::printf("Stopped; the same command goes on.\n");
    return 128 + InterruptGuard::signal_received();
  }
  const double trained = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!train_only) {
    const TrialBook book(std::move(*results));
    for (const Piece* const piece : chosen) make_piece(*piece, experiment, book, command);
    write_report(experiment);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%zu trial%s in %s, pieces in %s\n", trials.size(), trials.size() == 1 ? "" : "s", format_duration(trained).c_str(),
              format_duration(seconds - trained).c_str());
  if (!train_only) say(stdout, "Report: ", experiment.out, "/report.html");
  return 0;
}

}  // namespace pbgen
