#include "tools/lib/trials/search_command.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/files/file.h"
#include "core/files/folder_lock.h"
#include "core/files/json.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/csv.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/standard_streams.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/train/train_flags.h"
#include "tools/lib/trials/claimed_folder.h"
#include "tools/lib/trials/run_trials.h"
#include "tools/lib/trials/search.h"
#include "tools/lib/trials/search_report.h"
#include "tools/lib/trials/trial_files.h"
#include "tools/lib/trials/trial_queue.h"
#include "tools/lib/trials/trial_state.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxSearchBytes = 1 << 20;
constexpr const char* kName = "search.json";

struct SearchFlags {
  TrainFlags train;
  bool search = true;
  double threshold = kDefaultThreshold;
  double discriminator_threshold = kDefaultDiscriminatorThreshold;
  int seeds = 1;
  bool with_linear = false;
  bool list = false;
  bool status = false;
  std::string trial;
};

void declare_search_flags(ArgumentParser& parser, SearchFlags& flags) {
  parser.section("Search");
  parser.add("--search", &flags.search, "this search, in place of plan's tables");
  parser.add("--threshold", &flags.threshold, "T",
             "the degradation at which the search stops: the mean SWD may grow to 1 + T times the baseline's.  With anything from 0.53 to "
             "9.1 the paper's own figures give the paper's choice, Setting F",
             in_range(0.0, 1e6));
  parser.add("--d-threshold", &flags.discriminator_threshold, "T",
             "the same for a layer of the discriminator, by the SWD at the finest level, where its harm shows, against the generator's "
             "chosen ones beside a float discriminator",
             in_range(0.0, 1e6));
  parser.add("--seeds", &flags.seeds, "N", "trials of each step, with seeds --seed, --seed + 1, ...; two at least tell how training varies",
             in_range(1, 1000));
  parser.add("--with-linear", &flags.with_linear,
             "the generator's linear layer has a place in the order, too: its redundancy is z_dim - 1 (the paper leaves it in float)");
  parser.add("--list", &flags.list,
             "of a search with --out: print a command for each trial that is to be trained before the next is decided, one a line, for a "
             "shell, on any machine that sees the folder; once they are done, list again, and let the search itself end it");
  parser.add("--trial", &flags.trial, "NAME", "train this one alone, unless it is done or another process is at it");
  parser.add("--status", &flags.status, "say which of the trials so far are done, running, stopped, failed or missing, and train none");
  flags.train.said.scoring.repeats = 3;
  flags.train.network.setting = Setting{};  // the search names the layers
  declare_train_flags(parser, flags.train);
  parser.option("--out").default_text("runs/search-NNN, the first free number; a search that is there goes on");
  for (const char* const name : {"--setting", "--binarize-g", "--binarize-d"})
    parser.option(name).withdraw("the search decides which layers are in one bit; leave it out");
  for (const char* const name : {"--resume", "--init-from", "--force"})
    parser.option(name).withdraw("a search goes on where its --out holds one, and its trials begin from scratch; leave it out");
  parser.option("--config").withdraw("a trial is known by its flags, and a file may be edited; give them on the command line");
  for (const char* const name : {"--dry-run", "--profile"}) parser.option(name).withdraw("is of single runs: train_gan");
  parser.example("./tools/plan --search --size 32 --gf-dim 16 --df-dim 16 --iterations 1000 --out runs/search",
                 "synthetic faces, a quarter of the paper's redundancies; the same command again goes on where it was stopped");
  parser.example("./tools/plan --search --data PHOTOS --crop center:160 --epochs 50 --seeds 3 --threshold 0.5",
                 "which layers bear it on your images");
}

// What the trials of a search have in common, by its search.json; nothing where that is not what we write.
std::optional<RunConfig> saved_training(const std::string& path) {
  try {
    const Json saved = parse_json(read_text_file(path, kMaxSearchBytes), ErrorKind::usage, path);
    const Json* const training = saved.find("training");
    if (training == nullptr || !training->is_array()) return std::nullopt;
    std::vector<std::string> arguments{"--setting", "A"};  // older files leave the layers out
    for (const Json& argument : training->as_array()) arguments.push_back(argument.is_string() ? argument.as_string() : argument.text());
    return run_config_of(arguments);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage) throw;
    return std::nullopt;
  }
}

// A search's folder is known by its search.json.
void claim_for_search(const std::string& folder, const SearchOptions& options) {
  Json arguments = Json::array();
  for (const std::string& argument : to_arguments(options.training)) arguments.push_back(argument);
  Json training = Json::object();
  training.set("training", std::move(arguments));
  if (claim_folder(folder, kName, training.text(2) + "\n", "no search")) return;
  if (saved_training(concat(folder, '/', kName)) != options.training)
    fail(ErrorKind::usage, folder, ": holds a search with other sizes, data or training (", kName, "); name another --out");
}

SearchOptions search_options(const ArgumentParser& parser, const SearchFlags& flags) {
  SearchOptions options;
  options.training = run_config(parser, flags.train);
  if (options.training.cadence.swd_every == 0) fail(ErrorKind::usage, "--swd-every 0: the search decides by the scores; leave it out");
  options.threshold = flags.threshold;
  options.discriminator_threshold = flags.discriminator_threshold;
  options.first_seed = options.training.trainer.seed;
  options.training.trainer.seed = RunConfig().trainer.seed;  // more seeds do not make it another search
  options.seeds = flags.seeds;
  options.with_linear = flags.with_linear;
  return options;
}

std::string order_text(const std::vector<SearchLayer>& order) {
  std::string layers;
  for (const SearchLayer& layer : order) layers += concat(layers.empty() ? "" : ", ", layer.number, " (", layer.redundancy, ")");
  return layers;
}

void announce(const SearchOptions& options, const std::string& out) {
  const std::vector<SearchLayer> generator = search_order(options.training.network(), options.with_linear);
  const std::vector<SearchLayer> discriminator = discriminator_search_order(options.training.network());
  // The baseline, both networks' layers, the generator's together, all together.
  const std::size_t most = (generator.size() + discriminator.size() + 3) * static_cast<std::size_t>(options.seeds);
  say(stdout, out, ": layers by their degree of redundancy: generator ", order_text(generator), "; discriminator ",
      order_text(discriminator), "; at most ", most, " trials");
  flush_output();
}

// So that the same search goes on, whichever folder it was given.
std::string command_with_folder(const ArgumentParser& parser, const std::string& out) {
  std::vector<std::string> arguments = {"--search"};
  for (std::string& argument : parser.arguments_but({"--search", "--out"})) arguments.push_back(std::move(argument));
  arguments.insert(arguments.end(), {"--out", out});
  return shell_command(called_tool("plan"), arguments);
}

// --list, --trial and --status: as far as the search comes with what is done.
int run_through_queue(const ArgumentParser& parser, const SearchFlags& flags, const SearchOptions& options) {
  if (flags.train.out.empty()) fail(ErrorKind::usage, "--list, --trial and --status: name the search's folder with --out");
  const std::string folder = flags.train.out + "/trials";
  std::vector<Trial> all;
  const auto as_far_as_done = [&](const std::vector<Trial>& step) -> std::optional<std::vector<TrialResult>> {
    all.insert(all.end(), step.begin(), step.end());
    std::vector<TrialResult> results;
    for (const Trial& trial : step) {
      const std::string trial_folder = concat(folder, '/', trial.name);
      if (state_of(trial, trial_folder) != TrialState::done) return std::nullopt;
      results.push_back(read_trial(trial_folder));
    }
    return results;
  };
  search_layers(options, as_far_as_done, [](const Search&) {});
  if (flags.list) {
    std::vector<std::string> command{called_tool("plan"), "--search"};
    for (std::string& argument : parser.arguments_but({"--search", "--list", "--trial"})) command.push_back(std::move(argument));
    list_trials(all, folder, command);
    return 0;
  }
  if (flags.status) {
    show_status(all, folder);
    return 0;
  }
  const Trial one = trial_named(all, flags.trial);
  claim_for_search(flags.train.out, options);
  return train_one(one, {.folder = folder});
}

void print_result(const Search& search, const SearchOptions& options, const std::string& out) {
  std::printf("\n%s\n", printed_table(search_table(search, options)).c_str());
  say(stdout, search_verdict(search, options));
  for (const std::string& caveat : search_caveats(search, options)) say(stdout, "Beware: ", caveat);
  say(stdout, "Report: ", out, "/report.html");
  say(stdout, strategy_flags(search));
}

}  // namespace

bool asks_for_search(int argc, const char* const* argv) {
  return std::any_of(argv + std::min(argc, 1), argv + argc, [](const char* word) { return std::string_view(word) == "--search"; });
}

int run_search(int argc, const char* const* argv) {
  SearchFlags flags;
  ArgumentParser parser(
      "plan --search", "which layers of a GAN bear one bit: the paper's Algorithm 1 with real training",
      "Trains the float baseline, then one layer of the generator at a time in one bit, in the order of the degree of redundancy, until "
      "one degrades the sliced Wasserstein distance beyond the threshold; the layers before it are chosen.  Then the same with the "
      "discriminator's layers, beside those, by the distance at the finest level and with a threshold of their own; then all that was "
      "chosen together.  The last line of the output is the strategy, as train_gan takes it.  OUT has search.json, by which the folder is "
      "known, "
      "search.csv, a row a trial, report.html, and the trials' own folders; a search that was stopped, or that is given more seeds or "
      "another threshold, trains only what is missing.\n"
      "The degradation is SWD / SWD of the baseline - 1, as in the paper's Table III.  It stands beside its standard error and the noise "
      "floor: a difference within the floor's own spread is no degradation, and where the threshold is within two standard errors the "
      "verdict says that it is not decided.\n"
      "Where the float baseline is not better than an untrained generator there is nothing to compare with: the search says so, ends "
      "after the baseline, and exits with 5, as where training diverges.\n"
      "The paper's pseudo-code is off by one: it leaves its loop with i at the first layer that failed, says `return i`, and then "
      "binarizes the first i - 1 layers.  So does this.");
  declare_search_flags(parser, flags);
  if (!parser.parse(argc, argv)) return 0;
  const SearchOptions options = search_options(parser, flags);
  if (flags.train.threads > 0) set_thread_count(flags.train.threads);
  const int through_queue = flags.list + flags.status + !flags.trial.empty();
  if (through_queue > 1) fail(ErrorKind::usage, "--list, --trial and --status: give one of them");
  if (through_queue == 1) return run_through_queue(parser, flags, options);
  const FolderLock lock = flags.train.out.empty() ? RunDirectory::lock_first_free("search") : FolderLock(flags.train.out);
  const std::string& out = lock.folder();
  claim_for_search(out, options);
  const std::string command = command_with_folder(parser, out);
  announce(options, out);

  const auto train = [&](const std::vector<Trial>& trials) { return run_trials(trials, {.folder = out + "/trials"}); };
  const auto after_step = [&](const Search& search) {
    write_file_atomically(out + "/search.csv", csv_text(search_csv(search, options)));
    write_file_atomically(out + "/report.html", search_report(search, options, from_any_folder(command)));
    if (search.complete) return;
    say(stdout, step_text(search, search.steps.back(), options));
    flush_output();
  };
  const Search search = search_layers(options, train, after_step);
  if (!search.no_answer.empty()) fail(ErrorKind::diverged, out, ": no answer: ", search.no_answer);
  if (!search.complete) {
    say(stdout, "Stopped; go on with: ", command);
    return 128 + InterruptGuard::signal_received();
  }
  print_result(search, options, out);
  return 0;
}

}  // namespace pbgen
